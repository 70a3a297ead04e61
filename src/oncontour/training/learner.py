"""The network and its loss as one module: one call a step, which is what distribution and the compiler work on."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from oncontour.core.errors import InputError
from oncontour.networks.interface import DeeplySupervised, Network, Reconstructing
from oncontour.plans.training import LossPlan
from oncontour.training.losses import (
    Total,
    alone,
    cropped,
    deep_loss,
    divergence,
    segmentation_loss,
)


class Learner(nn.Module):
    """Gives the loss of a batch.

    Args:
        network: to train.
        plan: of the loss.
        total: adds up over the processes that share a batch.

    Raises:
        InputError: the plan asks for what the network does not offer.
    """

    def __init__(self, network: nn.Module, plan: LossPlan, total: Total = alone) -> None:
        super().__init__()
        self.network, self.plan, self.total = network, plan, total
        self.rebuilds = plan.reconstruction > 0 or plan.divergence > 0
        where = "plan: training.loss"
        remedy = "Choose a network that has it, or take it out of the loss."
        if self.rebuilds and not isinstance(network, Reconstructing):
            raise InputError(where, "weights for an autoencoder", "a network that rebuilds its input", remedy)
        if plan.deep_supervision and (self.rebuilds or not isinstance(network, DeeplySupervised)):
            raise InputError(where, "deep supervision", "a network with several outputs and no autoencoder", remedy)

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """Loss of images (B, C, i, j, k) and targets (B, T, i, j, k)."""
        target = cropped(target, cast(Network, self.network).margin)
        if self.plan.deep_supervision:
            outputs = cast(DeeplySupervised, self.network).forward_deep(image)
            return deep_loss(outputs, target, self.plan, self.total)
        if not self.rebuilds:
            return segmentation_loss(self.network(image), target, self.plan, self.total)
        rebuilt = cast(Reconstructing, self.network).forward_with_reconstruction(image)
        loss = segmentation_loss(rebuilt.logits, target, self.plan, self.total)
        loss = loss + self.plan.reconstruction * nn.functional.mse_loss(rebuilt.image.float(), image)
        return loss + self.plan.divergence * divergence(rebuilt.mean, rebuilt.log_variance)


def follow(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move a moving average of the weights towards them; norms' running figures too.

    The first steps count more, for the average begins at random weights.
    """
    weight = 1 - min(decay, (1 + step) / (10 + step))
    with torch.no_grad():
        # `state_dict` names a shared tensor more than once: nnU-Net's encoder would move four times a step.
        means = [*average.parameters(), *average.buffers()]
        values = [*network.parameters(), *network.buffers()]
        for mean, value in zip(means, values, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, weight)
            else:
                mean.copy_(value)
