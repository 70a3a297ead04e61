"""Runs of contenders, each in a process of its own, kept as JSON so that none is done twice; and what they scored."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, median
from typing import Any

from contenders.clock import Clock
from contenders.task import Task


@dataclass(frozen=True)
class Contender:
    """A program in one of its settings.

    Args:
        title: in tables.
        module, function: of `contenders`; the module's `prepare(task)` is called before any run.
    """

    title: str
    module: str
    function: str = "run"

    @property
    def folder(self) -> str:
        """Name of its runs."""
        return f"{self.module}-{self.function}"


@dataclass(frozen=True)
class Run:
    """What one run gave.

    Args:
        seconds, waited: of each step after the first epoch, but those that begin or end an epoch.
        peak_bytes: of memory while it trained: resident, or of the GPU.
        parameters: that were trained.
        dice: of the held-out cases, by region.
    """

    seconds: list[float]
    waited: list[float]
    peak_bytes: int
    parameters: int
    dice: Mapping[str, list[float]]

    @property
    def mean_dice(self) -> float:
        """Over regions and cases."""
        return fmean(value for values in self.dice.values() for value in values)


def prepare(contender: Contender, task: Task) -> None:
    """Let a contender prepare the cases, in a process of its own."""
    _in_process(_prepare, contender, task, task.work / f"prepare-{contender.module}.log")


def measure(contender: Contender, task: Task, seed: int, out: Path) -> Run:
    """Train, and predict and score where there are held-out cases; what was done is read again.

    Args:
        out: folder of this run.

    Raises:
        RuntimeError: the run failed; its log says why.
    """
    kept = out / "run.json"
    wanted = {"task": task.described(), "seed": seed}
    if kept.exists():
        content = json.loads(kept.read_text("utf-8"))
        if content.pop("asked") == json.loads(json.dumps(wanted)):
            return Run(**content)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    _in_process(_run, contender, task, out / "log.txt", seed, out)
    content = json.loads((out / "steps.json").read_text("utf-8"))
    found = Run(**content, dice=score(task, out) if task.held_out else {})
    part = kept.with_suffix(".part")
    part.write_text(json.dumps(asdict(found) | {"asked": wanted}), "utf-8")
    part.rename(kept)
    return found


def _in_process(work: Any, contender: Contender, task: Task, log: Path, *more: Any) -> None:
    process = get_context("spawn").Process(target=_logged, args=(work, contender, task, log, *more))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{contender.title} ended with {process.exitcode}; see {log}")


def _logged(work: Any, contender: Contender, task: Task, log: Path, *more: Any) -> None:
    """Do the work with all that it prints, errors too, in a file."""
    with (
        log.open("w", encoding="utf-8", buffering=1) as file,
        contextlib.redirect_stdout(file),
        contextlib.redirect_stderr(file),
    ):
        work(contender, task, *more)


def _prepare(contender: Contender, task: Task) -> None:
    importlib.import_module(f"contenders.{contender.module}").prepare(task)


def _run(contender: Contender, task: Task, seed: int, out: Path) -> None:
    import torch

    torch.set_num_threads(os.cpu_count() or 1)  # Whatever the environment says: the same for all.
    clock, module = Clock(), importlib.import_module(f"contenders.{contender.module}")
    parameters = getattr(module, contender.function)(task, seed, clock, out)
    peak = torch.cuda.max_memory_allocated() if task.device == "cuda" else clock.peak_bytes
    # Not the first epoch, in which a compiler may work and queues be fuller than later; nor an epoch's last step, whose
    # end is told by the first batch of the next, after validation and saving.
    inner = [n for n in range(task.steps, len(clock.seconds)) if 0 < n % task.steps < task.steps - 1]
    content = {
        "seconds": [round(clock.seconds[n], 4) for n in inner],
        "waited": [round(clock.waited[n], 4) for n in inner],
        "peak_bytes": peak,
        "parameters": parameters,
    }
    (out / "steps.json").write_text(json.dumps(content), "utf-8")


def score(task: Task, out: Path) -> dict[str, list[float]]:
    """Dice of every held-out case's predicted label map, by region."""
    import numpy as np

    from oncontour.core.labels import SCHEMES
    from oncontour.data.datasets import read_dataset
    from oncontour.data.datasets.images import read_label_map
    from oncontour.data.nifti import read_voxels
    from oncontour.evaluate.metrics import dice

    dataset = read_dataset(task.cohort("held_out"))
    scheme = SCHEMES[dataset.scheme]
    scores: dict[str, list[float]] = {region.name: [] for region in scheme.regions}
    for case in dataset.labelled:
        assert case.mask is not None, "labelled cases have a mask"
        truth = read_label_map(case.mask, dataset).array
        found = read_voxels(out / f"{case.name}.nii.gz")[0].array
        for region in scheme.regions:
            values = scheme.values(region)
            scores[region.name].append(dice(np.isin(found, values), np.isin(truth, values)))
    return scores


def in_turns(
    contenders: Sequence[Contender], run: Callable[[Contender, int], Run], count: int
) -> dict[Contender, list[Run]]:
    """Runs 0 to `count` - 1 of each, one contender after the other, so that what changes on the machine meets all."""
    runs: dict[Contender, list[Run]] = {one: [] for one in contenders}
    for number in range(count):
        for one in contenders:
            runs[one].append(run(one, number))
            print(f"{one.title}, {number + 1} of {count}: {median(runs[one][-1].seconds):.3f} s a step", flush=True)
    return runs


def time_steps(task: Task, contenders: Sequence[Contender], steps: int, rounds: int) -> dict[Contender, list[Run]]:
    """So many steps of each contender, in turns; nothing is predicted."""
    short = replace(task, held_out=0, epochs=2, steps=steps)  # The first epoch is left out.
    folder = task.work / f"steps-{steps}"
    return in_turns(contenders, lambda one, n: measure(one, short, n, folder / f"{one.folder}-{n}"), rounds)


def train(task: Task, contenders: Sequence[Contender], seeds: int) -> dict[Contender, list[Run]]:
    """A whole training of each contender for each seed, in turns."""
    folder = task.work / f"trained-{task.epochs}x{task.steps}"
    return in_turns(contenders, lambda one, n: measure(one, task, n, folder / f"{one.folder}-{n}"), seeds)
