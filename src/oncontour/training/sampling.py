"""From training cases on disk to batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from oncontour.augment.absent import random_absence
from oncontour.augment.intensity import random_intensity
from oncontour.augment.mirror import random_mirror
from oncontour.augment.surroundings import random_surroundings
from oncontour.core.labels import SCHEMES
from oncontour.plans.plan import Plan
from oncontour.preprocess.head import scale_head

Sample = tuple[Tensor, Tensor]
"""Image (C, i, j, k) and boolean regions (R, i, j, k) as float, one patch."""


def _crop(array: NDArray, start: NDArray[np.int64], patch: tuple[int, int, int]) -> NDArray:
    """Cut (C, i, j, k) to a patch; beyond the array there are zeros."""
    out = np.zeros((array.shape[0], *patch), array.dtype)
    low = np.maximum(start, 0)
    high = np.minimum(start + patch, array.shape[1:])
    into = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start, strict=True))
    out[(slice(None), *into)] = array[(slice(None), *(slice(a, b) for a, b in zip(low, high, strict=True)))]
    return out


def _start(
    rng: np.random.Generator, target: NDArray[np.uint8], patch: tuple[int, int, int], foreground: float
) -> NDArray[np.int64]:
    """Where a patch begins: around a voxel of the tumour in `foreground` of the draws, else anywhere."""
    size, wanted = np.array(target.shape), np.array(patch)
    room = np.maximum(size - wanted, 0)
    flat = np.flatnonzero(target) if rng.random() < foreground else np.zeros(0, int)
    if flat.size:
        voxel = np.array(np.unravel_index(int(flat[rng.integers(flat.size)]), target.shape))
        start = np.clip(voxel - rng.integers(0, wanted), 0, room)
    else:
        start = rng.integers(0, room + 1)
    return np.where(size < wanted, -((wanted - size) // 2), start)


def tumour_sample(rng: np.random.Generator, path: Path, plan: Plan) -> Sample:
    """One patch of a stripped case with its regions."""
    with np.load(path) as case:
        images, target = case["images"], case["target"]
    start = _start(rng, target, plan.training.patch, plan.training.foreground)
    image = torch.from_numpy(_crop(images, start, plan.training.patch).astype(np.float32))
    regions = SCHEMES[plan.scheme].encode(_crop(target[None], start, plan.training.patch)[0])
    image, regions = random_mirror(rng, image, torch.from_numpy(regions).float(), axes=(1,))  # up is up
    image = random_intensity(rng, image)
    return random_absence(rng, image, plan.channels, plan.training.sequence_dropout), regions


def head_sample(rng: np.random.Generator, path: Path, plan: Plan) -> Sample:
    """One patch of one sequence of a whole head, with its brain mask; at times the field of view is cut."""
    with np.load(path) as case:
        images, target = case["images"], case["target"]
    image = images[int(rng.integers(len(images)))].astype(np.float32)
    if rng.random() < 0.3:  # a slab that stops within the head
        axis = int(rng.integers(3))
        cut = int(rng.uniform(0.05, 0.3) * image.shape[axis])
        keep = slice(cut, None) if rng.random() < 0.5 else slice(None, -cut or None)
        side = tuple(keep if n == axis else slice(None) for n in range(3))
        image, target = image[side], target[side]
    image = random_surroundings(rng, scale_head(image), target > 0) ** np.float32(rng.uniform(0.6, 1.6))
    start = _start(rng, target, plan.training.patch, 0.0)
    patch = torch.from_numpy(_crop(image[None], start, plan.training.patch))
    brain = torch.from_numpy(_crop(target[None], start, plan.training.patch)).float()
    patch, brain = random_mirror(rng, patch, brain, axes=(1,))  # a head has its neck below
    return random_intensity(rng, patch), brain


def batches(plan: Plan, paths: Sequence[Path]) -> Callable[[np.random.Generator], Sample]:
    """A function that draws a batch: images (B, C, i, j, k) and regions (B, R, i, j, k), channels last."""
    draw = head_sample if plan.synthetic.skull else tumour_sample

    def next_batch(rng: np.random.Generator) -> Sample:
        chosen = [paths[int(rng.integers(len(paths)))] for _ in range(plan.training.batch)]
        images, regions = zip(*(draw(rng, path, plan) for path in chosen), strict=True)
        return torch.stack(images).contiguous(memory_format=torch.channels_last_3d), torch.stack(regions)

    return next_batch
