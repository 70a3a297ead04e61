"""What a user asks of a training, beside the plan; and the fixed things of its folder."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from oncontour.core.errors import InputError
from oncontour.data.files import write_json
from oncontour.inference.bundle import load_bundle
from oncontour.inference.weights import SUFFIX
from oncontour.plans.file import load_plan, save_plan
from oncontour.plans.plan import Plan
from oncontour.training.fanout import Queue
from oncontour.training.job import jobs_of_fold
from oncontour.training.machine import Machine, started_outside
from oncontour.training.state import make_network
from oncontour.training.transfer import begin

READY = "ready.json"
"""Appears when the cases are prepared: processes of other ranks wait for it."""

READY_SECONDS = 2.0


@dataclass(frozen=True)
class Request:
    """What is to be trained, and how.

    Args:
        plan: a YAML file; `NAME.card.md` beside it, if it is there, becomes the bundle's card.
        work: cases, checkpoints, logs and predictions; the same folder again goes on there.
        dataset: None for a plan with a synthetic part.
        out: folder of the bundle; None: none is written.
        folds: which; None: all of them; empty: train on every case, hold none out.
        seeds: trainings with other seeds; empty: the plan's own.
        fold_count, fold_seed, stratify, held_out_share: how folds are drawn (`oncontour.data.folds`).
        resume: go on with trainings that were begun.
        skip_bad: leave out cases that cannot be used.
        weights: of which checkpoint predictions and bundle are made.
        anatomies: label maps for synthetic cases.
        prepared: folder of prepared cases; None: in `work`.
        previous: work folder of the coarse training that the plan names (`plan.previous`), all its folds trained.
        previous_bundle: its bundle, which goes into this one.
        start: bundle whose weights the trainings begin with, each fold with its own where that has as many; None:
            random ones.
        preparers: processes that prepare cases.
        machine, queue: on what, and how many at once.

    Raises:
        InputError: a seed below 0.
    """

    plan: Path
    work: Path
    dataset: Path | None = None
    out: Path | None = None
    folds: tuple[int, ...] | None = (0,)
    seeds: tuple[int, ...] = ()
    fold_count: int = 5
    fold_seed: int = 0
    stratify: str | None = None
    held_out_share: float = 0.0
    resume: bool = False
    skip_bad: bool = False
    weights: Literal["best", "last"] = "best"
    anatomies: Path | None = None
    prepared: Path | None = None
    previous: Path | None = None
    previous_bundle: Path | None = None
    start: Path | None = None
    preparers: int = 1
    machine: Machine = field(default_factory=Machine)
    queue: Queue = field(default_factory=Queue)

    def __post_init__(self) -> None:
        below = [seed for seed in self.seeds if seed < 0]
        if below:
            raise InputError("--seeds", str(below[0]), "0 or more", "Give other seeds.")

    @property
    def cases(self) -> Path:
        """Where the prepared cases are."""
        return self.prepared or self.work / "prepared"


def fixed_plan(request: Request) -> Plan:
    """The plan, kept in the work folder by the first process; a folder in which another plan was begun is refused.

    Raises:
        InputError: naming the first field that differs.
    """
    plan, kept = load_plan(request.plan), request.work / "plan.yaml"
    if kept.exists():
        there = load_plan(kept)
        differing = first_difference(there.model_dump(mode="json"), plan.model_dump(mode="json"))
        if differing:
            where, old, new = differing
            found = f"a training begun with {where} {old}"
            remedy = "Train in another folder (--work; --prepared uses the cases again), or restore the plan."
            raise InputError(request.work, found, f"{where} {new}, as {request.plan.name} has it", remedy)
    elif not started_outside():
        request.work.mkdir(parents=True, exist_ok=True)
        save_plan(plan, kept)
    return plan


def check_previous(request: Request, plan: Plan) -> None:
    """Refuse a plan with a coarse model before it that was not given, before any time is spent.

    Raises:
        InputError: not the training that the plan names; or a bundle is asked for, and that of the coarse model is not
            given.
    """
    given = load_plan(request.previous / "plan.yaml").name if request.previous else None
    if given != plan.previous:
        remedy = "Give the work folder of that plan's training with --previous."
        raise InputError("--previous", f"plan {given}", f"plan {plan.previous}, which the plan names", remedy)
    if plan.previous and request.out and not request.previous_bundle:
        remedy = "Give the folder of its bundle: it becomes part of this one."
        raise InputError("--previous-bundle", "none", f"the bundle of {plan.previous}", remedy)


def check_raters(plan: Plan) -> None:
    """Refuse raters where they cannot be learnt apart.

    Raises:
        InputError: another number of decoders; a softmax, stages, a coarse model or synthetic cases beside them.
    """
    where, count, decoders = "plan: raters", len(plan.raters), plan.network.decoders
    if decoders != max(count, 1):
        found = f"{count} of them and network.decoders {decoders}"
        raise InputError(where, found, "a decoder for each rater", f"Set network.decoders to {max(count, 1)}.")
    beside = {
        "a softmax": plan.training.loss.output == "softmax",
        "stages": plan.stages,
        "a previous model": plan.previous,
        "synthetic cases": plan.synthetic,
    }
    clashing = [name for name, there in beside.items() if plan.raters and there]
    if clashing:
        found, expected = f"{', '.join(plan.raters)} beside {clashing[0]}", "sigmoid regions of a data set"
        raise InputError(where, found, expected, "Leave it out, or train a model for each rater.")


def check_start(request: Request, plan: Plan) -> None:
    """Refuse weights that do not fit, or that are not those with which the work was begun, before any time is spent.

    Raises:
        InputError: nothing of them fits; the work folder was begun with others, or with none.
        BundleError: the other model cannot be read.
    """
    kept, asked = request.work / "start.json", start_mark(request.start)
    begun = kept.exists() or (request.work / "manifest.json").exists()
    there = json.loads(kept.read_text("utf-8")) if kept.exists() else None
    if begun and there != asked:
        found, expected = (f"weights of {one['bundle']}" if one else "random weights" for one in (there, asked))
        remedy = "Train in another folder (--work; --prepared uses the cases again), or give the same --from."
        raise InputError(request.work, f"a training begun with {found}", f"{expected}, as --from says", remedy)
    if not asked:
        return
    for job in jobs_of_fold(plan, request.work, 0, (), (), plan.name, request.start):
        begin(job, make_network(job.network))
    if not started_outside():
        write_json(kept, asked)


def start_mark(folder: Path | None) -> dict[str, Any] | None:
    """Which weights a training begins with: the bundle's name, and its files' digests; None: random ones."""
    if folder is None:
        return None
    bundle = load_bundle(folder)
    files = {name: value for name, value in bundle.provenance["sha256"].items() if name.endswith(SUFFIX)}
    return {"bundle": bundle.name, "sha256": files}


def first_difference(old: Mapping[str, Any], new: Mapping[str, Any], place: str = "") -> tuple[str, Any, Any] | None:
    """Where two trees first differ, and how; sentences of why do not count.

    >>> first_difference({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}})
    ('a.c', 2, 3)
    """
    for name in dict.fromkeys((*old, *new)):
        one, other = old.get(name), new.get(name)
        if one == other or (not place and name == "why"):
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            return first_difference(one, other, f"{place}{name}.")
        return f"{place}{name}", one, other
    return None


def tell_ready(request: Request, mark: Mapping[str, str], cases: Sequence[str]) -> None:
    """Let the processes of other ranks go on, with these prepared cases."""
    write_json(request.work / READY, {**mark, "cases": list(cases)})


def wait_until_ready(request: Request, mark: Mapping[str, str]) -> list[str]:
    """Wait until the first process has prepared the cases of this plan and data; returns their names."""
    path = request.work / READY
    while True:
        if path.exists():
            content = json.loads(path.read_text("utf-8"))
            if {name: content.get(name) for name in mark} == mark:
                return content["cases"]
        time.sleep(READY_SECONDS)
