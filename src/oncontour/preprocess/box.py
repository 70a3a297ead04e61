"""The brain's bounding box, and the grids built on it."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from oncontour.core.grid import Grid
from oncontour.core.orientation import reorient_array
from oncontour.core.volume import Volume
from oncontour.preprocess.resample import resample

MARGIN_VOXELS = 10
"""Voxels around the brain in the working grid: room for a network's context and for the check of the brain's edge."""

ALIGNED_TOLERANCE = 1e-3
"""An affine whose columns differ less from the world axes and the wanted spacing, in mm, needs no interpolation."""

REGION_SPACING_MM = 2.0
"""Grid on which a mask is dilated: fine enough for a margin of several mm, 8 times cheaper than 1 mm."""


def _ends(mask: Volume) -> list[tuple[float, float]]:
    """First and last index along each axis; the whole array where the mask is empty."""
    ends = []
    for axis in range(3):
        hit = np.flatnonzero(mask.array.any(axis=tuple(n for n in range(3) if n != axis)))
        ends.append((float(hit[0]), float(hit[-1])) if hit.size else (0.0, mask.array.shape[axis] - 1.0))
    return ends


def box_corners(mask: Volume) -> NDArray[np.float64]:
    """(8, 3) world positions in mm of the corners of a mask's bounding box, which follows the mask's own axes."""
    return mask.grid.to_world(np.array(list(product(*_ends(mask)))))


def box_faces(mask: Volume) -> NDArray[np.float64]:
    """(6, 3) world positions in mm of the centres of the box's faces: where the brain touches its box.

    Agreement between images is stated here. The corners lie some 40 mm outside the brain.
    """
    ends = _ends(mask)
    middle = [(low + high) / 2.0 for low, high in ends]
    index = [[*middle[:axis], end, *middle[axis + 1 :]] for axis in range(3) for end in ends[axis]]
    return mask.grid.to_world(np.array(index))


def working_grid(reference: Grid, brain: Volume, spacing_mm: float = 1.0, margin: int = MARGIN_VOXELS) -> Grid:
    """World-aligned RAS grid around the brain.

    Where the reference already lies along the world axes at the wanted spacing, its own voxels are kept: the grid
    is an integer crop (of its flipped array), and resampling copies.

    Args:
        reference: native grid of the reference image.
        brain: bool mask, any grid, in the reference's world.
        spacing_mm: of the new grid, along all axes.
        margin: voxels around the brain.
    """
    mask = np.argwhere(_surface(brain.array))
    world = brain.grid.to_world(mask if mask.size else np.array(list(product(*_ends(brain)))))
    _, ras = reorient_array(np.empty(reference.shape, dtype=np.bool_), reference.affine)
    aligned = np.abs(ras[:3, :3] - np.eye(3) * spacing_mm).max() < ALIGNED_TOLERANCE
    phase = ras[:3, 3] if aligned else np.zeros(3)
    low = np.rint((world.min(axis=0) - phase) / spacing_mm).astype(int) - margin
    high = np.rint((world.max(axis=0) - phase) / spacing_mm).astype(int) + margin
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = phase + low * spacing_mm
    i, j, k = (high - low + 1).tolist()
    return Grid((i, j, k), affine)


def dilated(mask: Volume, margin_mm: float) -> Volume:
    """The mask and what lies within `margin_mm` of it, on a 2 mm world-aligned grid around it."""
    from scipy.ndimage import distance_transform_edt

    grid = working_grid(mask.grid, mask, REGION_SPACING_MM, margin=int(np.ceil(margin_mm / REGION_SPACING_MM)) + 1)
    inside = resample(mask, grid).array
    if margin_mm <= 0.0 or not inside.any():
        return Volume(inside, grid.affine)
    distance = np.asarray(distance_transform_edt(~inside)) * REGION_SPACING_MM
    return Volume(distance <= margin_mm, grid.affine)


def _surface(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Voxels that begin or end a run along the first axis: enough to bound the mask under any affine."""
    edge = mask.copy()
    edge[1:-1] &= ~(mask[:-2] & mask[2:])
    return edge
