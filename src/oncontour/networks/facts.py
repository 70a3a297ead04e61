"""Facts of a network, counted on the network itself: parameters, how far it sees, what a patch costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.utils.flop_counter import FlopCounterMode

from oncontour.core.errors import InputError
from oncontour.networks import NETWORKS
from oncontour.networks.receptive_field import receptive_field
from oncontour.networks.standard import INPUTS, STANDARD

if TYPE_CHECKING:
    from torch import nn

    from oncontour.networks.interface import Network


@dataclass(frozen=True)
class NetworkFacts:
    """What can be said of a network without training it.

    Args:
        name: of `STANDARD`.
        paper: where it comes from.
        parameters: all of them, a branch for training alone included.
        trainable: of these.
        receptive_field: voxels along each axis that a logit depends on, through convolutions and pools
            (`receptive_field`).
        patch: voxels along each axis of the image that `gflops` is of.
        predicted: voxels along each axis of its logits: fewer where there is a margin.
        inputs, outputs: channels.
        gflops: 10^9 operations of `forward` on one patch; a multiplication and its addition count as two.
        stride, margin: the network's.
    """

    name: str
    paper: str
    parameters: int
    trainable: int
    receptive_field: tuple[int, int, int]
    patch: tuple[int, int, int]
    predicted: tuple[int, int, int]
    inputs: int
    outputs: int
    gflops: float
    stride: tuple[int, int, int]
    margin: tuple[int, int, int]


def facts(name: str, arguments: Mapping[str, Any] | None = None, patch: Sequence[int] | None = None) -> NetworkFacts:
    """Count a network, without memory for its weights or time for its patch (both on torch's meta device).

    Args:
        name: of `STANDARD`, which has every name of `NETWORKS`.
        arguments: others than the standard ones, all that the network is made with.
        patch: another than the standard one.

    Raises:
        InputError: no such network.

    >>> found = facts("ca_cnn")
    >>> found.parameters, found.receptive_field
    (214344, (231, 231, 9))
    """
    if name not in STANDARD:
        raise InputError("network", repr(name), f"one of {', '.join(STANDARD)}", "Correct the network's name.")
    standard = STANDARD[name]
    if arguments is None:
        arguments = {"inputs": INPUTS, "outputs": standard.outputs, **standard.arguments}
    size = tuple(patch or standard.patch)
    network = _build(standard.network, arguments)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        logits = network(torch.empty(1, arguments["inputs"], *size, device="meta"))
    faces = cast("Network", network)
    return NetworkFacts(
        name=name,
        paper=standard.paper,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        trainable=sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad),
        receptive_field=receptive_field(_build(standard.network, arguments), arguments["inputs"]),
        patch=cast("tuple[int, int, int]", size),
        predicted=tuple(logits.shape[2:]),
        inputs=arguments["inputs"],
        outputs=logits.shape[1],
        gflops=counter.get_total_flops() / 1e9,
        stride=faces.stride,
        margin=faces.margin,
    )


def _build(name: str, arguments: Mapping[str, Any]) -> nn.Module:
    with torch.device("meta"):
        return NETWORKS[name](**arguments).eval()
