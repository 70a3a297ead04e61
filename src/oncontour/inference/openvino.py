"""OpenVINO as an engine: a network's graph is made once on each machine, checked against torch, and kept.

The graph takes tiles of any size, so that no brain has to be padded to one.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

import oncontour
from oncontour.core.errors import OncontourError
from oncontour.data.files import explained
from oncontour.data.home import home
from oncontour.inference.tiling import stride_and_margin
from oncontour.networks.bf16 import ready_for_bf16
from oncontour.networks.norm import trace_for_bf16

if TYPE_CHECKING:
    import openvino

FOLDER = "openvino"

EDITION = 8
"""Of how graphs are made: those of an earlier one are left alone."""

TELEMETRY = "openvino_telemetry"
"""A package that tells a server on the internet of every import of OpenVINO, unless it is missing, or told not to."""

LEAST_SAMPLE = 32
"""Voxels along each axis of the samples that a graph is checked with; some networks take no fewer."""

TOLERANCE = 1e-3
"""Largest difference from torch, as a share of the largest logit: sums of another order differ by 1e-5."""

Precision = Literal["f32", "bf16"]

_log = logging.getLogger(__name__)


@cache
def runtime() -> ModuleType:
    """OpenVINO, imported as if its telemetry were not installed: nothing is sent, and nothing written to the home."""
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == TELEMETRY}
    sys.modules[TELEMETRY] = None  # pyright: ignore[reportArgumentType]
    try:
        return importlib.import_module("openvino")
    finally:
        del sys.modules[TELEMETRY]
        sys.modules.update(before)


class Compiled(nn.Module):
    """A network in OpenVINO; it runs on as many threads as torch would.

    It is compiled for the size of tile that it is given, and again when that changes, in some tenths of a second: for
    tiles of any size OpenVINO takes a sixth longer.

    Attributes:
        stride, margin: the network's own.
        memory_format: of the tiles it takes.
    """

    memory_format = torch.contiguous_format

    def __init__(self, graph: openvino.Model, network: nn.Module, precision: Precision) -> None:
        super().__init__()
        self.stride, self.margin = stride_and_margin(network)
        self._graph, self._precision = graph, precision
        self._shape, self._request = None, None

    def forward(self, tile: Tensor) -> Tensor:
        """Logits of a tile."""
        if self._request is None or tile.shape != self._shape:
            self._request, self._shape = self._compiled(list(tile.shape)), tile.shape
        found = self._request.infer({0: tile.contiguous().numpy()}, share_inputs=True)
        return torch.from_numpy(found[0])

    def _compiled(self, shape: list[int]) -> openvino.InferRequest:
        graph = self._graph.clone()
        graph.reshape({graph.inputs[0]: runtime().PartialShape(shape)})
        settings = {
            "INFERENCE_PRECISION_HINT": self._precision,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "ENABLE_CPU_PINNING": False,  # Several cases run beside one another, and would be pinned to the same cores.
        }
        return runtime().Core().compile_model(graph, "CPU", settings).create_infer_request()


def compiled(network: nn.Module, channels: int, digest: str, precision: Precision) -> nn.Module:
    """The network in OpenVINO; itself where OpenVINO cannot do the same, which is logged.

    Args:
        channels: that it takes.
        digest: of the network and its weights.
    """
    path = home() / FOLDER / _key(digest, precision) / "network.xml"
    try:
        if not path.exists():
            _make(network, channels, path, precision)
        return Compiled(runtime().Core().read_model(path), network, precision)
    except OncontourError as error:
        _log.warning("torch is used in place of OpenVINO: %s", error)
    except Exception as error:  # Its errors are many, and none may cost a case its result.
        _log.warning("torch is used in place of OpenVINO: %s", type(error).__name__)
    return network


def _key(digest: str, precision: Precision) -> str:
    """Of a graph: another version of either program makes it anew."""
    made = f"{digest} {precision} {oncontour.__version__} {EDITION} {runtime().get_version()}"
    return hashlib.sha256(made.encode()).hexdigest()[:24]


def _make(network: nn.Module, channels: int, path: Path, precision: Precision) -> None:
    """Make a graph, check it, and put it there whole.

    Raises:
        OncontourError: it gives other figures than torch, or cannot be kept.
    """
    samples = list(_samples(network, channels))
    if precision == "bf16":
        network = ready_for_bf16(network)
        trace_for_bf16(network)
    graph = _converted(network, samples[0])
    _check(graph, network, samples)
    folder = path.parent
    with explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".part", dir=folder.parent))
        try:
            runtime().save_model(graph, part / path.name, compress_to_fp16=False)
            if not folder.exists():  # Else another process was first: its graph is the same.
                part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _samples(network: nn.Module, channels: int) -> Iterator[Tensor]:
    """Two inputs of other shapes."""
    stride, margin = stride_and_margin(network)
    draw = torch.Generator().manual_seed(0)
    for more in ((0, 0, 1), (1, 0, 0)):
        sizes = [
            (max(2, -(-LEAST_SAMPLE // step)) + plus) * step + 2 * rim
            for step, rim, plus in zip(stride, margin, more, strict=True)
        ]
        yield torch.randn(1, channels, *sizes, generator=draw)


def _converted(network: nn.Module, sample: Tensor) -> Any:
    """OpenVINO's graph of a network, for tiles of any size."""
    partial_shape = runtime().PartialShape
    from openvino.frontend import FrontEndManager  # After `runtime`, which keeps its import silent.
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # Python's numbers in a trace are constants: `_check` finds where that matters.
        traced = torch.jit.trace(network, sample, check_trace=False)
        decoder = TorchScriptPythonDecoder(traced, example_input=sample)  # Must live while it is converted.
        frontend = FrontEndManager().load_by_framework("pytorch")
        graph = frontend.convert(frontend.load(decoder))
    graph.reshape({graph.inputs[0]: partial_shape([1, sample.shape[1], -1, -1, -1])})
    return graph


def _check(graph: Any, network: nn.Module, samples: list[Tensor]) -> None:
    """Compare with torch.

    Raises:
        OncontourError: it differs.
    """
    here = Compiled(graph, network, "f32")
    for sample in samples:
        with torch.inference_mode():
            expected = network(sample)
        found = here(sample)
        shape = tuple(expected.shape)
        if found.shape != expected.shape:
            raise _differs(f"logits of {tuple(found.shape)}", f"{shape}")
        difference, limit = float((found - expected).abs().max()), TOLERANCE * float(expected.abs().max())
        if not difference <= limit:
            raise _differs(f"logits that differ by {difference:.2g}", f"at most {limit:.2g}")


def _differs(found: str, expected: str) -> OncontourError:
    return OncontourError("OpenVINO", found, expected, "Report this with the bundle's plan.")
