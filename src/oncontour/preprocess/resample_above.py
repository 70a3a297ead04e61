"""Bring probabilities onto another grid where they can exceed a threshold: a tumour is a small part of a head."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import ceil

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import Box, bounding_box, widened
from oncontour.core.grid import Grid
from oncontour.preprocess.resample import BLUR_REACH, blur_sigmas, index_map, resample_channels

NOWHERE: Box = (slice(0, 1), slice(0, 1), slice(0, 1))


def resample_above(
    probabilities: NDArray[np.floating], source: Grid, grid: Grid, thresholds: Sequence[float]
) -> tuple[Box, NDArray[np.float32]]:
    """The part of `grid` outside of which no channel that has a threshold exceeds it, and the probabilities there.

    They are those of `resample_channels`, clipped to 0 to 1 (interpolation rounds to 1.0000001), where they are above
    the thresholds; values below may differ at the part's rim. NaN counts as above.

    Args:
        probabilities: (C, i, j, k), 0 to 1.
        source: their grid.
        grid: where they are to be sampled.
        thresholds: of the first channels; the others are sampled in the same part.

    Returns:
        Slices of `grid`, and (C, i, j, k) of that part. Where nothing is above, a part of one voxel, all zeros.
    """
    above = np.zeros(source.shape, bool)
    for channel, threshold in zip(probabilities, thresholds, strict=False):
        above |= ~(channel <= threshold)
    box, blur = bounding_box(above), ceil(BLUR_REACH * max(blur_sigmas(index_map(source, grid))))
    part = _seen(widened(box, blur), index_map(grid, source), grid.shape) if box else None
    if box is None or part is None:
        return NOWHERE, np.zeros((len(probabilities), 1, 1, 1), np.float32)
    cut = widened(box, 2 * blur + 2)  # Blurred as the whole is, one voxel further than is interpolated between.
    shape = tuple(side.stop - side.start for side in part)
    found = np.empty((len(probabilities), *shape), np.float32)
    channels = resample_channels(probabilities[(slice(None), *cut)], _cropped(source, cut), _cropped(grid, part))
    for n, channel in enumerate(channels):
        np.clip(channel, 0.0, 1.0, out=found[n])
    return part, found


def _seen(box: Box, matrix: NDArray[np.float64], shape: tuple[int, int, int]) -> Box | None:
    """The part of a grid that interpolates between voxels of a box; None where that lies outside.

    Args:
        matrix: (4, 4), from the box's index to the grid's.
    """
    corners = np.array(list(product(*((side.start - 1.0, float(side.stop)) for side in box))))
    at = corners @ matrix[:3, :3].T + matrix[:3, 3]
    low = np.maximum(np.floor(at.min(0)), 0).astype(int)
    high = np.minimum(np.ceil(at.max(0)) + 1, shape).astype(int)
    if (high <= low).any():
        return None
    i, j, k = (slice(int(first), int(last)) for first, last in zip(low, high, strict=True))
    return i, j, k


def _cropped(grid: Grid, box: Box) -> Grid:
    shape = tuple(min(side.stop, size) - side.start for side, size in zip(box, grid.shape, strict=True))
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_world(np.array([float(side.start) for side in box]))
    return Grid(shape, affine)
