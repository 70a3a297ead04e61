"""Tables of what contenders took and scored, and the record of a benchmark."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from contenders.runs import Contender, Run
from contenders.same_steps import Losses
from contenders.task import Task

STEPS = """\
The median of steps in rounds that take turns, each program alone on the machine in a process of its own, the first half
of each round left out: from one batch asked for to the next. Memory is the largest resident size of the training
process, or what torch allocated on the GPU."""

SAME = """\
From the same weights, on the same batches (nnU-Net's), at the same learning rates, in fp32 on the CPU, each by its own
training step: where nothing is drawn, any difference is one of the programs."""

RESULTS = Path(__file__).parents[1] / "results"

Runs = Mapping[Contender, list[Run]]
"""Of each contender; the first is the one that the others are compared with."""

PACKAGES = ("torch", "nnunetv2", "batchgeneratorsv2", "dynamic-network-architectures", "monai", "numpy")


def step_seconds(runs: list[Run]) -> float:
    """The median step."""
    return median(second for run in runs for second in run.seconds)


def step_table(timed: Runs) -> str:
    """Median seconds a step and what of them is waiting for data; memory."""
    base = step_seconds(next(iter(timed.values())))
    rows = [
        "| | seconds a step | of them waiting for data | share of the first | memory, GB |",
        "|---|---|---|---|---|",
    ]
    for one, runs in timed.items():
        whole, waited = step_seconds(runs), median(second for run in runs for second in run.waited)
        peak = max(run.peak_bytes for run in runs) / 1e9
        rows.append(f"| {one.title} | {whole:.3f} | {waited:.3f} | {whole / base:.2f} | {peak:.2f} |")
    return "\n".join(rows)


def dice_table(trained: Runs) -> str:
    """Mean Dice a region and over all, seed by seed; mean and standard deviation over seeds."""
    regions = list(next(iter(trained.values()))[0].dice)
    rows = [f"| | seed | {' | '.join(regions)} | mean |", "|---" * (len(regions) + 3) + "|"]
    for one, runs in trained.items():
        for seed, run in enumerate(runs):
            means = " | ".join(f"{fmean(run.dice[name]):.3f}" for name in regions)
            rows.append(f"| {one.title} | {seed} | {means} | {run.mean_dice:.3f} |")
        if len(runs) > 1:
            means = " | ".join(f"{fmean(fmean(run.dice[name]) for run in runs):.3f}" for name in regions)
            rows.append(f"| {one.title} | all | {means} | {mean(runs):.3f} ± {spread(runs):.3f} |")
    return "\n".join(rows)


def mean(runs: list[Run]) -> float:
    """Of the seeds' mean Dice."""
    return fmean(run.mean_dice for run in runs)


def spread(runs: list[Run]) -> float:
    """Standard deviation of the seeds' mean Dice."""
    return stdev(run.mean_dice for run in runs)


def compared(trained: Runs) -> str:
    """Each contender against the first, with the larger of their spreads over seeds."""
    (first, base), *others = trained.items()
    sentences = []
    for one, runs in others:
        gain, noise = mean(runs) - mean(base), max(spread(runs), spread(base))
        word = "within" if abs(gain) <= noise else "beyond"
        sentences.append(
            f"{one.title} against {first.title}: mean Dice {gain:+.3f}, {word} the spread over seeds "
            f"(SD, the larger of the two: {noise:.3f})."
        )
    return "\n".join(sentences)


def setting(task: Task, runs: Runs, device: str) -> str:
    """What was trained on what, in a paragraph."""
    parameters = ", ".join(f"{one.title} {own[0].parameters:,}" for one, own in runs.items())
    features = "-".join(map(str, task.features))
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{task.training} phantom cases to train on and {task.held_out} held out, {task.spacing_mm:g} mm, four "
        f"sequences, three nested regions. Patch {task.edge}³, batch {task.batch}, U-Net of {features} channels; "
        f"parameters: {parameters}. {task.workers} process(es) drawing batches. {device}; {versions}."
    )


def processor() -> str:
    """The CPU's name and cores."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def same_table(losses: Losses) -> str:
    """The loss of some of the steps, and how far the two are apart at most."""
    theirs, own = losses
    shown = sorted({0, *range(4, len(theirs), 5), len(theirs) - 1})
    rows = ["| step | nnU-Net v2 | Oncontour |", "|---|---|---|"]
    rows += [f"| {step + 1} | {theirs[step]:.5f} | {own[step]:.5f} |" for step in shown]
    apart = max(abs(a - b) for a, b in zip(theirs, own, strict=True))
    return "\n".join(rows) + f"\n\nOver {len(theirs)} steps the losses differ by {apart:.1g} at most."


def write_report(
    title: str, task: Task, timed: Runs, losses: Losses | None, trained: Runs, device: str, page: Path | None
) -> None:
    """Print the page; write it, and every number as JSON of the same name, where a file is given."""
    parts = [f"# {title}", setting(task, timed, device), "## Seconds a step", STEPS, step_table(timed)]
    if losses:
        parts += ["## The same steps", SAME, same_table(losses)]
    if any(trained.values()):
        steps = f"{task.epochs * task.steps} steps each; nnU-Net and Oncontour begin with the same weights at a seed."
        parts += ["## Dice", f"{steps} Mean Dice of the held-out cases.", dice_table(trained)]
    if all(len(runs) > 1 for runs in trained.values()) and trained:
        parts.append(compared(trained))
    if page:
        parts.append(f"    python benchmarks/{Path(sys.argv[0]).name} --work DIR --write docs/{page.name}")
    text = "\n\n".join(parts) + "\n"
    print(text)
    if page:
        page.write_text(text, "utf-8")
        RESULTS.mkdir(exist_ok=True)
        content = json.dumps(record(task, timed, losses, trained, device), indent=1)
        (RESULTS / f"{page.stem}.json").write_text(content + "\n", "utf-8")


def record(task: Task, timed: Runs, losses: Losses | None, trained: Runs, device: str) -> dict[str, Any]:
    """Every number, for a JSON file."""
    return {
        "device": device,
        "versions": {name: version(name) for name in PACKAGES},
        "task": task.described(),
        "steps": {one.title: [asdict(run) for run in runs] for one, runs in timed.items()},
        "same_steps": losses,
        "trainings": {one.title: [asdict(run) for run in runs] for one, runs in trained.items()},
    }
