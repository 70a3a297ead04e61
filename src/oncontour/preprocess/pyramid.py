"""An image at several resolutions, ready to be sampled anywhere in the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.grid import Grid
from oncontour.core.volume import Volume
from oncontour.preprocess.resample import resample

if TYPE_CHECKING:
    from torch import Tensor

LEVELS_MM = (8.0, 4.0, 1.5)
"""Spacing of the pyramid. Finest at 2 mm, two real sequences came out 0.2 mm farther apart; at 1 mm, none nearer."""

FOREGROUND_SHARE = 0.15
"""Foreground is what exceeds the darkest value by this share of the way to the 98th percentile."""

BRIGHTEST_PERCENTILE = 99.0
"""Of the foreground; brighter voxels (vessels, fat) share the last bin, so that the brain fills the others."""


@dataclass(frozen=True)
class Level:
    """One image at one resolution.

    Args:
        image: (1, 1, k, j, i) tensor of intensities in [0, 1].
        to_unit: (4, 4) world in mm -> torch's sampling coordinates (i, j, k), -1 to 1 from first to last centre.
        grid: where it lies.
    """

    image: Tensor
    to_unit: NDArray[np.float64]
    grid: Grid


def pyramid(volume: Volume) -> tuple[Level, ...]:
    """The image at each of `LEVELS_MM`; an axis that is already coarser keeps its spacing."""
    levels, finer = [], volume
    for spacing_mm in reversed(LEVELS_MM):
        finer = _coarsen(finer, spacing_mm)
        levels.append(_level(finer))
    return tuple(reversed(levels))


def moved(level: Level, motion: NDArray[np.float64]) -> Level:
    """The same image elsewhere: (4, 4) from its world to another, a reflection too."""
    grid = Grid(level.grid.shape, motion @ level.grid.affine)
    return Level(level.image, level.to_unit @ np.linalg.inv(motion), grid)


def intensities(level: Level, world: Tensor) -> tuple[Tensor, Tensor]:
    """Intensities (k, n) at world positions (k, n, 3), and weights (k, n): 1 inside, fading to 0 over one voxel."""
    import torch
    from torch.nn.functional import grid_sample

    matrix = torch.from_numpy(level.to_unit).float()
    unit = world @ matrix[:3, :3].T + matrix[:3, 3]
    image = level.image.expand(unit.shape[0], -1, -1, -1, -1)
    values = grid_sample(image, unit[:, :, None, None, :], padding_mode="border", align_corners=True)[:, 0, :, 0, 0]
    size = torch.tensor(level.grid.shape, dtype=torch.float32)
    inside = ((1.0 - unit.abs()) * (size - 1.0) / 2.0 + 1.0).clamp(0.0, 1.0)
    return values, inside[..., 0] * inside[..., 1] * inside[..., 2]


def foreground(level: Level) -> Volume:
    """Bool mask of what is not air."""
    array = level.image[0, 0].numpy().T
    low, high = array.min(), np.percentile(array, 98)
    return Volume(array > low + FOREGROUND_SHARE * (high - low), level.grid.affine)


def field_of_view(level: Level) -> Volume:
    """Bool mask of all that the image shows."""
    return Volume(np.ones(level.grid.shape, dtype=np.bool_), level.grid.affine)


def head_box(level: Level) -> Volume:
    """Bool mask of the box around all that is not air."""
    mask = foreground(level)
    hit = np.argwhere(mask.array)
    box = np.zeros_like(mask.array)
    box[tuple(slice(a, b + 1) for a, b in zip(hit.min(axis=0), hit.max(axis=0), strict=True))] = True
    return mask.with_array(box)


def _coarsen(volume: Volume, spacing_mm: float) -> Volume:
    """The volume at a coarser spacing along its own axes, smoothed accordingly."""
    factor = np.maximum(1.0, spacing_mm / np.array(volume.grid.spacing))
    factor[factor < 1.2] = 1.0
    old = np.array(volume.grid.shape)
    i, j, k = (np.floor((old - 1) / factor).astype(int) + 1).tolist()
    affine = volume.affine.copy()
    affine[:3, :3] *= factor
    affine[:3, 3] = volume.grid.to_world((old - 1 - factor * (np.array((i, j, k)) - 1)) / 2.0)
    return resample(volume, Grid((i, j, k), affine))


def _level(volume: Volume) -> Level:
    import torch

    array = np.asarray(volume.array, dtype=np.float32)
    low = float(np.percentile(array, 0.5))
    above = array[array > low + FOREGROUND_SHARE * (float(np.percentile(array, 98)) - low)]
    high = float(np.percentile(above, BRIGHTEST_PERCENTILE)) if above.size else low
    scaled = np.clip((array - low) / max(high - low, 1e-6), 0.0, 1.0)
    image = torch.from_numpy(np.ascontiguousarray(scaled.T))[None, None]
    size = np.maximum(np.array(array.shape) - 1, 1)
    to_unit = np.diag([*(2.0 / size), 1.0])
    to_unit[:3, 3] = -1.0
    return Level(image, to_unit @ volume.grid.inverse, volume.grid)
