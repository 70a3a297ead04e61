"""Instance and group norm in the form that is fastest on each device; parameters and figures are those of torch's own.

On a CPU, channels-last, torch's own goes through another layout and back. A group norm of one group a channel does not,
but its gradient is slow in bf16; a batch norm of each sample alone is a little slower forwards and several times faster
backwards. On a GPU torch's own form stays: under autocast a group norm would give fp32.

A group norm is trained in fp32 there: its gradient in bf16 takes several times as long.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, group_norm


def _on_cpu(norm: nn.InstanceNorm2d | nn.InstanceNorm3d, x: Tensor) -> Tensor:
    """Each sample's channels normalised on their own: (B, C, ...) to the same."""
    if not x.requires_grad:
        return group_norm(x, norm.num_features, norm.weight, norm.bias, norm.eps)
    samples = [batch_norm(one, None, None, norm.weight, norm.bias, True, 0.0, norm.eps) for one in x.split(1)]
    return torch.cat(samples)


class GroupNorm(nn.GroupNorm):
    """`nn.GroupNorm`, faster to train on a CPU in bf16."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, ...) normalised over each group of channels and all that follows."""
        if input.device.type == "cpu" and input.dtype == torch.bfloat16 and input.requires_grad:
            return super().forward(input.float()).to(input.dtype)
        return super().forward(input)


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

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, H, W) normalised over H and W."""
        return _on_cpu(self, input) if input.device.type == "cpu" else super().forward(input)


class InstanceNorm3d(nn.InstanceNorm3d):
    """`nn.InstanceNorm3d`, faster on a CPU."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, D, H, W) normalised over D, H and W."""
        return _on_cpu(self, input) if input.device.type == "cpu" else super().forward(input)
