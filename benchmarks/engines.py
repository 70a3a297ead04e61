"""What each engine changes: seconds, and the masks of real scans, against torch in full precision.

    python benchmarks/engines.py [--bundle default] [--scans NAME ...] [--rounds 3] [--write docs/engines.md]

Each scan is prepared once; then each engine in turn predicts it, `--rounds` times over, and its masks are made. Printed
are the medians of seconds, of the ratio to torch, the Dice of each mask with torch's, and how each region's Dice with
the expert's mask changes. Needs the extra `openvino`.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from conditions.cases import Case, chosen, read_case
from markdown_table import table

from oncontour.core.overlap import dice
from oncontour.core.volume import Volume
from oncontour.inference.bundle import Bundle, load_bundle
from oncontour.inference.engines import Engine
from oncontour.inference.predict import predict
from oncontour.pipeline.finding import find_tumour
from oncontour.pipeline.masks import native_masks
from oncontour.pipeline.models import Models
from oncontour.pipeline.options import Options
from oncontour.pipeline.progress import Clock

LIMIT = 0.001
"""By which the Dice of an engine's masks with torch's may fall short of 1, and the engine still be used unasked."""

PAGE = """# Engines

`oncontour segment --engine` says what runs the networks: `torch` (the default), `torch-bf16`, `openvino` or
`openvino-bf16` (`pip install 'oncontour[openvino]'`). bfloat16 is meant for large networks on processors with AMX, such
as those imported from nnU-Net (`python benchmarks/network_engines.py` times them); the shipped ones are so small that
little is won.

On a machine's first run with OpenVINO a network's graph is made, checked against torch on two random inputs, and kept
under `ONCONTOUR_HOME` (`~/.cache/oncontour`); a network that OpenVINO cannot hold, or that gives other figures there,
is run by torch, and the log says so. OpenVINO's telemetry is kept from being loaded: nothing is sent anywhere.

An engine whose masks have a Dice with torch's in full precision of less than 1 - {limit} on any real scan is not used
unasked. Bundle `{bundle}`, all scans, then each:

{seconds}

{changes}

*{machine}. `python benchmarks/engines.py --write docs/engines.md`; engines in turns, each scan prepared once, medians
of {rounds} rounds. Start: from weights on disk to the first tile, its graph kept by an earlier run.*
"""


@dataclass(frozen=True)
class Found:
    """What an engine found in a scan.

    Args:
        seconds: of each prediction.
        masks: (R, i, j, k) bool.
    """

    seconds: list[float]
    masks: Volume


def timed(work: Callable[[], Volume]) -> tuple[float, Volume]:
    """Seconds, and what was made."""
    began = perf_counter()
    made = work()
    return perf_counter() - began, made


def start(name: str, engine: Engine) -> tuple[float, Bundle]:
    """Seconds from weights on disk to the first small tile, and the bundle."""
    began = perf_counter()
    bundle = load_bundle(name, engine)
    bundle.probabilities(np.zeros((len(bundle.plan.channels), 32, 32, 32), np.float32))
    return perf_counter() - began, bundle


def run(case: Case, bundles: Mapping[Engine, Bundle], rounds: int) -> dict[Engine, Found]:
    """Every engine on one scan."""
    models = Models(str(bundles[Engine.TORCH].folder), Engine.TORCH)
    prepared = find_tumour(case.study, Options(), models, Clock(case.name), signs=False).prepared
    found: dict[Engine, Found] = {}
    for _ in range(rounds):
        for engine, bundle in bundles.items():
            seconds, output = timed(lambda bundle=bundle: predict(bundle, prepared.normalised, prepared.brain))
            known = found.get(engine)
            masks = known.masks if known else native_masks(output, prepared, bundle).regions
            found[engine] = Found([*(known.seconds if known else []), seconds], masks)
    return found


def against_expert(case: Case, masks: Volume, names: tuple[str, ...]) -> dict[str, float]:
    """Dice with the expert's mask, of each region that both have."""
    if case.truth is None:
        return {}
    return {name: dice(masks.array[names.index(name)], case.truth.array[n]) for n, name in enumerate(case.regions)}


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--scans", nargs="+", metavar="NAME", help="default: all but those kept for the last look")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", type=Path, metavar="FILE.md")
    given = parser.parse_args()
    for engine in Engine:
        start(given.bundle, engine)  # The graph is made and kept.
    starts, bundles = {}, {}
    for engine in Engine:
        starts[engine], bundles[engine] = start(given.bundle, engine)
    names = tuple(region.name for region in bundles[Engine.TORCH].scheme.regions)
    rows, ratios, seconds, worst = [], {e: [] for e in Engine}, {e: [] for e in Engine}, dict.fromkeys(Engine, 0.0)
    least = dict.fromkeys(Engine, 1.0)
    for study in chosen(given.scans):
        case = read_case(study)
        found = run(case, bundles, given.rounds)
        plain = found[Engine.TORCH]
        before = against_expert(case, plain.masks, names)
        for engine, one in found.items():
            seconds[engine].append(median(one.seconds))
            ratios[engine].append(median(one.seconds) / median(plain.seconds))
            if engine is Engine.TORCH:
                continue
            same = {name: dice(one.masks.array[n], plain.masks.array[n]) for n, name in enumerate(names)}
            after = against_expert(case, one.masks, names)
            change = {name: after[name] - before[name] for name in after}
            least[engine] = min([least[engine], *same.values()])
            worst[engine] = max([worst[engine], *map(abs, change.values())])
            cells = [f"{same[name]:.5f}" for name in names] + [
                f"{change[name]:+.5f}" if name in change else "" for name in names
            ]
            rows.append([case.name, str(engine), *cells])
            print(*rows[-1])
    changes = table(
        ["scan", "engine", *(f"{n} with torch's" for n in names), *(f"{n} with the expert's, change" for n in names)],
        rows,
    )
    times = table(
        ["engine", "s a scan", "of torch's", "start, s", "least Dice with torch's", "largest change of a Dice"],
        [
            [
                str(e),
                f"{median(seconds[e]):.2f}",
                f"{median(ratios[e]):.2f}",
                f"{starts[e]:.2f}",
                f"{least[e]:.5f}",
                f"{worst[e]:.5f}",
            ]
            for e in Engine
        ],
    )
    machine = f"{platform.machine()}, {torch.get_num_threads()} threads"
    page = PAGE.format(
        limit=LIMIT, bundle=given.bundle, changes=changes, seconds=times, machine=machine, rounds=given.rounds
    )
    print(page)
    if given.write:
        given.write.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
