"""Metrics that count voxels in common, Dice and sensitivity: training watches what evaluation reports."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from oncontour.core.errors import GeometryError, ImageContentError


def dice(pred: ArrayLike, ref: ArrayLike) -> float:
    """Dice coefficient 2 |P and R| / (|P| + |R|), 0 to 1. Both empty: 1. One empty: 0.

    Args:
        pred: predicted mask, boolean (or 0 and 1), any shape.
        ref: reference mask of the same shape.

    Raises:
        GeometryError: the shapes differ.
        ImageContentError: a mask holds other values than 0 and 1.

    >>> dice([True, True, False], [True, False, False])
    0.6666666666666666
    >>> dice([False], [False]), dice([True], [False])
    (1.0, 0.0)
    """
    p, r = _masks(pred, ref)
    total = np.count_nonzero(p) + np.count_nonzero(r)
    return float(2 * np.count_nonzero(p & r) / total) if total else 1.0


def sensitivity(pred: ArrayLike, ref: ArrayLike) -> float:
    """Share of the reference that was found: |P and R| / |R|, 0 to 1.

    Both empty: 1. Reference empty, prediction not: 0. Arguments and errors as for `dice`.

    >>> sensitivity([True, True, False], [True, False, True])
    0.5
    >>> sensitivity([False], [False]), sensitivity([True], [False])
    (1.0, 0.0)
    """
    p, r = _masks(pred, ref)
    if not r.any():
        return 0.0 if p.any() else 1.0
    return float(np.count_nonzero(p & r) / np.count_nonzero(r))


def _masks(pred: ArrayLike, ref: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    p, r = _mask(pred, "prediction"), _mask(ref, "reference")
    if p.shape != r.shape:
        found = f"prediction {p.shape}, reference {r.shape}"
        raise GeometryError("metric", found, "masks of one shape", "Resample one mask to the grid of the other.")
    return p, r


def _mask(values: ArrayLike, name: str) -> NDArray[np.bool_]:
    array = np.asarray(values)
    if array.dtype == bool:
        return array
    mask = array.astype(bool)
    if not np.array_equal(array, mask):
        remedy = "Choose a region of the label map first, such as `label_map == 3`."
        raise ImageContentError(name, "values other than 0 and 1", "a boolean mask", remedy)
    return mask
