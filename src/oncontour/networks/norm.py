"""Instance and group norm in the form that is fastest on each device; parameters and figures are those of torch's own.

On a CPU, channels-last, torch's own goes through another layout and back. A group norm of one group a channel does not,
but its gradient is slow in bf16; a batch norm of each sample alone is a little slower forwards and several times faster
backwards. On a GPU torch's own form stays: under autocast a group norm would give fp32.

A group norm is trained in fp32 there: its gradient in bf16 takes several times as long.

Torch's sums over what lies channels-last are naive: at 128^3 its output is off by 6e-3 in fp32, which changes labels.
Where nothing is trained, large samples are summed in slabs, at 1.3 to 1.7 times the norm's cost.

OpenVINO runs a traced group norm by true sums, but in another layout than its convolutions, and brings images there
and back. In bf16, where rounding hides what true sums gain, norms are traced so that they stay in that layout: instance
norms as what they are, group norms by sums over planes, in half the time.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, group_norm, instance_norm

LARGE = 2**17
"""Positions of a sample from which on torch's sums lose what a label may hang on (1e-4)."""

SLAB = 2**18
"""Figures summed at a time: with their squares they stay in the cache."""


def _on_cpu(norm: InstanceNorm2d | InstanceNorm3d, x: Tensor) -> Tensor:
    """Each sample's channels normalised on their own: (B, C, ...) to the same."""
    if x.requires_grad:
        samples = [batch_norm(one, None, None, norm.weight, norm.bias, True, 0.0, norm.eps) for one in x.split(1)]
        return torch.cat(samples)
    if norm.traced_for_bf16 and _traced():
        return instance_norm(x, None, None, norm.weight, norm.bias, True, 0.0, norm.eps)
    return _grouped(x, norm.num_features, norm.weight, norm.bias, norm.eps)


def _traced() -> bool:
    return torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]


def trace_for_bf16(network: nn.Module) -> None:
    """Have norms traced as OpenVINO's bf16 runs them fastest."""
    for module in network.modules():
        if isinstance(module, InstanceNorm2d | InstanceNorm3d | GroupNorm):
            module.traced_for_bf16 = True


def _grouped(x: Tensor, groups: int, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """Group norm of (B, C, ...) on a CPU, by true sums where it is large, channels-last, not trained, not exported."""
    exported = _traced() or torch.compiler.is_compiling()
    if x.requires_grad or exported or x.stride(1) != 1 or x[0, 0].numel() <= LARGE:
        return group_norm(x, groups, weight, bias, eps)
    samples = []
    for one in x.split(1):
        mean, variance = (part.to(torch.promote_types(x.dtype, torch.float32)) for part in _moments(one, groups))
        samples.append(batch_norm(one, mean, variance, weight, bias, False, 0.0, eps))
    return samples[0] if len(samples) == 1 else torch.cat(samples)


def _moments(one: Tensor, groups: int) -> tuple[Tensor, Tensor]:
    """Mean and variance (C,) in fp64 of the group of each channel of a sample (1, C, ...)."""
    channels = one.shape[1]
    rows = one.movedim(1, -1).reshape(-1, channels)
    sums = torch.zeros(2, channels, dtype=torch.float64)
    for slab in rows.split(max(SLAB // channels, 1)):
        figures = slab.float()
        sums += torch.stack([figures.sum(0), (figures * figures).sum(0)])
    mean, square = (sums / len(rows)).view(2, groups, -1).mean(2).repeat_interleave(channels // groups, 1)
    return mean, square - mean * mean


def _by_planes(x: Tensor, norm: GroupNorm) -> Tensor:
    """Group norm of (B, C, ...) by moments of its planes, whatever holds them in bf16.

    What bf16 holds of one plane's moments is off at random, and their mean would be off for a whole group. It is taken
    twice: what rounding took the first time, the second finds.
    """
    plane = tuple(range(3, x.dim()))
    size = x.shape[3] * x.shape[4] if x.dim() == 5 else x.shape[3]
    length = torch.linalg.vector_norm(x, dim=plane, keepdim=True)
    mean, and_mean = _mean_and_rest(x.mean(plane, keepdim=True).reshape(x.shape[0], norm.num_groups, -1))
    square, and_square = _mean_and_rest((length * length / size).reshape(x.shape[0], norm.num_groups, -1))
    variance = ((square + and_square) - (mean + and_mean) ** 2).clamp_min(0)
    parts = (mean, and_mean, 1 / torch.sqrt(variance + norm.eps))
    ones, channels = [1] * (x.dim() - 2), norm.num_channels // norm.num_groups
    mean, and_mean, scale = (part.expand(-1, -1, channels).reshape(x.shape[0], -1, *ones) for part in parts)
    found = (x - mean) - and_mean
    if norm.affine:
        return found * (scale * norm.weight.view(1, -1, *ones)) + norm.bias.view(1, -1, *ones)
    return found * scale


def _mean_and_rest(figures: Tensor) -> tuple[Tensor, Tensor]:
    """Mean of (B, G, n) along the last axis, and the mean of what it leaves of them: 0, but for rounding."""
    mean = figures.mean(2, keepdim=True)
    return mean, (figures - mean).mean(2, keepdim=True)


class GroupNorm(nn.GroupNorm):
    """`nn.GroupNorm`, on a CPU faster to train in bf16 and true where it is large."""

    traced_for_bf16 = False

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, ...) normalised over each group of channels and all that follows."""
        if input.device.type != "cpu":
            return super().forward(input)
        if input.dtype == torch.bfloat16 and input.requires_grad:
            return super().forward(input.float()).to(input.dtype)
        if self.traced_for_bf16 and _traced():
            return _by_planes(input, self)
        return _grouped(input, self.num_groups, self.weight, self.bias, self.eps)


def own_group_norms(module: nn.Module) -> None:
    """Put `GroupNorm` in the place of torch's own in another library's module, before it is trained or loaded.

    Names in the `state_dict` stay.
    """
    for name, child in module.named_children():
        if type(child) is nn.GroupNorm:
            setattr(module, name, GroupNorm(child.num_groups, child.num_channels, child.eps, child.affine))
        else:
            own_group_norms(child)


class InstanceNorm2d(nn.InstanceNorm2d):
    """`nn.InstanceNorm2d`, faster on a CPU."""

    traced_for_bf16 = False

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, H, W) normalised over H and W."""
        return _on_cpu(self, input) if input.device.type == "cpu" else super().forward(input)


class InstanceNorm3d(nn.InstanceNorm3d):
    """`nn.InstanceNorm3d`, faster on a CPU."""

    traced_for_bf16 = False

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, D, H, W) normalised over D, H and W."""
        return _on_cpu(self, input) if input.device.type == "cpu" else super().forward(input)
