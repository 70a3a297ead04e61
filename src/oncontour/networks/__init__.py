"""Networks: plain modules from (B, C, D, H, W) to logits of the same grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from oncontour.networks.unet import ResidualUNet

if TYPE_CHECKING:
    from torch import nn

NETWORKS: dict[str, Callable[..., nn.Module]] = {"residual_unet": ResidualUNet}
"""Every network by the name that plans use."""
