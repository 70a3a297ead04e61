"""Instance and group norm in the form that is fastest on each device; parameters and figures are those of torch's own.

On a CPU, channels-last, torch's own goes through another layout and back. A group norm of one group a channel does not,
but its gradient is slow in bf16; a batch norm of each sample alone is a little slower forwards and several times faster
backwards. On a GPU torch's own form stays: under autocast a group norm would give fp32.

A group norm is trained in fp32 there: its gradient in bf16 takes several times as long.

Torch's sums over what lies channels-last are naive: at 128^3 its output is off by 6e-3 in fp32, which changes labels.
Where nothing is trained, large samples are summed in slabs, at 1.3 to 1.7 times the norm's cost.

OpenVINO sums an instance norm as naively, in the layout of its convolutions; a traced group norm it runs in another, by
true sums. In bf16 the latter takes nnU-Net's U-Net a fifth more time, and rounding hides what it gains, once no bias
stands before the norms (`oncontour.networks.bf16`, benchmarks/sliding_window.py).
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
    if norm.traced_as_such and torch.jit.is_tracing():  # pyright: ignore[reportPrivateImportUsage]
        return instance_norm(x, None, None, norm.weight, norm.bias, True, 0.0, norm.eps)
    return _grouped(x, norm.num_features, norm.weight, norm.bias, norm.eps)


def trace_as_instance_norms(network: nn.Module) -> None:
    """Have instance norms traced as what they are, not as group norms."""
    for module in network.modules():
        if isinstance(module, InstanceNorm2d | InstanceNorm3d):
            module.traced_as_such = True


def _grouped(x: Tensor, groups: int, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """Group norm of (B, C, ...) on a CPU, by true sums where it is large, channels-last, not trained, not exported."""
    traced = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    exported = traced or torch.compiler.is_compiling()
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


class GroupNorm(nn.GroupNorm):
    """`nn.GroupNorm`, on a CPU faster to train in bf16 and true where it is large."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, ...) normalised over each group of channels and all that follows."""
        if input.device.type != "cpu":
            return super().forward(input)
        if input.dtype == torch.bfloat16 and input.requires_grad:
            return super().forward(input.float()).to(input.dtype)
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

    traced_as_such = False

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, H, W) normalised over H and W."""
        return _on_cpu(self, input) if input.device.type == "cpu" else super().forward(input)


class InstanceNorm3d(nn.InstanceNorm3d):
    """`nn.InstanceNorm3d`, faster on a CPU."""

    traced_as_such = False

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, D, H, W) normalised over D, H and W."""
        return _on_cpu(self, input) if input.device.type == "cpu" else super().forward(input)
