"""What a recipe would do: cohorts, jobs and the numbers in which arms differ. Nothing is made, nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from oncontour.core.labels import SCHEMES
from oncontour.data.datasets import read_dataset
from oncontour.data.phantom.kinds import KINDS
from oncontour.experiments.arms import judged_on, proposed, with_changes
from oncontour.experiments.cohorts import PHANTOM_MM, Source
from oncontour.experiments.experiment import Arm
from oncontour.experiments.run import RecipeRun
from oncontour.plans.fingerprint import PERCENTILES, CaseFacts, Fingerprint, Intensities
from oncontour.plans.plan import Plan, places

BRAIN_MM = (140.0, 180.0, 150.0)
"""Of the cases that an outline is planned for: a brain in its box."""

ALSO = ("name", "network", "data")
"""Places that are told elsewhere, or say nothing before there are data."""


@dataclass(frozen=True)
class CohortLine:
    """A cohort.

    Args:
        name: of it.
        source: "data", "phantoms", or "to be given" where the paper's own data are not there.
        expected: cases that the recipe has.
        found: labelled cases of the data; None where there are none yet.
        real: what the paper had.
    """

    name: str
    source: Literal["data", "phantoms", "to be given"]
    expected: int
    found: int | None
    real: str


@dataclass(frozen=True)
class JobLine:
    """An arm's training.

    Args:
        arm, title, cohort: what is trained on what.
        plan: its numbers, for brains of `BRAIN_MM`.
        before: arm that it begins with; None: random weights.
        folds: trainings.
        training, validation: cases of each of them; 0 to validate on: nothing is held out.
        tests: cohorts that it is judged on.
    """

    arm: str
    title: str
    cohort: str
    plan: Plan
    before: str | None
    folds: int
    training: int
    validation: int
    tests: tuple[str, ...]

    @property
    def frozen(self) -> tuple[str, ...]:
        """Halves of the network that are not trained."""
        return self.plan.training.freeze


@dataclass(frozen=True)
class Outline:
    """Everything that a recipe would do.

    Args:
        cohorts, jobs: in their order.
        differing: place -> arm -> value, of all numbers in which plans differ.
        alike: place -> value, of those that all share.
    """

    cohorts: tuple[CohortLine, ...]
    jobs: tuple[JobLine, ...]
    differing: Mapping[str, Mapping[str, Any]]
    alike: Mapping[str, Any]


def outline(run: RecipeRun) -> Outline:
    """What a recipe would do, planned for brains of a usual size; no voxel is read.

    Raises:
        InputError: the recipe cannot be planned.
    """
    known = run.sources
    cohorts = tuple(_cohort(run, name, source) for name, source in known.items())
    counts = {line.name: line.found or line.expected for line in cohorts}
    plans: dict[str, Plan] = {}
    proposals: dict[tuple, Plan] = {}  # Arms of a grid share one: fitting a network to a memory takes seconds.
    jobs = []
    for name, arm in run.arms.items():
        asked = (arm.network, arm.start, arm.train, arm.scheme, arm.channels)
        if asked not in proposals:
            before, found = plans[arm.start] if arm.start else None, _usual(run, arm, counts[arm.train])
            proposals[asked] = proposed(run.experiment, run.scale, arm, found, before)
        plans[name] = with_changes(run.experiment, run.scale, name, arm, proposals[asked])
        folds = run.experiment.scales[run.scale].folds
        validation = counts[arm.train] // folds if folds > 1 else 0
        jobs.append(
            JobLine(
                name, arm.title, arm.train, plans[name], arm.start, folds, counts[arm.train] - validation, validation,
                judged_on(run.experiment, arm),
            )
        )  # fmt: skip
    differing, alike = compare_plans(plans)
    return Outline(cohorts, tuple(jobs), differing, alike)


def compare_plans(plans: Mapping[str, Plan]) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The numbers in which plans differ, by place and plan; and those that all share."""
    leaves = {name: _leaves(plan) for name, plan in plans.items()}
    differing, alike = {}, {}
    for place in dict.fromkeys(place for own in leaves.values() for place in own):
        values = {name: own.get(place) for name, own in leaves.items()}
        first = next(iter(values.values()))
        if all(value == first for value in values.values()):
            alike[place] = first
        else:
            differing[place] = values
    return differing, alike


def _leaves(plan: Plan) -> dict[str, Any]:
    every = places(plan)
    return {
        place: value
        for place, value in every.items()
        if place not in ALSO and not (isinstance(value, dict) and any(other.startswith(f"{place}.") for other in every))
    }


def _cohort(run: RecipeRun, name: str, source: Source) -> CohortLine:
    real = run.experiment.cohorts[name].real
    if source.phantom:
        return CohortLine(name, "to be given" if run.scale == "paper" else "phantoms", source.cases, None, real)
    return CohortLine(name, "data", source.cases, len(read_dataset(source.root).labelled), real)


def _usual(run: RecipeRun, arm: Arm, cases: int) -> Fingerprint:
    """A fingerprint of brains of a usual size."""
    mm = run.experiment.scales[run.scale].spacing_mm or PHANTOM_MM
    i, j, k = (round(length / mm) for length in BRAIN_MM)
    kind = KINDS[run.experiment.cohorts[arm.train].kind]
    regions = {region.name: 1.0 for region in SCHEMES[arm.scheme].regions}
    facts = [
        CaseFacts(name=str(n), shape=(i, j, k), cropped=(i, j, k), spacing=(mm, mm, mm), sequences=kind.sequences,
                  brain_ml=1000.0, regions_ml=regions)
        for n in range(cases)
    ]  # fmt: skip
    seen = Intensities(cases=cases, mean=0.0, deviation=1.0, percentiles=(0.0,) * len(PERCENTILES))
    return Fingerprint(
        dataset=arm.train, scheme=arm.scheme, digest="", cases=tuple(facts),
        intensities=dict.fromkeys(kind.sequences, seen),
    )  # fmt: skip
