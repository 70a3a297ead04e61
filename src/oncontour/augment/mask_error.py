"""Errors of the brain mask: a rim of bone and muscle that was left on, a rim of brain that was taken off."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from oncontour.data.phantom.fields import smooth_field

WIDEST = 5
"""Voxels by which extraction leaves tissue on at most; 1 cm at 2 mm, below the cerebellum and in the orbits."""

DEEPEST = 2
"""Voxels by which it cuts into the brain."""


def _grown(mask: Tensor, voxels: int) -> Tensor:
    """The mask widened by a number of voxels along each axis."""
    return functional.max_pool3d(mask[None, None].float(), 2 * voxels + 1, 1, voxels)[0, 0] > 0


def _where(rng: np.random.Generator, shape: tuple[int, ...]) -> Tensor:
    """Some parts of the surface, not all of it."""
    field: NDArray[np.float32] = smooth_field(rng, shape, rng.uniform(2, 8))
    return torch.from_numpy(field > rng.uniform(-0.5, 1.2))


def random_mask_error(rng: np.random.Generator, image: Tensor, regions: Tensor, share: float = 0.6) -> Tensor:
    """With probability `share`, leave tissue on and take tissue off, in parts of the brain's surface.

    Tissue left on has its own mean and texture on each sequence; no region reaches it. Tissue of a tumour stays.

    Args:
        image: (C, i, j, k), z-scored, 0 outside the brain.
        regions: (R, i, j, k), the first region holds all others.
    """
    if rng.random() >= share:
        return image
    brain = (image != 0).any(0)
    shape = tuple(brain.shape)
    added = _grown(brain, int(rng.integers(1, WIDEST + 1))) & ~brain & _where(rng, shape)
    removed = _grown(~brain, int(rng.integers(1, DEEPEST + 1))) & brain & (regions[0] == 0) & _where(rng, shape)
    image = image.clone()
    patches = torch.from_numpy(smooth_field(rng, shape, rng.uniform(8, 24)))
    for values in image:
        mean, texture, grain = rng.uniform(-3.0, 2.0), rng.uniform(0, 1.2), rng.uniform(0.02, 0.3)
        tissue = mean + texture * patches + grain * torch.from_numpy(rng.standard_normal(shape, np.float32))
        values[added] = tissue[added]
        values[removed] = 0
    return image
