"""A whole training: cases, folds, trainings, predictions of what each fold has not seen, the bundle of the folds.

Each stage goes on where it was interrupted. In the work folder:

    plan.yaml, folds.json, manifest.json
    prepared/CASE/                       prepared cases
    [seed_S/]fold_K[/REGION_VIEW][/PHASE]/   last.pt, best.pt, log.csv, training.png, samples/, scores.csv
    [seed_S/]predictions/CASE.nii.gz     each by the fold that did not see the case
    [seed_S/]held_out/CASE.nii.gz        by all folds together
    scores.csv, summary.csv
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch

from oncontour.core.errors import InputError
from oncontour.data.datasets import Dataset, read_dataset
from oncontour.data.folds import Folds, fixed_folds, hold_out
from oncontour.inference.bundle import Bundle
from oncontour.plans.plan import Plan
from oncontour.training.crossval import Fold, Score, dataset_truth, evaluate, load_fold, prepared_truth, summarise
from oncontour.training.export import export, write_manifest
from oncontour.training.fanout import run_jobs
from oncontour.training.job import Job, jobs_of_fold, with_training
from oncontour.training.machine import Machine, check_installed, check_machine, started_outside
from oncontour.training.prepare import Preparation, prepare_dataset
from oncontour.training.prepared import PreparedCase, digest
from oncontour.training.request import (
    Request,
    check_previous,
    check_raters,
    check_start,
    fixed_plan,
    tell_ready,
    wait_until_ready,
)
from oncontour.training.synthetic import as_dataset, make_training_set
from oncontour.training.validate import write_scores

Progress = Callable[[str, int, int], None]
"""Called with what is done ("cases", "trainings", "predictions"), how many of it, and of how many."""


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Args:
        bundle: None where none was asked for.
        summary: rows of `summary.csv`.
        skipped: bad cases that were left out, and why.
        empty: cases in which nothing is marked.
    """

    bundle: Bundle | None
    summary: list[dict[str, object]]
    skipped: dict[str, str]
    empty: tuple[str, ...]


@dataclass(frozen=True)
class _Data:
    """Cases, their split, and where their truth comes from."""

    dataset: Dataset
    cases: Preparation
    folds: Folds | None


def train_plan(request: Request, progress: Progress = lambda what, done, total: None) -> Trained | None:
    """Train what is asked for, judge it on what it has not seen, and write the bundle.

    Returns:
        None in all but the first of several processes that torchrun or SLURM started.

    Raises:
        OncontourError: the plan, the data or a training cannot be used; the message says why.
        KeyboardInterrupt: interrupted; the state is saved.
    """
    check_installed()
    began = time.monotonic()
    plan = fixed_plan(request)
    check_raters(plan)
    check_previous(request, plan)
    check_start(request, plan)
    here = request.machine if request.queue.cluster == "local" else replace(request.machine, device="auto")
    check_machine(here, "fp32" if request.queue.cluster == "slurm" else plan.training.precision)
    data = _prepare(request, plan, progress)
    prepared_at = time.monotonic()
    jobs = _jobs(request, plan, data)
    every = [job for jobs_of_seed in jobs.values() for fold in jobs_of_seed.values() for job in fold]
    if not started_outside():
        write_manifest(request, plan, data.dataset, data.cases, every, {})
    told = partial(progress, "trainings")
    run_jobs(every, request.machine, request.resume, request.queue, request.work / "jobs", told)
    if started_outside():
        return None
    trained_at = time.monotonic()
    scores, folds = _judge(request, plan, data, jobs, here, progress)
    summary = summarise(scores)
    if scores:
        write_scores(request.work / "scores.csv", [asdict(score) for score in scores])
        write_scores(request.work / "summary.csv", summary)
    bundle = export(request, plan, data.dataset, data.cases, folds, summary) if request.out else None
    seconds = {
        "preparing": prepared_at - began,
        "training": trained_at - prepared_at,
        "judging": time.monotonic() - trained_at,
    }
    write_manifest(request, plan, data.dataset, data.cases, every, seconds)
    return Trained(bundle, summary, dict(data.cases.failed), data.cases.empty)


def _prepare(request: Request, plan: Plan, progress: Progress) -> _Data:
    """Cases on disk, and their folds. Of several processes the first prepares, the others wait and read."""
    told = partial(progress, "cases")
    dataset = read_dataset(request.dataset, plan.scheme) if request.dataset else None
    if dataset and plan.data not in (None, dataset.digest()):
        remedy = "Restore the data, or make a plan for what is there now (oncontour plan)."
        raise InputError(dataset.root, "other files than the plan was made for", "unchanged data", remedy)
    mark = {"plan": digest(plan.model_dump(mode="json")), "data": dataset.digest() if dataset else "synthetic"}
    if started_outside():
        names = wait_until_ready(request, mark)
        cases = Preparation(tuple(PreparedCase(request.cases / name) for name in names), {}, ())
        dataset = dataset or as_dataset(plan, cases.cases, request.cases)
        return _Data(dataset, cases, _folds(request, dataset))
    if dataset:
        folds = _folds(request, dataset)
        cases = prepare_dataset(
            dataset, plan, request.cases, request.preparers, request.skip_bad, request.previous, told
        )
    else:
        cases = make_training_set(plan, request.cases, request.anatomies, request.preparers, told)
        dataset = as_dataset(plan, cases.cases, request.cases)
        folds = _folds(request, dataset)
    if started_outside() is not None:
        tell_ready(request, mark, [case.name for case in cases.cases])
    return _Data(dataset, cases, folds)


def _folds(request: Request, dataset: Dataset) -> Folds | None:
    """The fixed folds; None where every case is trained on."""
    if request.folds == ():
        return None
    path, count, seed, column = request.work / "folds.json", request.fold_count, request.fold_seed, request.stratify
    held_out = hold_out(dataset, share=request.held_out_share, seed=seed, stratify=column)
    return fixed_folds(dataset, path, count, seed, stratify=column, held_out=held_out)


def _jobs(request: Request, plan: Plan, data: _Data) -> dict[int, dict[int, list[Job]]]:
    """By seed, by fold, the networks to train."""
    labelled = {case.name for case in data.dataset.labelled}
    there = {case.name: case.folder for case in data.cases.cases}
    seeds = request.seeds or (plan.training.seed,)
    make = partial(jobs_of_fold, start=request.start)
    jobs: dict[int, dict[int, list[Job]]] = {}
    for seed in seeds:
        seeded = with_training(plan, seed=seed)
        home = _home(request, seed)
        said = f"seed {seed}, " if len(seeds) > 1 else ""
        if data.folds is None:
            everything = tuple(folder for name, folder in there.items() if name in labelled)
            jobs[seed] = {0: make(seeded, home / "fold_none", 0, everything, (), f"{said}all cases")}
            continue
        jobs[seed] = {}
        for fold in request.folds or range(len(data.folds)):
            training, validation = (
                tuple(there[name] for name in part(fold) if name in there)
                for part in (data.folds.training, data.folds.validation)
            )
            folder = home / f"fold_{fold}"
            jobs[seed][fold] = make(seeded, folder, fold, training, validation, f"{said}fold {fold}")
    return jobs


def _home(request: Request, seed: int) -> Path:
    return request.work / f"seed_{seed}" if request.seeds else request.work


def _judge(
    request: Request,
    plan: Plan,
    data: _Data,
    jobs: dict[int, dict[int, list[Job]]],
    machine: Machine,
    progress: Progress,
) -> tuple[list[Score], dict[int, Fold]]:
    """Score what each fold has not seen, and held-out cases by all folds; also the first seed's networks by fold."""
    prepared = {case.name: case for case in data.cases.cases}
    truth = dataset_truth(data.dataset, plan) if request.dataset else prepared_truth(plan)
    held_out, unseen = [], {}
    if data.folds:
        held_out = _there(data.folds.held_out, prepared)
        unseen = {fold: _there(data.folds.validation(fold), prepared) for fold in next(iter(jobs.values()))}
    total = len(jobs) * (sum(map(len, unseen.values())) + len(held_out))
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        progress("predictions", done, total)

    device = torch.device("cuda" if machine.on_gpu else "cpu")
    scores: list[Score] = []
    first: dict[int, Fold] = {}
    for seed, by_fold in jobs.items():
        home = _home(request, seed)
        folds = {fold: load_fold(parts, request.weights, device) for fold, parts in by_fold.items()}
        first = first or folds
        for fold, cases in unseen.items():
            labels = ("out of fold", seed, fold)
            scores += evaluate([folds[fold]], cases, plan, truth, home / "predictions", labels, tell)
        if held_out:
            labels = ("held out", seed, None)
            scores += evaluate(list(folds.values()), held_out, plan, truth, home / "held_out", labels, tell)
    return scores, first


def _there(names: Sequence[str], prepared: dict[str, PreparedCase]) -> list[PreparedCase]:
    """Prepared cases by name; those that were left out as bad are passed over."""
    return [prepared[name] for name in names if name in prepared]
