"""How far a network sees: the voxels of the image that one logit depends on, by the gradient of that logit."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from math import prod
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from oncontour.networks.interface import Network

FIRST = 64
"""Voxels along the axis at first; doubled until the image is longer than what is seen."""

LONGEST = 8192
"""Voxels along an axis after which a network is said to see everything."""

PLACES = 32
"""Neighbouring logits that are asked: where in a block of pooled voxels a logit lies shifts what it sees by up to a
block, and no network here pools blocks of more than 32 voxels."""

FLAT = (nn.Conv2d, nn.ConvTranspose2d)
MAXIMUM = (nn.MaxPool2d, nn.MaxPool3d)
AVERAGE = (nn.AvgPool2d, nn.AvgPool3d)


def receptive_field(network: nn.Module, inputs: int) -> tuple[int, int, int]:
    """Voxels of the image along each axis, from the first to the last that a logit depends on.

    The most that any logit in the middle of a large image sees; the image's edge plays no part. Voxels in between
    count, also where a pathway of lower resolution skips them. Norms are left out: through them every voxel depends a
    little on every other.

    Args:
        network: one of `NETWORKS`, which may lie on torch's meta device.
        inputs: its channels.

    Raises:
        ValueError: a network that sees further than any image is long.
    """
    i, j, k = (_along(network, inputs, axis) for axis in range(3))
    return i, j, k


def _along(network: nn.Module, inputs: int, axis: int) -> int:
    """Voxels along one axis; no two axes influence each other, so the other two are as short as they may be."""
    faces = cast("Network", network)
    shrinks = any(faces.margin) or any(isinstance(module, FLAT) for module in network.modules())
    reach = _reach(network, None if shrinks else axis)
    shape = [1, 1, 1]
    if shrinks:  # Cut by its own margin, or by slices, an image of one voxel would be nothing.
        shape = [-(-(2 * margin + 1) // step) * step for step, margin in zip(faces.stride, faces.margin, strict=True)]
    others = [d for d in range(5) if d != 2 + axis]
    size = FIRST
    while size < LONGEST:
        size = shape[axis] = -(-2 * size // faces.stride[axis]) * faces.stride[axis]
        image = torch.zeros(1, inputs, *shape, dtype=torch.float64, requires_grad=True)
        logits = reach(image)
        middle = (logits.shape[2 + axis] - PLACES) // 2
        spans = []
        for place in range(middle, middle + PLACES):
            (gradient,) = torch.autograd.grad(logits.select(2 + axis, place).sum(), image, retain_graph=True)
            touched = gradient.abs().sum(others).nonzero().flatten()
            spans.append((int(touched[0]), int(touched[-1])))
        if min(first for first, _ in spans) > 0 and max(last for _, last in spans) < size - 1:
            return max(last - first + 1 for first, last in spans)
    raise ValueError(f"`network` sees further than {LONGEST} voxels along axis {axis}")


def _reach(network: nn.Module, axis: int | None) -> nn.Module:
    """A copy in which all that calculates is replaced by what reaches as far: no weights, norms or rectifiers.

    Convolutions and pools become means, with one channel. Along other axes than `axis` kernels and steps are 1.
    """
    copy = deepcopy(network).eval()
    for module in list(copy.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.modules.conv._ConvNd):
                setattr(module, name, _Mean(child, axis))
            elif isinstance(child, (*MAXIMUM, *AVERAGE)):
                setattr(module, name, _MeanPool(child, axis))
            elif isinstance(child, nn.Upsample):
                factor = tuple(map(float, _only(child.scale_factor, axis, 1, 3)))
                setattr(module, name, nn.Upsample(scale_factor=factor, mode=child.mode))
            elif not list(child.children()):
                setattr(module, name, nn.Identity())
    return copy


def _only(value: Any, axis: int | None, neutral: int, dimensions: int) -> tuple[Any, ...]:
    """A number for each axis, `neutral` for all but `axis`."""
    values = tuple(value) if isinstance(value, Sequence) else (value,) * dimensions
    return tuple(number if axis in (None, at) else neutral for at, number in enumerate(values))


class _Mean(nn.Module):
    """A convolution's reach without its weights: the mean of all channels, then of all voxels under the kernel."""

    def __init__(self, convolution: Any, axis: int | None) -> None:
        super().__init__()
        kernel = _only(convolution.kernel_size, axis, 1, 3)
        neutral = {"stride": 1, "padding": 0, "dilation": 1} | ({"output_padding": 0} if convolution.transposed else {})
        self.where = {name: _only(getattr(convolution, name), axis, number, 3) for name, number in neutral.items()}
        self.weight = torch.full((1, 1, *kernel), 1 / prod(kernel), dtype=torch.float64)
        self.convolve = getattr(functional, f"conv{'_transpose' if convolution.transposed else ''}{len(kernel)}d")

    def forward(self, x: Tensor) -> Tensor:
        return self.convolve(x.mean(1, keepdim=True), self.weight, **self.where)


class _MeanPool(nn.Module):
    """A pool's reach; a maximum would pass the gradient to one voxel alone."""

    def __init__(self, pool: Any, axis: int | None) -> None:
        super().__init__()
        dimensions = 2 if isinstance(pool, nn.MaxPool2d | nn.AvgPool2d) else 3
        self.kernel = _only(pool.kernel_size, axis, 1, dimensions)
        self.stride = _only(pool.stride, axis, 1, dimensions)
        self.padding = _only(pool.padding, axis, 0, dimensions)
        self.ceil = pool.ceil_mode
        self.pool = functional.avg_pool2d if dimensions == 2 else functional.avg_pool3d

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(x, self.kernel, self.stride, self.padding, self.ceil)
