"""torch in bfloat16: convolutions with half the bytes, which processors with AMX multiply several times faster."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from oncontour.inference.tiling import stride_and_margin
from oncontour.networks.bf16 import ready_for_bf16


class Half(nn.Module):
    """A network whose convolutions run in bfloat16, and whose logits are in full precision again.

    Attributes:
        stride, margin: the network's own.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.stride, self.margin = stride_and_margin(network)
        self._network = ready_for_bf16(network)

    def forward(self, tile: Tensor) -> Tensor:
        """Logits of a tile."""
        with torch.autocast(tile.device.type, torch.bfloat16):
            return self._network(tile).float()
