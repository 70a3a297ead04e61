"""Running a network over an image: tiles where it is large, mirrored views where the plan asks for them.

A tile is what is written. A network whose convolutions are valid (`margin`) reads that much more on every side: the
image around the tile, or zeros beyond the image's border, as in training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, combinations, product

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from torch import Tensor, nn

from oncontour.plans.plan import InferencePlan

Activation = Callable[[Tensor], Tensor]
"""Logits (B, K, ...) to what is averaged over tiles, mirrored views and folds, such as probabilities of regions."""

EDGE_WEIGHT = 0.05
"""Tent: weight of a tile's outermost voxels against its centre's, so that seams fade."""

GAUSSIAN_SHARE = 1 / 8
"""Gaussian: its standard deviation as a share of the tile (nnU-Net)."""


def triple(value: int | Sequence[int]) -> tuple[int, int, int]:
    """One number an axis, from one number or three."""
    i, j, k = (value,) * 3 if isinstance(value, int) else value
    return int(i), int(j), int(k)


def tile_starts(size: int, tile: int, overlap: float) -> list[int]:
    """Where tiles begin along one axis: spread evenly, neighbours sharing at least `overlap` of a tile (nnU-Net).

    >>> tile_starts(100, 64, 0.25)
    [0, 36]
    >>> tile_starts(50, 64, 0.25)
    [0]
    >>> tile_starts(3, 1, 0.5)
    [0, 1, 2]
    """
    if size <= tile:
        return [0]
    count = int(np.ceil((size - tile) / max(tile * (1 - overlap), 1))) + 1
    step = (size - tile) / (count - 1)
    return [round(step * n) for n in range(count)]


def mirrored_views(axes: Sequence[int], every_combination: bool) -> list[tuple[int, ...]]:
    """Sets of axes to mirror, the plain view first.

    >>> mirrored_views((0, 1), every_combination=False)
    [(), (0,), (1,)]
    >>> mirrored_views((0, 1), every_combination=True)
    [(), (0,), (1,), (0, 1)]
    """
    if not every_combination:
        return [(), *((axis,) for axis in axes)]
    return list(chain.from_iterable(combinations(axes, count) for count in range(len(axes) + 1)))


def tile_weight(shape: tuple[int, ...], weighting: str) -> Tensor:
    """Weight (i, j, k) of a tile's voxels, at most 1.

    Tent: 1 at the centre, falling along each axis to `EDGE_WEIGHT`. Gaussian: nnU-Net's, which is centred on voxel
    size // 2 and never 0. Constant: 1 (MONAI's default).
    """
    weight = torch.ones((), dtype=torch.float64)
    for size in shape:
        if weighting == "gaussian":
            delta = np.zeros(size)
            delta[size // 2] = 1
            ramp = torch.from_numpy(gaussian_filter1d(delta, size * GAUSSIAN_SHARE, mode="constant"))
        elif weighting == "tent":
            ramp = 1 - torch.linspace(-1, 1, size).abs() * (1 - EDGE_WEIGHT)
        else:
            ramp = torch.ones(size)
        weight = weight[..., None] * ramp.to(weight)
    weight = (weight / weight.max() if weighting == "gaussian" else weight).float()
    return weight.clamp(min=float(weight[weight > 0].min()))


def average(
    network: nn.Module,
    image: NDArray[np.float32] | Tensor,
    plan: InferencePlan,
    activation: Activation = torch.sigmoid,
    progress: Callable[[float], None] = lambda share: None,
) -> Tensor:
    """Mean of `activation(logits)` over tiles and mirrored views, (K, i, j, k) float32 on the network's device.

    Args:
        network: gives logits (1, K, ...); its `stride` says of what its sizes must be multiples, its `margin` how many
            voxels it loses on each side.
        image: (C, i, j, k), in the network's own spacing.
        progress: called with the share of tiles done.
    """
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    source = torch.as_tensor(image, dtype=torch.float32).to(device)
    shape = source.shape[1:]
    stride, margin = triple(getattr(network, "stride", 1)), triple(getattr(network, "margin", 0))
    size = [min(whole, tile) for whole, tile in zip(shape, plan.tile, strict=True)]
    extra = [-length % step for length, step in zip(size, stride, strict=True)]
    pads = [(m, m + more) for m, more in zip(margin, extra, strict=True)]
    padded = nn.functional.pad(source, [n for pair in reversed(pads) for n in pair])
    tiles = list(product(*(tile_starts(n, t, plan.overlap) for n, t in zip(shape, size, strict=True))))
    views = mirrored_views(plan.mirror, plan.combinations)
    reach = [length + low + high for length, (low, high) in zip(size, pads, strict=True)]
    weight = tile_weight(tuple(size), plan.weighting).to(device) if len(tiles) > 1 else torch.ones((), device=device)
    total, weights = None, torch.zeros(shape, device=device)
    with torch.inference_mode():
        for done, starts in enumerate(tiles, start=1):
            seen = padded[(slice(None), *map(slice, starts, (s + n for s, n in zip(starts, reach, strict=True))))]
            mean = _mean_of_views(network, seen[None], activation, views)
            into = tuple(slice(start, start + length) for start, length in zip(starts, size, strict=True))
            if total is None:
                total = torch.zeros((mean.shape[1], *shape), device=device)
            total[(slice(None), *into)] += mean[(0, slice(None), *map(slice, size))] * weight
            weights[into] += weight
            progress(done / len(tiles))
        assert total is not None  # there is at least one tile
        return total.div_(weights)


def _mean_of_views(network: nn.Module, tile: Tensor, activation: Activation, views: list[tuple[int, ...]]) -> Tensor:
    tile = tile.contiguous(memory_format=torch.channels_last_3d)
    total = None
    for view in views:
        axes = [axis + 2 for axis in view]
        part = activation(network(tile.flip(axes) if axes else tile).float())
        part = part.flip(axes) if axes else part
        total = part if total is None else total + part
    assert total is not None  # the plain view is always there
    return total / len(views)


def probabilities(
    networks: nn.Module | Sequence[nn.Module],
    image: NDArray[np.float32],
    plan: InferencePlan,
    progress: Callable[[float], None] = lambda share: None,
    activation: Activation = torch.sigmoid,
) -> NDArray[np.float32]:
    """Probabilities (R, i, j, k) of an image (C, i, j, k) in the network's own spacing.

    Args:
        networks: one, or those of several folds, whose probabilities are averaged.
        progress: called with the share of the work done.
        activation: logits to probabilities; `region_activation` for softmax.
    """
    folds = [networks] if isinstance(networks, nn.Module) else list(networks)
    total = None
    for fold, network in enumerate(folds):
        part = average(network, image, plan, activation, lambda s, n=fold: progress((n + s) / len(folds)))
        total = part if total is None else total + part
    assert total is not None  # there is at least one network
    return (total / len(folds)).cpu().numpy()


def region_activation(classes: Sequence[Sequence[int]]) -> Activation:
    """Softmax over classes, then one probability a region: the sum over its classes.

    Args:
        classes: for each region, the channels of the logits that form it; channel 0 is the background.

    >>> regions = region_activation([[1, 2], [2]])
    >>> regions(torch.zeros(1, 4, 1, 1, 1)).flatten().tolist()
    [0.5, 0.25]
    """

    def activation(logits: Tensor) -> Tensor:
        chances = torch.softmax(logits, 1)
        return torch.stack([chances[:, list(own)].sum(1) for own in classes], 1)

    return activation
