"""One network to train: its plan, its cases, its folder; plain data, so that another process or node can have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from oncontour.augment.interface import Sample
from oncontour.core.errors import InputError
from oncontour.inference.cascade import part_name, stage_views
from oncontour.plans.plan import NetworkPlan, Plan, StagePlan, View
from oncontour.plans.training import PhasePlan
from oncontour.training.cascade import Case, seen_cases
from oncontour.training.prepared import members
from oncontour.training.sampling import draw, draw_sample

PHASE_FIELDS = PhasePlan.model_fields.keys() - {"name"}

PHASE_SEEDS = 1_000_000
"""Between the seeds of two phases: each sees samples of its own, and none of a training with another seed."""


@dataclass(frozen=True)
class Job:
    """One network to train.

    Args:
        name: as progress shows it, such as "fold 0" or "fold 0, ET axial".
        plan: whose `training.seed` is this job's; of a cascade that of its stage (`Plan.of_stage`).
        folder: of checkpoints, log and pictures.
        fold: number of the fold; 0 where nothing is held out.
        training, validation: folders of prepared cases.
        stage, view: of a cascade.
        start: folder of the bundle whose weights it begins with; None: random ones.
        after: folder of the phase whose weights it begins with, once that is done.
    """

    name: str
    plan: Plan
    folder: Path
    fold: int
    training: tuple[Path, ...]
    validation: tuple[Path, ...] = ()
    stage: StagePlan | None = None
    view: View | None = None
    start: Path | None = None
    after: Path | None = None

    @cached_property
    def phases(self) -> tuple[Job, ...]:
        """Its phases, in folders of their own, each to be trained as a job; itself where the plan has none."""
        jobs: list[Job] = []
        for number, phase in enumerate(self.plan.training.phases):
            own = phase.model_dump(include=PHASE_FIELDS, exclude_none=True)
            seed = self.plan.training.seed + number * PHASE_SEEDS
            plan = with_training(self.plan, phases=(), seed=seed, **{name: getattr(phase, name) for name in own})
            begins = {"after": jobs[-1].folder, "start": None} if jobs else {}
            name, folder = f"{self.name}, {phase.name}", self.folder / phase.name
            jobs.append(replace(self, name=name, plan=plan, folder=folder, **begins))
        return tuple(jobs) or (self,)

    @property
    def last(self) -> Job:
        """The phase that ends with the weights to ship."""
        return self.phases[-1]

    @property
    def network(self) -> NetworkPlan:
        """What is trained."""
        return self.plan.network

    @property
    def regions(self) -> Mapping[str, tuple[int, ...]]:
        """Of each region that is scored, the targets that form it."""
        return {self.stage.region: (0,)} if self.stage else members(self.plan)

    def validation_cases(self) -> Sequence[Case]:
        """What is validated, as this network sees it: at most as many cases as the plan says."""
        return seen_cases(self.validation, self.stage, self.view)[: self.plan.training.validation_cases]


@dataclass(frozen=True)
class JobDraw:
    """Draws the samples of a job.

    Args:
        margin: voxels at a patch's sides in which the network predicts nothing.
    """

    job: Job
    margin: tuple[int, int, int]

    @cached_property
    def cases(self) -> Sequence[Case]:
        """What patches are taken from.

        Raises:
            InputError: nothing.
        """
        cases = seen_cases(self.job.training, self.job.stage, self.job.view)
        if not cases:
            where = f"no case with a {self.job.stage.within}" if self.job.stage else "no case"
            raise InputError(self.job.name, where, "cases to train on", "Give more cases, or another split.")
        return cases

    def __call__(self, step: int, number: int) -> Sample:
        """Sample `number` of a step."""
        return draw_sample(self.job.plan, self.cases, step, number, self.margin)

    def names(self, step: int) -> list[str]:
        """The cases of a step's batch."""
        batch = range(self.job.plan.training.batch)
        return [self.cases[draw(self.job.plan, self.cases, step, n, self.margin).case].name for n in batch]


def with_training(plan: Plan, **changes: object) -> Plan:
    """The plan with other numbers of its training."""
    return plan.model_copy(update={"training": plan.training.model_copy(update=changes)})


def jobs_of_fold(
    plan: Plan,
    folder: Path,
    fold: int,
    training: tuple[Path, ...],
    validation: tuple[Path, ...],
    name: str,
    start: Path | None = None,
) -> list[Job]:
    """The networks of one fold: one, or one for each stage and view of a cascade; arguments as of `Job`."""
    if not plan.stages:
        return [Job(name, plan, folder, fold, training, validation, start=start)]
    alone = plan.training.sampling.model_copy(update={"regions": {}})  # A stage knows one region.
    plan = with_training(plan, sampling=alone)
    return [
        Job(
            f"{name}, {part_name(stage, view).replace('_', ' ')}",
            plan.of_stage(stage), folder / part_name(stage, view), fold, training, validation, stage, view, start,
        )
        for stage in plan.stages
        for view in stage_views(stage)
    ]  # fmt: skip
