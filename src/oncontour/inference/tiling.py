"""Running a network over an image: tiles where it is large, mirrored views where the plan asks for them.

A tile is what is written. A network whose convolutions are valid (`margin`) reads that much more on every side: the
image around the tile, or zeros beyond the image's border, as in training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

GAUSSIAN_PEAK = 10.0
"""Gaussian: its largest value (nnU-Net), so that fewer of the small ones vanish in half precision."""


def stride_and_margin(network: nn.Module) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Of a network (`oncontour.networks.interface.Network`) by axis; 1 and 0 for a module that states neither.

    >>> stride_and_margin(nn.Identity())
    ((1, 1, 1), (0, 0, 0))
    """
    return _triple(getattr(network, "stride", 1)), _triple(getattr(network, "margin", 0))


def _triple(value: int | Sequence[int]) -> tuple[int, int, int]:
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


def tile_weight(shape: tuple[int, ...], weighting: str, dtype: torch.dtype = torch.float32) -> Tensor:
    """Weight (i, j, k) of a tile's voxels.

    Tent: 1 at the centre, falling along each axis to `EDGE_WEIGHT`. Gaussian: nnU-Net's, which is centred on voxel
    size // 2, at most `GAUSSIAN_PEAK` and never 0. Constant: 1 (MONAI's default).
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
    weight = (weight / (weight.max() / GAUSSIAN_PEAK) if weighting == "gaussian" else weight).to(dtype)
    weight[weight == 0] = weight[weight > 0].min()
    return weight


@dataclass(frozen=True)
class _Axis:
    """How one axis is cut into tiles.

    Args:
        starts: of the tiles, in the image.
        size: voxels of a tile, as written; the last one may reach beyond the image.
        reach: voxels that the network reads for it.
        before, after: zeros to put around the image for that.
    """

    starts: list[int]
    size: int
    reach: int
    before: int
    after: int


def _cut(size: int, tile: int, overlap: float, stride: int, margin: int) -> _Axis:
    """Tiles along one axis; where convolutions are valid they lie on the grid that the network samples."""
    unit = stride if margin else 1
    count, wanted = -(-size // unit), max(tile // unit, 1)
    written = min(count, wanted) * unit
    starts = [start * unit for start in tile_starts(count, wanted, overlap)]
    reach = written + -written % stride + 2 * margin
    return _Axis(starts, written, reach, margin, max(starts[-1] + reach - margin - size, 0))


def average(
    network: nn.Module,
    image: NDArray[np.float32] | Tensor,
    plan: InferencePlan,
    activation: Activation = torch.sigmoid,
    progress: Callable[[float], None] = lambda share: None,
    sums: torch.dtype = torch.float32,
) -> Tensor:
    """Mean of `activation(logits)` over tiles and mirrored views, (K, i, j, k) float32 on the network's device.

    Args:
        network: gives logits (1, K, ...); its `stride` says of what its sizes must be multiples, its `margin` how many
            voxels it loses on each side; tiles have the layout of its `memory_format`, channels-last unless told.
        image: (C, i, j, k), in the network's own spacing.
        progress: called with the share of tiles done.
        sums: in which tiles are summed. nnU-Net 2 does so in half precision, which decides near ties, and most in the
            image's corners; only so are its results met voxel by voxel.
    """
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    source = torch.as_tensor(image, dtype=torch.float32).to(device)
    own = source.shape[1:]
    if plan.whole_tiles:
        source = _centred(source, plan.tile)
    shape = source.shape[1:]
    stride, margin = stride_and_margin(network)
    axes = [_cut(n, plan.tile[a], plan.overlap, stride[a], margin[a]) for a, n in enumerate(shape)]
    padded = _padded(source, [n for axis in reversed(axes) for n in (axis.before, axis.after)])
    # The last axis outermost, as nnU-Net goes: what half precision loses depends on the order of sums.
    tiles = [starts[::-1] for starts in product(*(axis.starts for axis in reversed(axes)))]
    views = mirrored_views(plan.mirror, plan.combinations)
    weight = torch.ones([axis.size for axis in axes], device=device)
    if len(tiles) > 1 or sums is torch.float16:  # the weight of one tile cancels but for what half precision loses
        weight = tile_weight(tuple(weight.shape), plan.weighting, sums).to(device)
    total, weights = None, torch.zeros(shape, device=device, dtype=sums)
    with torch.inference_mode():
        for done, starts in enumerate(tiles, start=1):
            seen = tuple(slice(start, start + axis.reach) for start, axis in zip(starts, axes, strict=True))
            mean = _mean_of_views(network, padded[(slice(None), *seen)][None], activation, views)
            into = tuple(slice(start, start + axis.size) for start, axis in zip(starts, axes, strict=True))
            kept = tuple(slice(size) for size in weights[into].shape)
            if total is None:
                total = torch.zeros((mean.shape[1], *shape), device=device, dtype=sums)
            part = mean[(0, slice(None), *kept)]
            if sums is part.dtype:
                total[(slice(None), *into)].addcmul_(part, weight[kept])
            else:
                total[(slice(None), *into)] += part * weight[kept]
            weights[into] += weight[kept]
            progress(done / len(tiles))
        assert total is not None  # there is at least one tile
        total /= weights
        low = [(size - inner) // 2 for size, inner in zip(shape, own, strict=True)]
        return total[(slice(None), *(slice(start, start + inner) for start, inner in zip(low, own, strict=True)))]


def _centred(image: Tensor, tile: Sequence[int]) -> Tensor:
    """The image (C, i, j, k) in the middle of zeros, at least as large as a tile."""
    missing = [max(least - size, 0) for least, size in zip(tile, image.shape[1:], strict=True)]
    return _padded(image, [n for m in reversed(missing) for n in (m // 2, m - m // 2)])


def _padded(image: Tensor, amounts: list[int]) -> Tensor:
    """`pad` by zeros; the image itself, where nothing is added: torch would copy it."""
    return nn.functional.pad(image, amounts) if any(amounts) else image


def _mean_of_views(network: nn.Module, tile: Tensor, activation: Activation, views: list[tuple[int, ...]]) -> Tensor:
    tile = tile.contiguous(memory_format=getattr(network, "memory_format", torch.channels_last_3d))
    total = None
    for view in views:
        axes = [axis + 2 for axis in view]
        part = activation(network(tile.flip(axes) if axes else tile).float())
        part = part.flip(axes) if axes else part
        total = part if total is None else total + part
    assert total is not None  # the plain view is always there
    return total / len(views) if len(views) > 1 else total


def ensemble(
    networks: Sequence[nn.Module],
    image: NDArray[np.float32],
    plan: InferencePlan,
    activation: Activation,
    progress: Callable[[float], None] = lambda share: None,
    sums: torch.dtype = torch.float32,
) -> Tensor:
    """Mean over folds of what the plan averages: probabilities, or logits (then `activation` is not applied)."""
    applied: Activation = nn.Identity() if plan.average == "logits" else activation
    total = None
    for fold, network in enumerate(networks):
        part = average(network, image, plan, applied, lambda s, n=fold: progress((n + s) / len(networks)), sums)
        total = part if total is None else total + part
    assert total is not None  # there is at least one network
    return total / len(networks)


def probabilities(
    networks: nn.Module | Sequence[nn.Module],
    image: NDArray[np.float32],
    plan: InferencePlan,
    progress: Callable[[float], None] = lambda share: None,
    activation: Activation = torch.sigmoid,
) -> NDArray[np.float32]:
    """Probabilities (R, i, j, k) of an image (C, i, j, k) in the network's own spacing.

    Args:
        networks: one, or those of several folds.
        progress: called with the share of the work done.
        activation: logits to probabilities; `region_activation` for softmax.
    """
    folds = [networks] if isinstance(networks, nn.Module) else networks
    found = ensemble(folds, image, plan, activation, progress)
    return (activation(found[None])[0] if plan.average == "logits" else found).cpu().numpy()


def region_activation(classes: Sequence[Sequence[int]]) -> Activation:
    """Softmax over classes, then one probability a region: the sum over its classes.

    Args:
        classes: for each region, the channels of the logits that form it; channel 0 is the background.

    >>> regions = region_activation([[1, 2], [2]])
    >>> regions(torch.zeros(1, 4, 1, 1, 1)).flatten().tolist()
    [0.5, 0.25]
    """
    return lambda logits: region_sums(torch.softmax(logits, 1), classes)


def region_sums(chances: Tensor, classes: Sequence[Sequence[int]]) -> Tensor:
    """Probabilities (B, R, ...) of regions from those of classes (B, K, ...)."""
    return torch.stack([chances[:, list(own)].sum(1) for own in classes], 1)
