"""Surfaces of two masks, and how far each point of one lies from the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from oncontour.core.box import joint_box
from oncontour.core.errors import GeometryError
from oncontour.core.overlap import as_masks
from oncontour.evaluate.metrics.nearest import distances_between


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Distances in mm between the surface voxels of two masks; both arrays are empty where a mask is.

    A surface voxel is one of the mask with a neighbour outside it across a face; beyond the image is outside.

    Args:
        pred_to_ref: of each surface voxel of the prediction, the way to the nearest of the reference.
        ref_to_pred: the other way round.
        pred_empty, ref_empty: whether a mask has no voxel.
    """

    pred_to_ref: NDArray[np.floating]
    ref_to_pred: NDArray[np.floating]
    pred_empty: bool
    ref_empty: bool

    @property
    def undefined(self) -> float | None:
        """What any distance is where a mask is empty, see `of_empty`; None where none is."""
        return of_empty(self.pred_empty, self.ref_empty)


def of_empty(pred_empty: bool, ref_empty: bool) -> float | None:
    """A distance where a mask is empty: 0 where both are, NaN where one is; None where none is."""
    if pred_empty and ref_empty:
        return 0.0
    return float("nan") if pred_empty or ref_empty else None


def surface_distances(pred: ArrayLike, ref: ArrayLike, spacing: Sequence[float]) -> SurfaceDistances:
    """Measure the surfaces of two masks against each other.

    Args:
        pred: predicted mask (i, j, k), boolean (or 0 and 1).
        ref: reference mask of the same shape.
        spacing: mm along each axis.

    Raises:
        GeometryError: the shapes differ, are not of three axes, or a spacing is not a positive number.
        ImageContentError: a mask holds other values than 0 and 1.
    """
    return measured(*checked_masks(pred, ref, spacing), spacing)


def measured(pred: NDArray[np.bool_], ref: NDArray[np.bool_], spacing: Sequence[float]) -> SurfaceDistances:
    """`surface_distances` of masks that were checked."""
    box = joint_box(pred, ref)
    p, r = (pred[box], ref[box]) if box else (pred, ref)
    if not (p.any() and r.any()):
        none = np.empty(0)
        return SurfaceDistances(none, none, not p.any(), not r.any())
    return SurfaceDistances(*distances_between(surface(p), surface(r), spacing), pred_empty=False, ref_empty=False)


def surface(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The voxels of a mask (i, j, k) with a neighbour outside it across a face; beyond the array is outside."""
    padded = np.pad(mask, 1)
    flat = padded.ravel()
    inner = flat.copy()
    for step in (1, padded.shape[2], padded.shape[1] * padded.shape[2]):  # Every row ends in zeros.
        inner[step:] &= flat[:-step]
        inner[:-step] &= flat[step:]
    inner ^= flat
    return inner.reshape(padded.shape)[1:-1, 1:-1, 1:-1]


def checked_masks(
    pred: ArrayLike, ref: ArrayLike, spacing: Sequence[float]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two boolean volumes of one shape; errors as for `surface_distances`."""
    p, r = as_masks(pred, ref)
    if p.ndim != 3:
        raise GeometryError("metric", f"masks of shape {p.shape}", "three axes", "Give volumes (i, j, k).")
    if len(spacing) != 3 or not all(np.isfinite(one) and one > 0 for one in spacing):
        raise GeometryError("metric", f"spacing {tuple(spacing)}", "three positive numbers", "Give mm of each axis.")
    return p, r
