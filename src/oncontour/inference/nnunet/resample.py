"""Resampling exactly as nnU-Net does it: splines on the edges of voxels, thick slices apart.

nnU-Net asks scikit-image, which asks scipy: `zoom` with `grid_mode` (voxels are cells, not points), the edge continued,
the result cut to the input's range. Where voxels are more than three times as long along one axis, slices are resampled
one by one, and along that axis the nearest slice is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, zoom

ANISOTROPIC = 3.0
"""Longest over shortest edge of a voxel above which slices are resampled apart."""

Spacing = Sequence[float]


def resampled_shape(shape: Sequence[int], before: Spacing, after: Spacing) -> tuple[int, ...]:
    """Voxels along each axis after a change of spacing in mm.

    >>> resampled_shape((240, 240, 155), (1, 1, 1), (0.5, 2, 1))
    (480, 120, 155)
    """
    return tuple(round(old / new * size) for old, new, size in zip(before, after, shape, strict=True))


def slice_axis(before: Spacing, after: Spacing, separate: bool | None = None) -> int | None:
    """The axis along which slices are resampled apart; None where all axes are resampled together.

    Args:
        before, after: spacing in mm.
        separate: None: decide by the spacing before, else by that after.

    >>> slice_axis((1, 1, 5), (1, 1, 1))
    2
    >>> slice_axis((5, 5, 1), (1, 1, 1)) is None
    True
    """
    for spacing in (before, after):
        if separate or (separate is None and max(spacing) / min(spacing) > ANISOTROPIC):
            longest = [axis for axis, mm in enumerate(spacing) if mm == max(spacing)]
            return longest[0] if len(longest) == 1 else None
    return None


def resample(array: NDArray, shape: tuple[int, ...], across: int | None, order: int) -> NDArray:
    """An image (C, i, j, k) with another number of voxels over the same extent; of the same type.

    Args:
        across: axis along which slices are resampled apart, or None.
        order: of the spline, 0 to 5.
    """
    if array.shape[1:] == shape:
        return array
    done = [_by_slices(channel, shape, across, lambda part, size: _spline(part, size, order)) for channel in array]
    return np.stack(done).astype(array.dtype)


def resample_labels(labels: NDArray, shape: tuple[int, ...], across: int | None, order: int) -> NDArray:
    """A label map (i, j, k) likewise: each label's mask is interpolated, and the largest takes the voxel.

    Where two are equally large, the label of the nearest voxel does, if it is one of them, else the smallest.
    """
    if labels.shape == shape:
        return labels
    return _by_slices(labels, shape, across, lambda part, size: _largest(part, size, order)).astype(labels.dtype)


def _by_slices(
    array: NDArray, shape: tuple[int, ...], across: int | None, resize: Callable[[NDArray, tuple[int, ...]], NDArray]
) -> NDArray:
    if across is None:
        return resize(array, shape)
    flat = shape[:across] + shape[across + 1 :]
    slices = np.stack([resize(part, flat) for part in np.moveaxis(array, across, 0)], axis=across)
    return slices.take(_nearest(array.shape[across], shape[across]), axis=across)


def _nearest(size: int, wanted: int) -> NDArray[np.int_]:
    """Which of `size` slices lies nearest to each of `wanted` over the same extent."""
    places = size / wanted * (np.arange(wanted) + 0.5) - 0.5
    return map_coordinates(np.arange(size, dtype=float), places[None], order=0, mode="nearest").astype(int)


def _spline(array: NDArray, shape: tuple[int, ...], order: int) -> NDArray[np.float64]:
    if array.shape == shape:
        return array.astype(np.float64)
    array = array.astype(np.float64)
    factors = [1 / (size / wanted) for size, wanted in zip(array.shape, shape, strict=True)]
    return np.clip(zoom(array, factors, order=order, mode="nearest", grid_mode=True), array.min(), array.max())


def _largest(labels: NDArray, shape: tuple[int, ...], order: int) -> NDArray:
    values = np.unique(labels)
    if order == 0 or len(values) == 1:
        return _spline(labels, shape, 0)
    nearest = _spline(labels, shape, 0)
    best = np.full(shape, -np.inf)
    taken = np.zeros(shape, labels.dtype)
    for value in values:
        share = _spline(labels == value, shape, order)
        wins = (share > best) | ((share == best) & (nearest == value))
        best, taken = np.maximum(share, best), np.where(wins, value, taken)
    return taken
