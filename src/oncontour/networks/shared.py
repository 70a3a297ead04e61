"""Several decoders on one encoder: each learns another expert's hand, as paper 004 (S4.21) proposes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import cast

import torch
from torch import Tensor, nn

from oncontour.networks.interface import DeeplySupervised, Network


class SharedEncoder(nn.Module):
    """Networks of one kind whose encoders are one and the same; logits of all, one behind the other.

    The encoder is run for each of them: what it costs to keep every network's own way of joining its two halves.

    Args:
        branches: at least one; the first one's encoder becomes that of all.
    """

    def __init__(self, branches: Sequence[nn.Module]) -> None:
        super().__init__()
        first, *others = branches
        for other in others:
            _share(first, other, {id(parameter) for parameter in cast(Network, other).encoder_parameters()})
        self.branches = nn.ModuleList(branches)
        self.stride, self.margin = cast(Network, first).stride, cast(Network, first).margin

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, branches x outputs, D, H, W) of images (B, inputs, D, H, W)."""
        return torch.cat([branch(x) for branch in self.branches], 1)

    def encoder_parameters(self) -> Iterator[nn.Parameter]:
        """Of the one encoder."""
        return cast(Network, self.branches[0]).encoder_parameters()

    def decoder_parameters(self) -> Iterator[nn.Parameter]:
        """Of all decoders."""
        return chain.from_iterable(cast(Network, branch).decoder_parameters() for branch in self.branches)


class DeepSharedEncoder(SharedEncoder):
    """The same for networks that can be supervised at several resolutions."""

    def forward_deep(self, x: Tensor) -> tuple[Tensor, ...]:
        """Logits of all branches at each resolution, finest first."""
        levels = zip(*(cast(DeeplySupervised, branch).forward_deep(x) for branch in self.branches), strict=True)
        return tuple(torch.cat(level, 1) for level in levels)


def share_encoder(branches: Sequence[nn.Module]) -> SharedEncoder:
    """Networks of one kind on one encoder."""
    deep = all(isinstance(branch, DeeplySupervised) for branch in branches)
    return (DeepSharedEncoder if deep else SharedEncoder)(branches)


def _share(source: nn.Module, target: nn.Module, encoder: set[int]) -> None:
    """Put the source's modules and parameters in the place of those of the target that make up its encoder."""
    for name, parameter in target.named_parameters(recurse=False):
        if id(parameter) in encoder:
            target.register_parameter(name, source.get_parameter(name))
    for name, child in list(target.named_children()):
        own = list(child.parameters())
        if own and all(id(parameter) in encoder for parameter in own):
            target.register_module(name, source.get_submodule(name))
        else:
            _share(source.get_submodule(name), child, encoder)
