"""What a recipe found, written out: tables, tests, figures, and the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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
from oncontour.experiments.page import FindingRow, Shown, finding_row, html
from oncontour.experiments.run import RecipeRun
from oncontour.experiments.tables import Filled, fill, write_tables
from oncontour.report.html import embedded

PAGE = "report.html"

MOST_COMPARED = 8
"""Arms of a table that are compared in pairs, and have a colour each in a figure."""


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
        (name, cohort): read_scores(run.judged_folder(name, cohort))
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
        violins = table.table.kind == "regions" and len(table.rows) <= MOST_COMPARED
        wanted = "-violins.png" if violins else "-strips.png"  # The page shows one figure a table.
        pictures = tuple(embedded(file.read_bytes()) for file in files if file.name.endswith(wanted))
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
