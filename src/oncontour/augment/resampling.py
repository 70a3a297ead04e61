"""A sample on other points of its own grid: what spatial transforms share."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import torch
from torch import Tensor
from torch.nn import functional

from oncontour.augment.interface import Sample, Size

ROUNDING = 1e-6
"""Voxels by which a place may lie beyond a grid from rounding alone."""


def resample(sample: Sample, places: Tensor) -> Sample:
    """Interpolate linearly; beyond the sample there are zeros.

    Regions are interpolated as soft masks, and a region is where it has more than half of a voxel. Edges come out
    truer than by the nearest voxel (Dice with ellipsoids that were truly turned, by half their middle axis: 3 voxels
    .92 against .88, 1.5 voxels .81 against .77), but what is smaller shrinks: two thirds of single voxels vanish, an
    eighth by the nearest. Regions that exclude each other (labels of a softmax) share voxels out: the largest share
    wins, so that no hole opens where three meet. What was 0 in all channels at the nearest voxel, outside the brain,
    is 0.

    Args:
        places: (i, j, k, 3) of the wanted voxels, in voxels from the sample's centre.
    """
    grid = (places * (2 / torch.tensor(sample.image.shape[1:]))).flip(-1)
    inside = (sample.image.abs().amax(0, keepdim=True) > 0).float()
    image = _interpolate(sample.image, grid).mul_(_interpolate(inside, grid, "nearest"))
    return Sample(image, _resample_regions(sample.regions, places, grid))


def centre(sample: Sample, size: Size) -> Sample:
    """The middle of a sample, which is at least that large."""
    starts = [(whole - part) // 2 for whole, part in zip(sample.image.shape[1:], size, strict=True)]
    box = tuple(slice(start, start + part) for start, part in zip(starts, size, strict=True))
    return Sample(sample.image[:, *box], sample.regions[:, *box])


def widened(size: Size, reach: Sequence[float]) -> Size:
    """The smallest grid about the same centre, on the same voxels, that reaches so far.

    >>> widened((64, 64, 64), (31.5, 40.2, 20.0))
    (64, 82, 42)

    Args:
        size: of the grid wanted.
        reach: voxels from the centre, along each axis.
    """
    i, j, k = (n + 2 * ceil(far - (n - 1) / 2 - ROUNDING) for n, far in zip(size, reach, strict=True))
    return i, j, k


def _resample_regions(regions: Tensor, places: Tensor, grid: Tensor) -> Tensor:
    """Only the part of the patch that can hold a region is looked at."""
    out = regions.new_zeros((len(regions), *places.shape[:3]))
    together = regions.sum(0)
    box = _box(together)
    if box is None:
        return out
    near = torch.ones(places.shape[:3], dtype=torch.bool)
    for axis, (part, size) in enumerate(zip(box, together.shape, strict=True)):
        along = places[..., axis] + (size - 1) / 2
        near &= (along > part.start - 1) & (along < part.stop)
    box = _box(near)
    if box is not None:
        shares = _interpolate(regions, grid[box])
        exclusive = len(regions) > 1 and float(together.max()) <= 1
        out[:, *box] = (_largest(shares) if exclusive else shares > 0.5).float()
    return out


def _largest(shares: Tensor) -> Tensor:
    """Which of the volumes (R, i, j, k) has most of each voxel, where the background, 1 minus all, has less."""
    most, which = shares.max(0)
    which[most <= 1 - shares.sum(0)] = -1
    return which == torch.arange(len(shares))[:, None, None, None]


def _interpolate(volumes: Tensor, grid: Tensor, mode: str = "bilinear") -> Tensor:
    """Volumes (C, i, j, k) at the places of a grid (i, j, k, 3); those that are 0 everywhere cost nothing."""
    filled = [any(torch.aminmax(volume)) for volume in volumes]
    if all(filled):
        return functional.grid_sample(volumes[None], grid[None], mode, align_corners=False)[0]
    out = volumes.new_zeros((len(volumes), *grid.shape[:3]))
    if any(filled):
        out[filled] = _interpolate(volumes[filled], grid, mode)
    return out


def _box(volume: Tensor) -> tuple[slice, ...] | None:
    """The smallest box around what is above 0; None where nothing is."""
    sides = [volume.amax(others).nonzero() for others in ((1, 2), (0, 2), (0, 1))]
    if not len(sides[0]):
        return None
    return tuple(slice(int(side[0]), int(side[-1]) + 1) for side in sides)
