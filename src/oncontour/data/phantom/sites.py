"""Where tumours start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.anatomy import GREY_MATTER, INFRATENTORIAL, WHITE_MATTER, Anatomy, Tissue, among
from oncontour.data.phantom.deform import Deformation
from oncontour.data.phantom.fields import Array

COARSE_MM = 3.0
"""Places for tumours are chosen on a grid this coarse."""

INSIDE_MM = 6
"""Tumours start at least this deep in the brain."""

CORTEX_MM = 4
"""Those of the cortex at most this deep."""

BESIDE_VENTRICLE = 0.5
"""Share of the tumours of a ventricle that start in its wall rather than within."""


def coarse_step(spacing_mm: float) -> int:
    """Every how many voxels a place lies."""
    return max(1, round(COARSE_MM / spacing_mm))


@dataclass(frozen=True, eq=False)
class Sites:
    """A head, sampled coarsely.

    Args:
        tissues, depth: (i, j, k); depth in mm below the brain's surface, 0 outside.
        lateral_mm: (i, j, k) distance from the midline, positive where the anatomy's own x is larger.
        step: voxels of the fine grid to one of this.
        shape: of the fine grid.
    """

    tissues: NDArray[np.uint8]
    depth: NDArray[np.uint8]
    lateral_mm: Array
    step: int
    shape: tuple[int, int, int]

    def coarse(self, point: NDArray[np.float64]) -> tuple[int, int, int]:
        """The coarse index of a voxel of the fine grid."""
        i, j, k = np.minimum(np.rint(point / self.step).astype(int), np.array(self.tissues.shape) - 1)
        return int(i), int(j), int(k)

    def anywhere(self, rng: np.random.Generator, weight: NDArray) -> NDArray[np.float64]:
        """A voxel index of the fine grid, drawn by a weight."""
        cumulative = np.cumsum(weight.ravel(), dtype=np.float64)
        flat = min(int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right")), weight.size - 1)
        index = np.array(np.unravel_index(flat, weight.shape)) * self.step + rng.integers(0, self.step, 3)
        return np.minimum(index, np.array(self.shape) - 1).astype(float)

    def start(self, rng: np.random.Generator, infratentorial: float | None) -> NDArray[np.float64]:
        """Where a tumour starts: mostly in white matter, not near the surface.

        Args:
            infratentorial: share that start in cerebellum or brainstem; None: wherever white matter is.
        """
        place = (among(self.tissues, WHITE_MATTER) + 0.2) * (self.depth > INSIDE_MM)
        if infratentorial is not None:
            below = among(self.tissues, INFRATENTORIAL)
            for where, share in ((below, infratentorial), (~below, 1 - infratentorial)):
                place[where] *= share / max(place[where].sum(), 1e-9)
        return self.anywhere(rng, place)

    def nearest(
        self, rng: np.random.Generator, mask: NDArray[np.bool_], point: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The place of a mask nearest to a point, roughly; the point itself where the mask is empty."""
        places = np.argwhere(mask) * float(self.step)
        if not len(places):
            return point
        distance = np.linalg.norm(places - point, axis=1) * rng.uniform(0.7, 1.3, len(places))
        return places[int(np.argmin(distance))]

    def cortex(self, rng: np.random.Generator, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """The nearest place in the cortex, at the surface."""
        return self.nearest(rng, among(self.tissues, GREY_MATTER) & (self.depth > 0) & (self.depth <= CORTEX_MM), point)

    def ventricle(self, rng: np.random.Generator, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """The nearest place within a ventricle or in its wall."""
        inside = self.tissues == Tissue.VENTRICLE
        if rng.random() >= BESIDE_VENTRICLE:
            return self.nearest(rng, inside, point)
        wall = np.zeros_like(inside)
        for axis in range(3):
            wall |= np.roll(inside, 1, axis) | np.roll(inside, -1, axis)
        return self.nearest(rng, wall & ~inside & among(self.tissues, WHITE_MATTER), point)


def sites_before(deformation: Deformation, anatomy: Anatomy) -> Sites:
    """The places of a head that is not sampled yet."""
    step = coarse_step(deformation.spacing_mm)
    tissues, depth = deformation.sample_coarsely(anatomy, step)
    return _sites(deformation, tissues, depth, step)


def sites_of(deformation: Deformation, tissues: NDArray[np.uint8], depth: NDArray[np.uint8]) -> Sites:
    """The places of a head, of its tissues and depth on the fine grid."""
    step = coarse_step(deformation.spacing_mm)
    every = (slice(None, None, step),) * 3
    return _sites(deformation, tissues[every], depth[every], step)


def _sites(deformation: Deformation, tissues: NDArray[np.uint8], depth: NDArray[np.uint8], step: int) -> Sites:
    index = np.moveaxis(np.indices(tissues.shape), 0, -1) * float(step)
    return Sites(tissues, depth, deformation.lateral_mm(index), step, deformation.shape)
