"""How fast each engine runs each network, against the peak of this machine's matrix products.

    python benchmarks/network_engines.py [--networks nnunet ...] [--rounds 3] [--write docs/network-engines.md]

Every network of `oncontour networks` with untrained weights, on its standard patch; engines in turns. Operations are
counted (a multiplication and its addition are two); the peak is that of square matrix products in the same run. Needs
the extra `openvino`.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from markdown_table import table
from torch import nn

from oncontour.inference.engines import Engine, ready
from oncontour.networks import build_network
from oncontour.networks.facts import NetworkFacts, facts
from oncontour.networks.standard import INPUTS, STANDARD
from oncontour.pipeline.speed import product_rate

SIDE = 4096
"""Of the square matrices."""

PAGE = """# Engines and networks

Seconds for one standard patch of each network of `oncontour networks`, with untrained weights: the median of {rounds}
rounds, engines in turns, after one that is not counted. Beside each, the share of this machine's peak, which is that of
products of matrices of {side} x {side}, in the same run: {peaks} TFLOP/s. A share above 1 says that a convolution came
nearer to the hardware than the product did.

{rows}

*{machine}. `python benchmarks/network_engines.py --write docs/network-engines.md`. [What engines change](engines.md) in
masks of real scans.*
"""

PRECISION = {
    Engine.TORCH: torch.float32,
    Engine.OPENVINO: torch.float32,
    Engine.TORCH_BF16: torch.bfloat16,
    Engine.OPENVINO_BF16: torch.bfloat16,
}


def seconds(work: Callable[[], object]) -> float:
    """That a call takes."""
    began = perf_counter()
    work()
    return perf_counter() - began


def made(name: str) -> nn.Module:
    """A network as bundles load it."""
    standard = STANDARD[name]
    arguments = {"inputs": INPUTS, "outputs": standard.outputs, **standard.arguments}
    torch.manual_seed(0)
    network = build_network(standard.network, arguments).eval().requires_grad_(False)
    return network.to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]


def timed(name: str, known: NetworkFacts, rounds: int) -> dict[Engine, float]:
    """Median seconds of a patch, by engine."""
    network = made(name)
    engines = {engine: ready(network, INPUTS, engine, f"benchmark {name}") for engine in Engine}
    tile = torch.randn(1, INPUTS, *known.patch).contiguous(memory_format=torch.channels_last_3d)
    found: dict[Engine, list[float]] = {engine: [] for engine in Engine}
    with torch.inference_mode():
        for number in range(1 + rounds):
            for engine, one in engines.items():
                took = seconds(lambda one=one: one(tile))
                if number:
                    found[engine].append(took)
    return {engine: median(some) for engine, some in found.items()}


def main() -> None:
    """Time, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=list(STANDARD), choices=list(STANDARD), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", type=Path, metavar="FILE.md")
    given = parser.parse_args()
    peaks = {dtype: product_rate(dtype, SIDE) for dtype in (torch.float32, torch.bfloat16)}
    rows = []
    for name in given.networks:
        known = facts(name)
        took = timed(name, known, given.rounds)
        shares = {engine: known.gflops * 1e9 / one / peaks[PRECISION[engine]] for engine, one in took.items()}
        size = " x ".join(map(str, known.patch))
        cells = [f"{one:.2f} ({shares[engine]:.2f})" for engine, one in took.items()]
        rows.append([name, f"{known.parameters / 1e6:.1f}", size, f"{known.gflops:.0f}", *cells])
        print(*rows[-1], flush=True)
    head = ["network", "10^6 parameters", "patch", "GFLOP", *(f"{engine}, s (of peak)" for engine in Engine)]
    page = PAGE.format(
        rounds=given.rounds,
        side=SIDE,
        peaks=f"{peaks[torch.float32] / 1e12:.2f} in fp32, {peaks[torch.bfloat16] / 1e12:.2f} in bf16",
        rows=table(head, rows, numbers=True),
        machine=f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}",
    )
    print(page)
    if given.write:
        given.write.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
