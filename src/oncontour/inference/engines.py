"""What runs a network: torch, or OpenVINO; in full precision, or in bfloat16."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from typing import TYPE_CHECKING

from oncontour.core.errors import OutputError

if TYPE_CHECKING:
    from torch import nn


class Engine(StrEnum):
    """An engine. What each costs and changes: docs/engines.md."""

    TORCH = "torch"
    TORCH_BF16 = "torch-bf16"
    OPENVINO = "openvino"
    OPENVINO_BF16 = "openvino-bf16"


OF_OPENVINO = frozenset((Engine.OPENVINO, Engine.OPENVINO_BF16))


def choose_engine(name: str) -> Engine:
    """The engine of a name.

    Raises:
        OutputError: no such engine, or it is not installed.

    >>> choose_engine("torch-bf16")
    <Engine.TORCH_BF16: 'torch-bf16'>
    """
    if name not in list(Engine):
        raise OutputError("--engine", repr(name), f"one of {', '.join(Engine)}", "Give one of these.")
    engine = Engine(name)
    if engine in OF_OPENVINO and find_spec("openvino") is None:
        raise OutputError("--engine", "OpenVINO is not installed", engine, "pip install 'oncontour[openvino]'")
    return engine


def ready(network: nn.Module, channels: int, engine: Engine, digest: str) -> nn.Module:
    """A network as an engine runs it: from tiles (1, C, i, j, k) float32 to logits, with `stride` and `margin`.

    A network that OpenVINO cannot hold, or for which it gives other figures, is run by torch, and the log says so.

    Args:
        channels: that it takes.
        digest: of the network and its weights; what is made of them once is kept on this machine.
    """
    if engine is Engine.TORCH:
        return network
    if engine is Engine.TORCH_BF16:
        from oncontour.inference.half import Half

        return Half(network)
    from oncontour.inference.openvino import compiled

    return compiled(network, channels, digest, "bf16" if engine is Engine.OPENVINO_BF16 else "f32")
