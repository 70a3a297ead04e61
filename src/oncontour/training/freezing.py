"""Halves of a network that stay as they are while the other learns (paper 001: encoder or decoder frozen)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import nn

from oncontour.core.errors import InputError
from oncontour.networks.interface import Network
from oncontour.plans.training import Half


def freeze(network: nn.Module, halves: Sequence[Half]) -> None:
    """Take the halves' parameters out of the training.

    Raises:
        InputError: nothing is left to train.
    """
    faces = cast(Network, network)
    parameters = {"encoder": faces.encoder_parameters, "decoder": faces.decoder_parameters}
    for half in halves:
        for parameter in parameters[half]():
            parameter.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in network.parameters()):
        remedy = "Freeze one half at most."
        raise InputError("plan: training.freeze", ", ".join(halves), "a half that is trained", remedy)


def learn(network: nn.Module) -> None:
    """Training mode, but frozen norms keep their running statistics too; those without any have none to keep."""
    network.train()
    for module in network.modules():
        own = list(module.parameters(recurse=False))
        if getattr(module, "running_mean", None) is not None and own and not any(one.requires_grad for one in own):
            module.eval()
