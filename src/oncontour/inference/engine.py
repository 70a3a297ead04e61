"""Running a network over an image: tiles where it is large, mirrored views where the plan asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from oncontour.plans.plan import InferencePlan

EDGE_WEIGHT = 0.05
"""Weight of a tile's outermost voxels against its centre's, so that seams fade."""


def _starts(size: int, tile: int, overlap: float) -> list[int]:
    """Where tiles begin along one axis.

    >>> _starts(100, 64, 0.25)
    [0, 36]
    >>> _starts(50, 64, 0.25)
    [0]
    """
    if size <= tile:
        return [0]
    count = int(np.ceil((size - tile) / (tile * (1 - overlap)))) + 1
    return [round(n * (size - tile) / (count - 1)) for n in range(count)]


def _tiles(shape: tuple[int, ...], plan: InferencePlan) -> Iterator[tuple[slice, ...]]:
    sides = [
        [slice(start, start + min(size, tile)) for start in _starts(size, tile, plan.overlap)]
        for size, tile in zip(shape, plan.tile, strict=True)
    ]
    yield from product(*sides)


def _weight(shape: tuple[int, ...]) -> Tensor:
    """A tent: 1 at the centre of a tile, `EDGE_WEIGHT` at its faces."""
    weight = torch.ones(1)
    for size in shape:
        ramp = 1 - (torch.linspace(-1, 1, size)).abs() * (1 - EDGE_WEIGHT)
        weight = weight[..., None] * ramp
    return weight[0]


def _run(network: nn.Module, image: Tensor, mirror: tuple[int, ...]) -> Tensor:
    """Mean probability (R, i, j, k) of the plain and the mirrored views of one tile (C, i, j, k)."""
    stride = int(getattr(network, "stride", 1))
    pads = [(-size) % stride for size in image.shape[1:]]
    padded = nn.functional.pad(image, (0, pads[2], 0, pads[1], 0, pads[0]))[None]
    padded = padded.contiguous(memory_format=torch.channels_last_3d)
    total = torch.sigmoid(network(padded))
    for axis in mirror:
        total += torch.sigmoid(network(padded.flip(axis + 2))).flip(axis + 2)
    i, j, k = image.shape[1:]
    return total[0, :, :i, :j, :k] / (1 + len(mirror))


def probabilities(
    network: nn.Module,
    image: NDArray[np.float32],
    plan: InferencePlan,
    progress: Callable[[float], None] = lambda share: None,
) -> NDArray[np.float32]:
    """Probabilities (R, i, j, k) of an image (C, i, j, k) in the network's own spacing.

    Args:
        network: gives logits (1, R, i, j, k); an attribute `stride` says of what its sizes must be multiples.
        progress: called with the share of tiles done.
    """
    source = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32))
    tiles = list(_tiles(image.shape[1:], plan))
    with torch.inference_mode():
        if len(tiles) == 1:
            return _run(network, source, plan.mirror).numpy()
        total, weights = None, torch.zeros(image.shape[1:])
        for done, tile in enumerate(tiles, start=1):
            part = _run(network, source[(slice(None), *tile)], plan.mirror)
            weight = _weight(tuple(part.shape[1:]))
            if total is None:
                total = torch.zeros((part.shape[0], *image.shape[1:]))
            total[(slice(None), *tile)] += part * weight
            weights[tile] += weight
            progress(done / len(tiles))
        assert total is not None  # there is at least one tile
        return (total / weights).numpy()
