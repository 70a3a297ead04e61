"""Where a tile's time goes in OpenVINO's bf16, beside what this machine can do at best.

    python benchmarks/network_profile.py --work DIR [--write docs/network-profile.md]

Run it in .venv-peers (`make peers`), on an otherwise idle machine; DIR is that of benchmarks/sliding_window.py.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from markdown_table import table
from windows.tasks import INPUTS, TASKS, made, prepare

from oncontour.inference.engines import Engine, ready
from oncontour.inference.openvino import Compiled, runtime
from oncontour.networks.facts import facts
from oncontour.pipeline.options import Options
from oncontour.pipeline.speed import measure_machine

TASK = TASKS["plain"]
RUNS = 5
CONVOLUTIONS = ("Convolution", "Deconvolution")

PAGE = """# Where a network's time goes

```
python benchmarks/network_profile.py --work DIR --write docs/network-profile.md
```

{title}, one tile of {tile} voxels in OpenVINO's bf16 on {cores} cores:
the fastest of {runs} runs took {seconds:.3f} s. At best this machine does {peak:.2f} TFLOP/s in bf16 (matrix products)
and copies {copied:.0f} GB/s, read and written, both measured in this run. Bytes are those of each layer's inputs and
outputs.

{rows}

Convolutions do {gflops:.0f} GFLOP, a multiplication and its addition as two: **{rate:.2f} TFLOP/s, {share:.0%} of the
best**; over all of the tile's time {whole:.0%}.
"""


@dataclass
class Kind:
    """All layers of a kind.

    Args:
        seconds: in one run.
        gigabytes: read and written.
        layers: how many.
    """

    seconds: float = 0.0
    gigabytes: float = 0.0
    layers: int = 0


def main() -> None:
    """Run, count, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder of benchmarks/sliding_window.py")
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write")
    given = parser.parse_args()
    machine = measure_machine(Options())
    torch.set_num_threads(machine.used)
    seconds, kinds = profiled(given.work / "plain")
    gflops = facts(TASK.network, patch=list(TASK.tile)).gflops
    convolving = sum(kinds[name].seconds for name in CONVOLUTIONS if name in kinds)
    rate, peak = gflops / convolving / 1e3, machine.bf16_tflops
    rows = [
        [name, str(kind.layers), f"{kind.seconds:.3f}", f"{kind.seconds / seconds:.0%}", f"{kind.gigabytes:.2f}",
         f"{kind.gigabytes / kind.seconds:.1f}"]
        for name, kind in sorted(kinds.items(), key=lambda item: -item[1].seconds) if kind.seconds > seconds / 1000
    ]  # fmt: skip
    text = PAGE.format(
        title=TASK.title, tile=" x ".join(map(str, TASK.tile)), cores=machine.used, runs=RUNS, seconds=seconds,
        peak=peak, copied=machine.copied_gb_s, gflops=gflops, rate=rate, share=rate / peak,
        whole=gflops / seconds / 1e3 / peak,
        rows=table(["layers", "count", "seconds", "share", "GB", "GB/s"], rows, numbers=True),
    )  # fmt: skip
    print(text)
    if given.write:
        given.write.write_text(text, "utf-8")


def profiled(folder: Path) -> tuple[float, dict[str, Kind]]:
    """Seconds of the fastest run, and what its layers took."""
    prepare(TASK, folder)
    network = made(TASK, folder).requires_grad_(False)
    runner = ready(network, INPUTS, Engine.OPENVINO_BF16, f"profile {(folder / 'weights.safetensors').stat()}")
    assert isinstance(runner, Compiled), "OpenVINO holds this network"
    graph = runner._graph.clone()
    graph.reshape({graph.inputs[0]: runtime().PartialShape([1, INPUTS, *TASK.tile])})
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16", "PERFORMANCE_HINT": "LATENCY", "PERF_COUNT": True,
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }  # fmt: skip
    model = runtime().Core().compile_model(graph, "CPU", settings)
    request = model.create_infer_request()
    tile = np.zeros((1, INPUTS, *TASK.tile), np.float32)
    best, kinds = float("inf"), {}
    for _ in range(1 + RUNS):
        request.infer({0: tile}, share_inputs=True)
        found = _kinds(model.get_runtime_model())
        took = sum(kind.seconds for kind in found.values())
        if took < best:
            best, kinds = took, found
    return best, kinds


def _kinds(executed: Any) -> dict[str, Kind]:
    kinds: dict[str, Kind] = defaultdict(Kind)
    for layer in executed.get_ops():
        about = layer.get_rt_info()
        took = about["execTimeMcs"].value
        if not took.isdigit():
            continue  # "not_executed": a constant, or part of another layer.
        kind = kinds[about["layerType"].value]
        ports = (*layer.inputs(), *layer.outputs())
        kind.seconds += int(took) / 1e6
        kind.gigabytes += sum(np.prod(list(port.get_shape())) * port.get_element_type().size for port in ports) / 1e9
        kind.layers += 1
    return dict(kinds)


if __name__ == "__main__":
    main()
