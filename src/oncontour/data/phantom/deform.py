"""From one anatomy to a new head: mirror, rotate, scale, bend, and press aside what a tumour needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import bounding_box
from oncontour.data.phantom.anatomy import Anatomy
from oncontour.data.phantom.fields import Array, Box, SmoothField, draw_field
from oncontour.data.phantom.threads import in_threads

MARGIN_MM = 10.0
"""Room around the anatomy for its rotation and deformation."""

ROTATION_DEG = 6.0
"""Standard deviation of the rotation about each axis."""

SCALES = (0.88, 1.12)
"""Range of the scaling along each axis, for adults."""

BENDS = ((5, 3.5), (12, 1.0))
"""Knots along the longest axis and deviation in mm of each smooth deformation."""

_SLAB_VOXELS = 1 << 20
"""Voxels worked on at a time: what stays in a processor's cache."""


@dataclass(frozen=True, eq=False)
class Push:
    """A tumour that presses its neighbourhood outwards (mass effect).

    Args:
        centre: voxel index in the new grid.
        radius_mm: of the tumour.
        strength: displacement near it, as a share of the radius.
    """

    centre: NDArray[np.float64]
    radius_mm: float
    strength: float


@dataclass(frozen=True, eq=False)
class Deformation:
    """A new grid, and where each of its voxels comes from in the anatomy.

    Args:
        shape: of the new grid.
        spacing_mm: of the new grid, the same along each axis.
        mirrored: whether left and right of the anatomy are exchanged.
        matrix: (3, 4), new voxel index -> anatomy voxel index.
        midline: voxel position in the anatomy of the brain's middle, from left to right.
        bends: for each axis of the anatomy the smooth fields added to it, in mm.
        push: see `Push`.
    """

    shape: tuple[int, int, int]
    spacing_mm: float
    mirrored: bool
    matrix: NDArray[np.float64]
    midline: float
    bends: tuple[tuple[SmoothField, ...], ...]
    push: Push | None = None

    @property
    def affine(self) -> NDArray[np.float64]:
        """(4, 4), new voxel index -> RAS+ mm, centred on the world's origin."""
        affine = np.diag([self.spacing_mm] * 3 + [1.0])
        affine[:3, 3] = -self.spacing_mm * (np.array(self.shape) - 1) / 2
        return affine

    def with_push(self, push: Push) -> Deformation:
        """The same, around a tumour."""
        return replace(self, push=push)

    def with_bend(self, field: SmoothField) -> Deformation:
        """The same, bent once more along the anatomy's left-right axis."""
        return replace(self, bends=((*self.bends[0], field), *self.bends[1:]))

    def lateral_mm(self, index: Array) -> Array:
        """Distance of voxels (..., 3) of the new grid from the midline, in the anatomy's mm and along its x."""
        return index @ self.matrix[0, :3] + (self.matrix[0, 3] - self.midline)

    def places(self, box: Box) -> list[Array]:
        """Fractional voxel positions in the anatomy of the voxels of a box (steps allowed), one array an axis."""
        index = [
            np.arange(size, dtype=np.float32)[part].reshape([-1 if n == axis else 1 for n in range(3)])
            for axis, (size, part) in enumerate(zip(self.shape, box, strict=True))
        ]
        moved = [offset * np.float32(1) for offset in index]
        if self.push is not None:
            offsets = [index[n] - np.float32(self.push.centre[n]) for n in range(3)]
            square = (offsets[0] ** 2 + offsets[1] ** 2 + offsets[2] ** 2) * np.float32(self.spacing_mm**2)
            push = np.exp(square * np.float32(-0.25 / self.push.radius_mm**2))
            push *= np.float32(self.push.strength * self.push.radius_mm)
            push /= np.sqrt(square) + np.float32(1e-3)
            moved = [index[n] - offsets[n] * push for n in range(3)]
        rows = self.matrix.astype(np.float32)
        found = []
        for row, bends in zip(rows, self.bends, strict=True):
            place = bends[0].on(box)
            for bend in bends[1:]:
                place += bend.on(box)
            for n in range(3):
                place += row[n] * moved[n]
            place += row[3]
            found.append(place)
        return found

    def sample(self, anatomy: Anatomy, threads: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Tissues and depth in mm (0 outside the brain) of the anatomy on the new grid; the nearest voxel's."""
        tissues, depth = np.empty(self.shape, np.uint8), np.empty(self.shape, np.uint8)

        def fill(slab: tuple[int, int]) -> None:
            part = slice(*slab)
            where = _flat_index(anatomy.tissues.shape, self.places((part, slice(None), slice(None))))
            tissues[part] = _gather(anatomy.tissues, where)
            depth[part] = _gather(anatomy.depth, where)

        in_threads(fill, self._slabs(), threads)
        return tissues, depth

    def sample_coarsely(self, anatomy: Anatomy, step: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The same at every `step`-th voxel."""
        coarse = slice(None, None, step)
        where = _flat_index(anatomy.tissues.shape, self.places((coarse, coarse, coarse)))
        return _gather(anatomy.tissues, where), _gather(anatomy.depth, where)

    def _slabs(self) -> Iterator[tuple[int, int]]:
        thickness = max(1, _SLAB_VOXELS // (self.shape[1] * self.shape[2]))
        for start in range(0, self.shape[0], thickness):
            yield start, min(start + thickness, self.shape[0])


def _flat_index(shape: tuple[int, ...], places: list[Array]) -> NDArray[np.int32]:
    """Index into the flattened array of the nearest voxel; -1 outside."""
    flat = np.zeros(places[0].shape, np.int32)
    outside = np.zeros(places[0].shape, bool)
    for place, size in zip(places, shape, strict=True):
        nearest = np.rint(place).astype(np.int32)
        outside |= nearest.view(np.uint32) >= np.uint32(size)  # below 0 is far above as unsigned
        flat *= size
        flat += nearest
    flat[outside] = -1
    return flat


def _gather(values: NDArray[np.uint8], where: NDArray[np.int32]) -> NDArray[np.uint8]:
    found = values.ravel()[where]
    found[where < 0] = 0
    return found


def rotation(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) rotation about the three axes in turn; angles in radians.

    >>> rotation(np.array([0.0, 0.0, np.pi / 2])).round(6).tolist()
    [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        turn = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn[[a, b], [a, b]] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    return matrix


def draw_deformation(
    rng: np.random.Generator, anatomy: Anatomy, spacing_mm: float, skull: bool, scales: tuple[float, float] = SCALES
) -> Deformation:
    """Draw a mirroring, a rotation, a scaling and bends of a few mm.

    Args:
        skull: whether the grid holds the whole head, or the brain alone.
        scales: range of the scaling along each axis.
    """
    mirrored = bool(rng.random() < 0.5)  # a mirrored head is another head
    box = bounding_box(anatomy.tissues > 0 if skull else anatomy.brain)
    assert box is not None, "an anatomy has a brain"  # `from_labels` refuses one without
    centre = np.array([(part.start + part.stop - 1) / 2 for part in box])
    extent = np.array([part.stop - part.start for part in box])
    scale = rng.uniform(*scales, 3)
    sizes = np.ceil((extent * scale + 2 * MARGIN_MM) / spacing_mm).astype(int)
    shape = (int(sizes[0]), int(sizes[1]), int(sizes[2]))
    turn = rotation(np.deg2rad(rng.normal(0, ROTATION_DEG, 3))) / scale[:, None] * spacing_mm
    if mirrored:
        turn[0] *= -1
    matrix = np.hstack([turn, (centre - turn @ ((np.array(shape) - 1) / 2))[:, None]])
    bends = tuple(tuple(draw_field(rng, shape, waves, size) for waves, size in BENDS) for _ in range(3))
    return Deformation(shape, spacing_mm, mirrored, matrix, anatomy.midline, bends)
