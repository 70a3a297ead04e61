"""A recipe from cohorts to a page: what is finished is not done again, whatever stopped it.

WORK/recipe.json                     what decides the results; another recipe is refused
WORK/cohorts/NAME/                   phantoms, where the user gave no data
WORK/steps/NAME/                     a cohort's done.json and fingerprints
WORK/prepared/                       cases as the networks see them
WORK/arms/ARM/                       plan.yaml, training/, bundle/, done.json
WORK/arms/ARM/COHORT/                masks/, cases.csv, summary.csv, done.json
WORK/study.db                        who does which arm, and what came out, unless another data base is given
WORK/tables/, WORK/figures/, WORK/report.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from oncontour.core.errors import InputError
from oncontour.data.datasets import read_dataset
from oncontour.data.locks import locked
from oncontour.experiments.arms import arms_of, judged_on, proposed, with_changes
from oncontour.experiments.cohorts import Source, check_apart, check_given, make_phantoms, read_fingerprint, sources
from oncontour.experiments.experiment import Arm, Experiment, ScaleName
from oncontour.experiments.judge import judge, prepared_folder, read_scores
from oncontour.experiments.steps import Step, fix, is_done, result_of
from oncontour.experiments.study import LOOK_SECONDS, Work, check_done, enqueue, open_study, work_through
from oncontour.plans.file import load_plan, save_plan
from oncontour.training.fanout import Queue, executor_of, share_of, stop
from oncontour.training.machine import Machine
from oncontour.training.prepared import digest
from oncontour.training.request import Request
from oncontour.training.run import train_plan

if TYPE_CHECKING:
    from optuna import Study

STUDY = "study.db"


@dataclass(frozen=True)
class Watch:
    """Told of progress; every function does nothing unless given.

    Args:
        step: a step, its number from 1, how many there are, and whether it was finished before.
        part: what is done within it, how many, and of how many.
        wait: arms that are at work elsewhere, when nothing else is left to do here.
    """

    step: Callable[[Step, int, int, bool], None] = lambda step, number, total, before: None
    part: Callable[[str, int, int], None] = lambda what, done, total: None
    wait: Callable[[tuple[str, ...]], None] = lambda arms: None


@dataclass(frozen=True)
class RecipeRun:
    """What is to be run, and where.

    Args:
        experiment, scale: what.
        work: folder of everything.
        data: a data set for each cohort; None: phantoms.
        workers: processes that make, prepare and score cases.
        machine, queue: of trainings; the folds of an arm run side by side.
        study: data base in which the arms are given out (`experiments.study`); None: study.db in the work folder.
    """

    experiment: Experiment
    scale: ScaleName
    work: Path
    data: Path | None = None
    workers: int = 1
    machine: Machine = field(default_factory=Machine)
    queue: Queue = field(default_factory=Queue)
    study: str | None = None

    @property
    def study_url(self) -> str:
        """Of the data base of its study."""
        return self.study or f"sqlite:///{quote(str(self.work.resolve() / STUDY))}"

    @property
    def arms(self) -> dict[str, Arm]:
        """The arms of the scale, in the order of training."""
        return arms_of(self.experiment, self.scale)

    @property
    def cohorts(self) -> tuple[str, ...]:
        """The cohorts that its arms need, in the recipe's order."""
        needed = {name for arm in self.arms.values() for name in (arm.train, *judged_on(self.experiment, arm))}
        return tuple(name for name in self.experiment.cohorts if name in needed)

    @property
    def sources(self) -> Mapping[str, Source]:
        """Where the cohorts' cases are."""
        return sources(self.experiment, self.scale, self.cohorts, self.data, self.work)

    def arm_folder(self, arm: str) -> Path:
        """Of one arm."""
        return self.work / "arms" / arm

    def judged_folder(self, arm: str, cohort: str) -> Path:
        """Of an arm's predictions and scores of a cohort."""
        return self.arm_folder(arm) / cohort

    def cohort_folder(self, cohort: str) -> Path:
        """Of what is known of a cohort."""
        return self.work / "steps" / cohort


def run_recipe(run: RecipeRun, watch: Watch | None = None) -> None:
    """Do every step that is not finished, here or elsewhere: several may work on one folder, and share one study.

    Raises:
        OncontourError: the recipe, the data or a training cannot be used; the message says why.
        KeyboardInterrupt: interrupted; the same call goes on.
    """
    watch = watch or Watch()
    study, every = _begun(run, watch)

    def do_arm(name: str) -> Mapping[str, float]:
        start = run.arms[name].start
        if start and not all(step.done for step in every if step.of == start):
            do_arm(start)
        _do(every, name, watch)
        return _mean_dice(run, name)

    work_through(study, run.arms, Work(do_arm, watch.wait))


def run_side_by_side(run: RecipeRun, queue: Queue, watch: Watch | None = None) -> None:
    """Make the cohorts, then let several processes, here or on a cluster, each do one arm after the other.

    Args:
        queue: how many, and where.

    Raises:
        OncontourError, KeyboardInterrupt: as `run_recipe`.
    """
    watch = watch or Watch()
    study, every = _begun(run, watch)
    executor = executor_of(queue, run.work / "jobs")
    executor.update_parameters(name=run.experiment.name, **queue.options)
    share = replace(
        run,
        work=run.work.resolve(),
        workers=max(run.workers // queue.at_once, 1),
        machine=share_of(run.machine, queue),
        queue=Queue(),
    )
    jobs = [executor.submit(run_recipe, share) for _ in range(queue.at_once)]
    try:
        while not all(job.done() for job in jobs):
            watch.part("steps", sum(step.done for step in every), len(every))
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        stop(jobs, queue)
        raise
    check_done(study, run.arms)


def _begun(run: RecipeRun, watch: Watch) -> tuple[Study, list[Step]]:
    """The study and all steps of a run that may be done, or gone on with; its cohorts are there."""
    places = run.sources
    check_given(run.experiment, run.scale, places)
    _check_patients(run, places)
    content = deciding(run)
    fix(run.work, content)
    _check_unchanged(run, places)
    every = steps(run, places, watch)
    with locked(run.work):  # Two who begin at once are in each other's way.
        study = open_study(run.study_url, f"{run.experiment.name}-{run.scale}", digest(content))
        enqueue(study, run.arms, {step.of for step in every if not step.done})
    _do(every, "", watch)
    return study, every


def _do(every: Sequence[Step], of: str, watch: Watch) -> None:
    """The steps of one arm; "": those that all arms need."""
    for number, step in enumerate(every, start=1):
        if step.of == of:
            watch.step(step, number, len(every), step.done)
            step.run()


def deciding(run: RecipeRun) -> dict[str, Any]:
    """What of a recipe decides its results, as JSON knows it: words and published figures do not."""
    cohorts = {name: run.experiment.cohorts[name].model_dump(mode="json", exclude={"real"}) for name in run.cohorts}
    arms = {name: arm.model_dump(mode="json", exclude={"title", "test"}) for name, arm in run.arms.items()}
    size = run.experiment.scales[run.scale].model_dump(mode="json", exclude={"said", "only"})
    for cohort in cohorts.values():
        cohort["cases"] = cohort["cases"][run.scale]
    return {"recipe": run.experiment.name, "scale": run.scale, "cohorts": cohorts, "arms": arms, "sizes": size}


def _mean_dice(run: RecipeRun, name: str) -> dict[str, float]:
    """Of an arm that is done, by cohort and region."""
    arm = run.arms[name]
    found: dict[str, list[float]] = {}
    for cohort in judged_on(run.experiment, arm):
        for score in read_scores(run.judged_folder(name, cohort)):
            found.setdefault(f"{cohort}: {score.region}", []).append(score.dice)
    return {what: fmean(values) for what, values in found.items()}


def steps(run: RecipeRun, places: Mapping[str, Source], watch: Watch) -> list[Step]:
    """All steps, each after those that it needs."""
    found = [
        Step(f"cohort {name}", run.cohort_folder(name), partial(_make_cohort, run, name, source, watch))
        for name, source in places.items()
    ]
    for name, arm in run.arms.items():
        train = partial(_train, run, name, arm, places, watch)
        found.append(Step(f"training of {name}", run.arm_folder(name), train, of=name))
        found += [
            Step(
                f"{name} on {cohort}",
                run.judged_folder(name, cohort),
                partial(_test, run, name, cohort, places[cohort], watch),
                of=name,
            )
            for cohort in judged_on(run.experiment, arm)
        ]
    return found


def _make_cohort(run: RecipeRun, name: str, source: Source, watch: Watch) -> dict[str, Any]:
    if source.phantom:
        spacing = run.experiment.scales[run.scale].spacing_mm
        told = partial(watch.part, "cases")
        make_phantoms(run.experiment.cohorts[name], source, spacing, run.workers, told)
    dataset = read_dataset(source.root)
    return {"phantom": source.phantom, "cases": len(dataset.cases), "digest": dataset.digest()}


def _train(run: RecipeRun, name: str, arm: Arm, places: Mapping[str, Source], watch: Watch) -> dict[str, Any]:
    folder, source = run.arm_folder(name), places[arm.train]
    before = run.arm_folder(arm.start) if arm.start else None
    found = read_fingerprint(
        source, arm.scheme, run.cohort_folder(arm.train), run.workers, partial(watch.part, "cases")
    )
    model = load_plan(before / "plan.yaml") if before else None
    plan = with_changes(run.experiment, run.scale, name, arm, proposed(run.experiment, run.scale, arm, found, model))
    save_plan(plan, folder / "plan.yaml")
    folds = run.experiment.scales[run.scale].folds
    request = Request(
        plan=folder / "plan.yaml",
        work=folder / "training",
        dataset=source.root,
        out=folder / "bundle",
        folds=None if folds > 1 else (),
        fold_count=folds,
        resume=True,
        prepared=prepared_folder(run.work, arm.train, plan),
        start=before / "bundle" if before else None,
        preparers=run.workers,
        machine=run.machine,
        queue=run.queue,
    )
    trained = train_plan(request, watch.part)
    if trained is None:
        remedy = "Start it as one process: its jobs are given to other devices and nodes by --jobs and --cluster."
        raise InputError("oncontour recipe", "one of several processes", "a process alone", remedy)
    return {"cases": len(found.cases)}


def _test(run: RecipeRun, name: str, cohort: str, source: Source, watch: Watch) -> dict[str, Any]:
    bundle = run.arm_folder(name) / "bundle"
    prepared = prepared_folder(run.work, cohort, load_plan(run.arm_folder(name) / "plan.yaml"))
    return judge(bundle, source.root, prepared, run.judged_folder(name, cohort), run.workers, watch.part)


def _check_patients(run: RecipeRun, places: Mapping[str, Source]) -> None:
    given = {name: read_dataset(source.root) for name, source in places.items() if not source.phantom}
    trained = {arm.train for arm in run.arms.values()}
    tested = {cohort for arm in run.arms.values() for cohort in judged_on(run.experiment, arm)}
    check_apart(given, trained, tested)


def _check_unchanged(run: RecipeRun, places: Mapping[str, Source]) -> None:
    """Refuse to go on with other data than the finished steps had.

    Raises:
        InputError: naming the cohort.
    """
    for name, source in places.items():
        folder = run.cohort_folder(name)
        if is_done(folder) and result_of(folder)["digest"] != read_dataset(source.root).digest():
            remedy = "Bring the data back as they were, or run in another folder (--work)."
            raise InputError(f"cohort {name}", "files that came, went or changed", "unchanged data", remedy)
