"""Every network on one phantom cohort: each trained by one command on the CPU, against a random forest.

    python benchmarks/networks.py [--networks nnunet,deepmedic] [--work DIR] [--write docs/networks-benchmark.md]

Makes 40 cases to train on and 16 held out (`cohort.py`), trains each network with `oncontour train` and its plan in
`benchmarks/plans/`, ends a training that takes longer than `LIMIT_SECONDS`, predicts the held-out cases with the bundle
as `oncontour segment` does, and scores them. What is in the work folder already is not done again, unless its plan has
changed. Needs scikit-learn for the forest. The machine should have nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from threading import Timer
from typing import Any

import torch
from cohort import HELD_OUT, TRAINING, Subject, absent, make, scores, subjects
from networks_table import FOREST, page
from numpy.typing import NDArray

from oncontour.data.files import write_json
from oncontour.inference.bundle import Bundle, load_bundle
from oncontour.inference.predict import predict
from oncontour.networks import NETWORKS
from oncontour.pipeline.masks import rules_of
from oncontour.plans.file import load_plan
from oncontour.plans.plan import Plan
from oncontour.postprocess.clean import clean_regions

HERE = Path(__file__).parent
LIMIT_SECONDS = 600.0


@dataclass(frozen=True)
class Ran:
    """What a command cost.

    Args:
        exit: its exit status; not 0 where it was ended at the limit.
        seconds: of wall time.
        cpu_seconds: of all its processes.
        peak_mb: of its largest process.
    """

    exit: int
    seconds: float
    cpu_seconds: float
    peak_mb: int


def run(command: Sequence[str], limit: float) -> Ran:
    """Run a command; SIGTERM after so many seconds."""
    began = time.perf_counter()
    with subprocess.Popen(command) as process:
        timer = Timer(limit, process.terminate)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    cpu = usage.ru_utime + usage.ru_stime
    return Ran(process.returncode, round(seconds, 1), round(cpu, 1), round(usage.ru_maxrss / 1024))


def label_map(bundle: Bundle, subject: Subject) -> NDArray:
    """What a bundle finds in a case (i, j, k), post-processed as its plan says."""
    found = predict(bundle, subject.images, subject.brain)
    regions = clean_regions(found.array, bundle.scheme, found.grid.voxel_volume_mm3, rules_of(bundle))
    return bundle.scheme.decode(regions)


def network_result(name: str, path: Path, folder: Path, training: Path, held_out: Path) -> dict[str, Any]:
    """Train a network by the plan at `path` and score it; taken from `folder` where it was done with the same plan."""
    plan = load_plan(path)
    done = _done(folder, plan)
    if done:
        return done
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "oncontour", "train", str(training), "--plan", str(path), "--fold", "none"]
    command += ["--device", "cpu", "--work", str(folder / "training"), "--out", str(folder / "bundle")]
    ran = run(command, LIMIT_SECONDS)
    result: dict[str, Any] = {
        "network": plan.network.name,
        "plan": plan.model_dump(mode="json"),
        "seconds": ran.seconds,
        "cpu_seconds": ran.cpu_seconds,
        "peak_mb": ran.peak_mb,
        "finished": ran.exit == 0,
    }
    if ran.exit and ran.seconds < LIMIT_SECONDS:
        raise RuntimeError(f"{name}: the training ended with exit status {ran.exit}")
    if not ran.exit:
        with ProcessPoolExecutor(
            1, get_context("spawn")
        ) as apart:  # A process that grew would lend its peak to the next.
            result |= apart.submit(_judged, folder / "bundle", name, held_out).result()
        result["parts"] = json.loads((folder / "training" / "manifest.json").read_text("utf-8"))["seconds"]
    write_json(folder / "result.json", result)
    return result


def _done(folder: Path, plan: Plan) -> dict[str, Any] | None:
    path = folder / "result.json"
    result = json.loads(path.read_text("utf-8")) if path.exists() else None
    return result if result and result["plan"] == plan.model_dump(mode="json") else None


def _judged(path: Path, name: str, held_out: Path) -> dict[str, Any]:
    """Size of a bundle's networks, Dice of each held-out case, and seconds that a case took."""
    bundle = load_bundle(path)
    networks = list(bundle.networks[0].values())
    found, seconds = {}, 0.0
    for subject in subjects(held_out):
        began = time.perf_counter()
        labels = label_map(bundle, subject)
        seconds += time.perf_counter() - began
        found[subject.name] = scores(labels, subject.labels)
        print(f"{name}:", subject.name, *(f"{one} {dice:.2f}" for one, dice in found[subject.name].items()), flush=True)
    return {
        "networks": len(networks),
        "parameters": sum(parameter.numel() for network in networks for parameter in network.parameters()),
        "seconds_a_case": round(seconds / len(found), 2),
        "dice": found,
    }


def forest_result(folder: Path, training: Path, held_out: Path) -> dict[str, Any]:
    """Train and score the forest, in a process of its own; taken from the folder where it was done before."""
    path = folder / "result.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(HERE / "forest.py"), str(training), str(held_out), str(path)]
        subprocess.run(command, check=True)
    return json.loads(path.read_text("utf-8"))


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def main() -> None:
    """Make the cohort, train what is asked for, write results and page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default=",".join(NETWORKS), help="names with commas between them; default: all")
    parser.add_argument("--work", type=Path, default=Path("runs/networks"))
    parser.add_argument("--plans", type=Path, default=HERE / "plans", help="folder of NETWORK.yaml")
    parser.add_argument("--write", type=Path, help="the page, in Markdown; figures go to benchmarks/results/, too")
    parser.add_argument("--cases", type=int, nargs=2, default=(TRAINING, HELD_OUT), metavar=("TRAINING", "HELD_OUT"))
    arguments = parser.parse_args()
    unknown = set(arguments.networks.split(",")) - set(NETWORKS)
    if unknown:
        parser.error(f"no network {', '.join(sorted(unknown))}; there are {', '.join(NETWORKS)}")
    training, held_out = make(arguments.work / "cohort", *arguments.cases)
    results = {FOREST: forest_result(arguments.work / FOREST, training, held_out)}
    for name in NETWORKS:
        path = arguments.plans / f"{name}.yaml"
        if name in arguments.networks.split(","):
            results[name] = network_result(name, path, arguments.work / name, training, held_out)
        elif done := _done(arguments.work / name, load_plan(path)):
            results[name] = done
    content = {
        "machine": machine(),
        "limit_seconds": LIMIT_SECONDS,
        "cases": list(arguments.cases),
        "absent": absent(held_out),
        "results": results,
    }
    text = page(content)
    print(text)
    if arguments.write:
        (HERE / "results").mkdir(exist_ok=True)
        write_json(HERE / "results" / "networks.json", content)
        arguments.write.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
