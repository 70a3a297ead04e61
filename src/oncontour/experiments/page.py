"""The page of a recipe: findings, tables beside the paper's, cohorts and arms; one file, no request to anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import oncontour
from oncontour.core.versions import installed
from oncontour.experiments.arms import judged_on
from oncontour.experiments.findings import Verdict
from oncontour.experiments.outline import compare_plans
from oncontour.experiments.run import RecipeRun
from oncontour.experiments.steps import result_of
from oncontour.experiments.tables import Filled
from oncontour.experiments.words import shown
from oncontour.plans.file import load_plan
from oncontour.plans.plan import Plan
from oncontour.report.case import STATEMENT
from oncontour.report.evaluation.words import chance, number
from oncontour.report.html import render
from oncontour.report.page import NOTHING

TEMPLATE = "recipe.html.jinja"

PACKAGES = ("oncontour", "torch", "numpy", "scipy", "monai", "dynamic-network-architectures", "lightning-fabric")

PHANTOM = (
    "These figures are of phantoms: drawn heads with drawn tumours. They show that the experiment runs and what it "
    "would tell; they say nothing of patients, and are no repetition of the paper."
)


@dataclass(frozen=True)
class CohortRow:
    """A cohort on the page."""

    name: str
    real: str
    cases: int
    expected: int
    phantom: bool


@dataclass(frozen=True)
class ArmRow:
    """An arm on the page."""

    name: str
    title: str
    network: str
    cohort: str
    cases: int
    before: str
    frozen: str
    steps: str
    time: str


@dataclass(frozen=True)
class FindingRow:
    """A finding on the page."""

    word: str
    statement: str
    published: str
    where: str
    means: str
    n: int
    test: str
    p: str
    adjusted_p: str


@dataclass(frozen=True)
class Shown:
    """A table on the page, with its figures (base64)."""

    filled: Filled
    figures: tuple[str, ...]


def finding_row(one: Verdict) -> FindingRow:
    """A verdict in words."""
    finding = one.finding
    means = " and ".join(number(value, 3) for value in one.means) if one.test else NOTHING
    return FindingRow(
        word=one.word,
        statement=finding.statement,
        published=finding.published,
        where=f"{finding.metric} of {finding.region}, {finding.first} and {finding.second}, {finding.cohort}",
        means=means,
        n=one.n,
        test=one.test.name if one.test else NOTHING,
        p=chance(one.test.p) if one.test else NOTHING,
        adjusted_p=chance(one.adjusted_p),
    )


def html(run: RecipeRun, tables: Sequence[Shown], found: Sequence[Verdict]) -> str:
    """The page's source: one file, no request to anywhere, readable in light and dark and in print."""
    experiment = run.experiment
    cohorts = [_cohort_row(run, name) for name in run.cohorts]
    plans = {name: load_plan(run.arm_folder(name) / "plan.yaml") for name in run.arms}
    differing, _ = compare_plans(plans)
    phantom = [row.name for row in cohorts if row.phantom]
    return render(
        TEMPLATE,
        experiment=experiment,
        scale=run.scale,
        said=experiment.scales[run.scale].said,
        headline=headline(found),
        phantom=phantom,
        all_phantom=len(phantom) == len(cohorts),
        phantom_words=PHANTOM,
        cohorts=cohorts,
        arms=[_arm_row(run, name, plan) for name, plan in plans.items()],
        findings=[finding_row(one) for one in found],
        tables=tables,
        differing={place: {arm: shown(value) for arm, value in own.items()} for place, own in differing.items()},
        command=f"oncontour recipe run {experiment.name} --scale {run.scale}",
        time=time_text(sum(_seconds(run))),
        version=oncontour.__version__,
        versions=installed(PACKAGES),
        statement=STATEMENT,
    )


def headline(found: Sequence[Verdict]) -> str:
    """How many of the findings appear.

    >>> headline([])
    'No finding was looked for.'
    """
    tested = [one for one in found if one.word != "not run"]
    if not tested:
        return "No finding was looked for."
    counts = {word: sum(one.word == word for one in tested) for word in dict.fromkeys(one.word for one in tested)}
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    return f"Of {len(tested)} of the paper's findings: {told}."


def _cohort_row(run: RecipeRun, name: str) -> CohortRow:
    cohort, source = run.experiment.cohorts[name], run.sources[name]
    kept = result_of(run.cohort_folder(name))
    return CohortRow(name, cohort.real, kept["cases"], source.cases, kept["phantom"])


def _arm_row(run: RecipeRun, name: str, plan: Plan) -> ArmRow:
    arm = run.arms[name]
    kept = result_of(run.arm_folder(name))
    training = plan.training
    return ArmRow(
        name=name,
        title=arm.title,
        network=plan.network.name,
        cohort=arm.train,
        cases=kept["cases"],
        before=arm.start or NOTHING,
        frozen=", ".join(training.freeze) or NOTHING,
        steps=f"{training.epochs} x {training.steps_per_epoch}",
        time=time_text(kept["seconds"]),
    )


def _seconds(run: RecipeRun) -> list[float]:
    folders = [run.cohort_folder(name) for name in run.cohorts]
    for name, arm in run.arms.items():
        folders += [run.arm_folder(name), *(run.judged_folder(name, one) for one in judged_on(run.experiment, arm))]
    return [result_of(folder)["seconds"] for folder in folders]


def time_text(seconds: float) -> str:
    """A length of time.

    >>> time_text(42.4), time_text(725), time_text(7260)
    ('42 s', '12 min', '2.0 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
