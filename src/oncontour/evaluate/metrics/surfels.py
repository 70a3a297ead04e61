"""Surfaces as small patches with areas, as BraTS 2023 measures its Hausdorff distance (DeepMind's surface-distance).

A patch ("surfel") lies between eight voxels of which some, not all, belong to the mask; marching cubes tell its area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import joint_box
from oncontour.evaluate.metrics.nearest import distances_between
from oncontour.evaluate.metrics.surfaces import of_empty

ALL = 255
"""The code of eight voxels that all belong to the mask."""


@dataclass(frozen=True, eq=False)
class Surfels:
    """One mask's patches, by their distance from the other mask's.

    Args:
        distances: mm, ascending.
        areas: mm2 of each.
    """

    distances: NDArray[np.floating]
    areas: NDArray[np.float64]

    def percentile(self, percent: float) -> float:
        """The distance, mm, within which so many percent of the surface lie."""
        share = np.cumsum(self.areas) / self.areas.sum()
        index = int(np.searchsorted(share, percent / 100))
        return float(self.distances[min(index, len(self.distances) - 1)])

    def within(self, tolerance_mm: float) -> float:
        """Area, mm2, no farther than that."""
        return float(self.areas[self.distances <= tolerance_mm].sum())


@dataclass(frozen=True, eq=False)
class Patches:
    """Both masks' patches; none at all where a mask is empty.

    Args:
        pred, ref: of the prediction and of the reference.
        pred_empty, ref_empty: whether a mask has no voxel.
    """

    pred: Surfels
    ref: Surfels
    pred_empty: bool
    ref_empty: bool

    def percentile(self, percent: float) -> float:
        """Larger of the two surfaces' percentiles, mm. Both masks empty: 0. One empty: NaN."""
        nothing = of_empty(self.pred_empty, self.ref_empty)
        return max(self.pred.percentile(percent), self.ref.percentile(percent)) if nothing is None else nothing

    def share_within(self, tolerance_mm: float) -> float:
        """Share of both surfaces' area no farther than that from the other. Both masks empty: 1. One empty: 0."""
        if of_empty(self.pred_empty, self.ref_empty) is not None:
            return float(self.pred_empty and self.ref_empty)
        area = float(self.pred.areas.sum() + self.ref.areas.sum())
        return (self.pred.within(tolerance_mm) + self.ref.within(tolerance_mm)) / area


def surfels(pred: NDArray[np.bool_], ref: NDArray[np.bool_], spacing: Sequence[float]) -> Patches:
    """Patches of two masks' surfaces.

    Args:
        pred, ref: (i, j, k).
        spacing: mm along each axis.
    """
    box = joint_box(pred, ref)
    if box is None or not (pred[box].any() and ref[box].any()):
        none = Surfels(np.empty(0), np.empty(0))
        return Patches(none, none, not pred.any(), not ref.any())
    codes = _codes(pred[box]), _codes(ref[box])
    borders = [(code > 0) & (code < ALL) for code in codes]
    areas = _areas(tuple(float(one) for one in spacing))
    apart = distances_between(borders[0], borders[1], spacing)
    p, r = (_sorted(apart[one], areas[codes[one][borders[one]]]) for one in (0, 1))
    return Patches(p, r, pred_empty=False, ref_empty=False)


def _sorted(distances: NDArray[np.floating], areas: NDArray[np.float64]) -> Surfels:
    order = np.argsort(distances, kind="stable")
    return Surfels(distances[order], areas[order])


def _codes(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Of every corner between voxels, which of the eight around it belong to the mask, a bit each."""
    padded = np.pad(mask, 1).view(np.uint8)
    shape = [size + 1 for size in mask.shape]
    codes = np.zeros(shape, np.uint8)
    for bit, offset in enumerate(np.ndindex(2, 2, 2)):
        place = tuple(slice(start, start + size) for start, size in zip(offset, shape, strict=True))
        codes |= padded[place] << (7 - bit)
    return codes


@lru_cache(maxsize=64)
def _areas(spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """Area in mm2 of the patch that belongs to each code."""
    from surface_distance.lookup_tables import create_table_neighbour_code_to_surface_area

    return create_table_neighbour_code_to_surface_area(spacing)
