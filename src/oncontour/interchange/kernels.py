"""U-Nets whose decoder has the kernels of the stage below (nnU-Net 1, MONAI's DynUNet), as nnU-Net 2's.

In nnU-Net 2's a stage has one size of kernels on the way down and up. Where the two differ, the smaller ones are padded
with zeros, which changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def shared_kernels(encoder: Sequence[Sequence[int]]) -> list[list[int]]:
    """Kernels of each stage that hold both the encoder's and the decoder's, which are the stage below's."""
    below = [*encoder[1:], encoder[-1]]
    return [[max(pair) for pair in zip(own, deeper, strict=True)] for own, deeper in zip(encoder, below, strict=True)]


def pad_kernels(state: Mapping[str, Tensor], kernels: Sequence[Sequence[int]]) -> dict[str, Tensor]:
    """Weights by nnU-Net 2's names, kernels smaller than their stage's in the middle of zeros."""

    def pad(name: str, value: Tensor) -> Tensor:
        found = re.match(r"(encoder|decoder)\.stages\.(\d+)\..*conv\.weight", name)
        if not found:
            return value
        stage = int(found[2]) if found[1] == "encoder" else len(kernels) - 2 - int(found[2])
        room = [(wide - own) // 2 for wide, own in zip(kernels[stage], value.shape[2:], strict=True)]
        return torch.nn.functional.pad(value, [n for r in reversed(room) for n in (r, r)])

    return {name: pad(name, value) for name, value in state.items()}
