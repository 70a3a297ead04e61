"""What a training step needs of memory: counted on the network itself, without running it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oncontour.core.errors import InputError
from oncontour.networks import NETWORKS
from oncontour.plans.fields import Size
from oncontour.plans.training import TrainingPlan

UNITS = {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}

STATES = {"sgd": 1, "adam": 2, "adamw": 2}
"""Copies of the weights that an optimiser keeps."""

HEADROOM = 1.25
"""Over what is counted: workspaces of convolutions, fragments, the library itself."""


def parse_memory(text: str) -> int:
    """Bytes.

    >>> parse_memory("8GB"), parse_memory("11 GiB")
    (8000000000, 11811160064)

    Raises:
        InputError: no number with a unit.
    """
    match = re.fullmatch(r"\s*([0-9.]+)\s*([kmgt]i?b)\s*", text.lower())
    try:
        size = int(float(match[1]) * UNITS[match[2]]) if match else 0
    except ValueError:
        size = 0
    if size <= 0:
        raise InputError("memory", repr(text), "a number and GB, GiB, MB or MiB", "Give --memory 8GB, for example.")
    return size


@dataclass(frozen=True)
class StepMemory:
    """Bytes of a training step.

    Args:
        fixed: weights, their gradients, what the optimiser keeps, the moving average.
        patch: what one patch leaves to be kept for the backward pass, and the largest gradient on its way.
    """

    fixed: int
    patch: int

    def batch(self, memory: int) -> int:
        """Patches that fit."""
        return max(int((memory / HEADROOM - self.fixed) // self.patch), 0)


def step_memory(name: str, arguments: Mapping[str, Any], patch: Size, training: TrainingPlan) -> StepMemory:
    """Count what a step keeps, on torch's meta device: shapes without voxels.

    Args:
        name, arguments: of the network.
        patch: voxels along each axis of what the network reads.
        training: for its optimiser, precision (auto counts as bf16) and loss.
    """
    import torch

    with torch.device("meta"):
        network = NETWORKS[name](**arguments).train()
        image = torch.empty(1, arguments["inputs"], *patch)
    weights = sum(parameter.nbytes for parameter in network.parameters())
    own = {parameter.untyped_storage()._cdata for parameter in network.parameters()}
    kept: dict[int, Any] = {}  # storages themselves, so that none is freed and its number given to another

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage
        return tensor

    loss = training.loss
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        if loss.reconstruction or loss.divergence:
            outputs = network.forward_with_reconstruction(image)  # pyright: ignore[reportCallIssue]
        elif loss.deep_supervision:
            outputs = network.forward_deep(image)  # pyright: ignore[reportCallIssue]
        else:
            outputs = (network(image),)
    sizes = [storage.nbytes() for storage in kept.values()]
    # The loss is computed in fp32 whatever the precision: logits, probabilities, targets, and their gradients.
    losses = 5 * sum(output.nbytes for output in outputs)
    share = 1.0 if training.precision == "fp32" else 0.5
    copies = 2 + STATES[training.optimiser.name] + (training.average_decay is not None)
    return StepMemory(copies * weights, int((sum(sizes) + 2 * max(sizes)) * share) + losses)
