"""What a recipe found, written out: tables, tests, figures, and one page for a reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import oncontour
from oncontour.core.versions import installed
from oncontour.data.datasets.tables import write_table
from oncontour.data.files import write_whole
from oncontour.drawing.files import write_figure
from oncontour.evaluate.compare import Comparison, Model, compare
from oncontour.evaluate.figures.strips import strips
from oncontour.evaluate.figures.write import write_comparison_figures
from oncontour.evaluate.metrics.lesionwise import PENALTY_MM
from oncontour.evaluate.summary import values_of
from oncontour.experiments.arms import judged_on
from oncontour.experiments.findings import Scores, Verdict, verdicts
from oncontour.experiments.judge import read_scores
from oncontour.experiments.outline import compare_plans
from oncontour.experiments.run import RecipeRun
from oncontour.experiments.steps import Step
from oncontour.experiments.tables import Filled, fill, write_tables
from oncontour.experiments.words import shown
from oncontour.plans.file import load_plan
from oncontour.report.case import STATEMENT
from oncontour.report.evaluation.words import chance, number
from oncontour.report.html import embedded, render
from oncontour.report.page import NOTHING

TEMPLATE, PAGE = "recipe.html.jinja", "report.html"

PACKAGES = ("oncontour", "torch", "numpy", "scipy", "monai", "dynamic-network-architectures", "lightning-fabric")

MOST_COMPARED = 8
"""Arms of a table that are compared in pairs, and have a colour each in a figure."""

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


def report_recipe(run: RecipeRun) -> tuple[Path, ...]:
    """Write tables/, figures/ and report.html of a recipe whose steps are all done.

    Returns:
        The files, the page last.

    Raises:
        InputError: a step is not done.
        OutputError: a file cannot be written.
    """
    arms = run.arms
    scores = {
        (name, cohort): read_scores(run.test_folder(name, cohort))
        for name, arm in arms.items()
        for cohort in judged_on(run.experiment, arm)
    }
    tables = [fill(table, arms, scores) for table in run.experiment.tables]
    found = verdicts(run.experiment.findings, scores)
    written = [*write_tables(tables, run.work / "tables"), _write_findings(found, run.work / "tables")]
    shown_tables = []
    for count, table in enumerate(tables, start=1):
        files = _compare(table, scores, run.work, count)
        written += files
        pictures = tuple(embedded(file.read_bytes()) for file in files if file.suffix == ".png")
        shown_tables.append(Shown(table, pictures))
    page = run.work / PAGE
    source = html(run, [one for one in shown_tables if one.filled.rows], found)
    write_whole(page, lambda part: part.write_text(source, "utf-8"))
    return *written, page


def _compare(table: Filled, scores: Scores, work: Path, count: int) -> tuple[Path, ...]:
    """Every two arms of a table: tests/ as CSV, and figures; of many arms the figure alone."""
    models = [_model(row.arm, table, scores) for row in table.rows]
    if len(models) < 2 or table.rows[0].cases < 2:
        return ()
    folder, metric = work / "figures" / str(count), table.table.metric
    if len(models) > MOST_COMPARED:
        regions = {region: {one.name: one.scores[region] for one in models} for region in models[0].scores}
        figure, rows = strips(regions, metric)
        return write_figure(figure, folder / f"{metric}-strips", rows)
    found = compare(models, metric)
    return (
        _write_tests(found, work / "tables" / f"{count}-tests.csv"),
        *write_comparison_figures(models, found, folder),
    )


def _model(arm: str, table: Filled, scores: Scores) -> Model:
    metric = table.table.metric
    regions = {}
    for region in table.table.regions:
        rows = [row for row in scores[arm, table.table.cohort] if row.region == region]
        if rows:
            values = values_of(rows, metric, PENALTY_MM).tolist()
            regions[region] = dict(zip((row.case for row in rows), values, strict=True))
    return Model(arm, regions)


def _write_tests(found: Comparison, path: Path) -> Path:
    rows = [{name: str(value) for name, value in row.items()} for row in found.as_rows()]
    write_table(path, rows[0], rows)
    return path


def _write_findings(found: Sequence[Verdict], folder: Path) -> Path:
    path, rows = folder / "findings.csv", [vars(finding_row(one)) for one in found]
    columns = list(FindingRow.__dataclass_fields__)
    write_table(path, columns, ({name: str(value) for name, value in row.items()} for row in rows))
    return path


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
        arms=[_arm_row(run, name) for name in run.arms],
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
    kept = Step(f"cohort {name}", run.cohort_folder(name), dict).result()
    return CohortRow(name, cohort.real, kept["cases"], source.cases, kept["phantom"])


def _arm_row(run: RecipeRun, name: str) -> ArmRow:
    arm = run.arms[name]
    plan = load_plan(run.arm_folder(name) / "plan.yaml")
    kept = Step(name, run.arm_folder(name), dict).result()
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
        folders += [run.arm_folder(name), *(run.test_folder(name, one) for one in judged_on(run.experiment, arm))]
    return [Step("", folder, dict).result()["seconds"] for folder in folders]


def time_text(seconds: float) -> str:
    """A length of time.

    >>> time_text(42.4), time_text(725), time_text(7260)
    ('42 s', '12 min', '2.0 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
