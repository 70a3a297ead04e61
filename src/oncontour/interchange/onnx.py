"""Writing a bundle as one ONNX graph: image in, probabilities of regions out, folds averaged inside."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from oncontour.core.errors import BundleError, OutputError
from oncontour.inference.bundle import Bundle
from oncontour.inference.tiling import stride_and_margin

TOLERANCE = 1e-4
"""Largest difference in a probability from what torch gives."""

OPSET = 18

LARGEST = 1024
"""Strides along an axis: more than any image has."""


@dataclass(frozen=True)
class OnnxFile:
    """A graph that was written.

    Args:
        path: of the file.
        shape: of its input (1, C, i, j, k); None for an axis of any size.
        multiple: what sizes must be multiples of.
        difference: largest difference from torch in a probability; None: onnxruntime is not installed, nothing checked.
    """

    path: Path
    shape: tuple[int | None, ...]
    multiple: tuple[int, int, int]
    difference: float | None


class _Ensemble(nn.Module):
    """One tile (1, C, i, j, k) to the probabilities (1, R, ...) of its regions."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__()
        self.folds = nn.ModuleList(parts[""] for parts in bundle.networks)
        self.activation, self.logits = bundle.activation, bundle.plan.inference.average == "logits"

    def forward(self, image: Tensor) -> Tensor:
        total = None
        for network in self.folds:
            part = network(image) if self.logits else self.activation(network(image))
            total = part if total is None else total + part
        assert total is not None  # a bundle has at least one fold
        mean = total / len(self.folds)
        return self.activation(mean) if self.logits else mean


def export_onnx(bundle: Bundle, path: Path) -> OnnxFile:
    """Write the graph of one tile; tiling, mirroring and preprocessing stay the caller's.

    Axes may have any size that is a multiple of the network's stride, where the exporter manages; else they have the
    size that the result states. The file is checked with onnxruntime where that is installed.

    Raises:
        BundleError: a cascade, or a network that ONNX cannot hold, or that gives other probabilities there.
        OutputError: `onnx` and `onnxscript` are not installed.
    """
    if bundle.plan.stages:
        remedy = "Export a bundle of one network."
        raise BundleError(bundle.folder, "a cascade, which crops between its networks", "one network", remedy)
    if find_spec("onnxscript") is None:
        raise OutputError(path, "no onnxscript", "what torch exports with", "pip install onnx onnxscript onnxruntime")
    model = _Ensemble(bundle).eval()
    multiple, margin = stride_and_margin(bundle.networks[0][""])
    # Two strides: where only one voxel is left at the deepest stage, the exporter takes its size for fixed.
    size = [max(2 * step, 4) + 2 * rim for step, rim in zip(multiple, margin, strict=True)]
    inputs = int(bundle.plan.network.arguments["inputs"])
    sample = torch.randn(1, inputs, *size, generator=torch.Generator().manual_seed(0))
    part = path.with_name(path.name + ".part")
    try:
        _write(bundle, model, sample, multiple, part)
        shape = _shape(part)
        grown = [step if free is None else 0 for step, free in zip(multiple, shape[2:], strict=True)]
        larger = torch.nn.functional.pad(sample, [n for more in reversed(grown) for n in (0, more)])
        difference = _difference(model, [sample, larger], part)
        if difference is not None and not difference <= TOLERANCE:
            found = f"a graph whose probabilities differ by {difference:.2g}"
            remedy = "Please report this with the bundle's plan."
            raise BundleError(bundle.folder, found, f"at most {TOLERANCE:g}", remedy)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return OnnxFile(path, shape, multiple, difference)


def _write(bundle: Bundle, model: nn.Module, sample: Tensor, multiple: tuple[int, int, int], path: Path) -> None:
    """Write the graph with axes of any size, or else of the sample's."""
    axes = zip("ijk", multiple, strict=True)
    sizes = {2 + n: step * torch.export.Dim(axis, min=1, max=LARGEST) for n, (axis, step) in enumerate(axes)}
    error: Exception | None = None
    for shapes in ({"image": sizes}, None):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Of torch's own internals.
                torch.onnx.export(
                    model,
                    (sample,),
                    str(path),
                    input_names=["image"],
                    output_names=["probabilities"],
                    dynamic_shapes=shapes,
                    opset_version=OPSET,
                    dynamo=True,
                    external_data=False,
                    verbose=False,
                )
            return
        except Exception as failure:  # The exporter fails in many ways; the second attempt asks for less.
            error = failure
    found = f"a network that ONNX cannot hold ({type(error).__name__})"
    raise BundleError(bundle.folder, found, "operations of ONNX", "Export another network.") from error


def _shape(path: Path) -> tuple[int | None, ...]:
    """The input's shape as the graph states it; None for an axis of any size."""
    import onnx

    dims = onnx.load(path).graph.input[0].type.tensor_type.shape.dim
    return tuple(int(dim.dim_value) or None for dim in dims)


def _difference(model: nn.Module, samples: list[Tensor], path: Path) -> float | None:
    if find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for sample in samples:
        with torch.inference_mode():
            expected: NDArray[np.float32] = model(sample).numpy()
        found = session.run(None, {"image": sample.numpy()})[0]
        worst = max(worst, float(np.abs(np.asarray(found) - expected).max()))
    return worst
