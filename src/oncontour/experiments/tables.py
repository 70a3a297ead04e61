"""The paper's tables: what was measured here, and the paper's own figures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from oncontour.core.labels import SCHEMES
from oncontour.data.datasets.tables import write_table
from oncontour.data.files import explained, write_whole
from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.summary import RegionSummary, Spread, summarise
from oncontour.experiments.arms import matching
from oncontour.experiments.experiment import Arm, Table
from oncontour.experiments.findings import Scores
from oncontour.report.evaluation.tables import volume_rows
from oncontour.report.evaluation.words import METRICS, median_quartiles, number
from oncontour.report.page import NOTHING

VOLUME_TITLES = {
    "dice": "Dice, median [quartiles]",
    "aggregated": "aggregated Dice",
    "rvd": "|RVD| %, median [quartiles]",
    "icc": "ICC (95 % CI)",
    "zero": "Dice = 0",
}


@dataclass(frozen=True)
class Row:
    """An arm in a table.

    Args:
        arm, title: its name and words.
        cases: that it was judged on.
        cells: of each column what was measured here, and what the paper has; a dash where there is none.
    """

    arm: str
    title: str
    cases: int
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Filled:
    """A table with its figures.

    Args:
        table: of the recipe.
        columns: their titles.
        rows: of the arms that were run.
    """

    table: Table
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def fill(table: Table, arms: dict[str, Arm], scores: Scores) -> Filled:
    """A table of what arms scored; an arm that was not judged on its cohort has no row.

    Args:
        arms: that were run, by name.
    """
    named = dict.fromkeys(name for pattern in table.arms for name in matching(pattern, arms))
    rows = []
    for name in named:
        own = scores.get((name, table.cohort))
        if own:
            measured = _measured(table, own, arms[name].scheme)
            paper = table.published.get(name, {})
            cells = tuple((measured[column], paper.get(column, NOTHING)) for column in table.columns)
            rows.append(Row(name, arms[name].title, len({score.case for score in own}), cells))
    titles = tuple(VOLUME_TITLES.get(column, column) for column in table.columns)
    return Filled(table, titles, tuple(rows))


def _measured(table: Table, scores: Sequence[RegionScore], scheme: str) -> dict[str, str]:
    """By column; a dash where the arm has no such region."""
    summaries = {one.region: one for one in summarise(scores)}
    if table.kind == "volumes":
        one = summaries.get(table.regions[0])
        if one is None:
            return dict.fromkeys(table.columns, NOTHING)
        (row,) = volume_rows([one], SCHEMES[scheme])
        return {name: getattr(row, name) for name in table.columns}
    return {region: _statistic(table, summaries.get(region)) for region in table.regions}


def _statistic(table: Table, one: RegionSummary | None) -> str:
    if one is None:
        return NOTHING
    return told(one.all_cases[table.metric], table.statistic, table.metric)


def told(found: Spread, statistic: str, metric: str) -> str:
    """Figures as the papers print them.

    >>> from oncontour.evaluate.summary import spread
    >>> values = spread([0.5, 0.75, 1.0])
    >>> told(values, "mean (SD) (median)", "dice"), told(values, "median / mean / SD", "dice")
    ('0.75 (0.25) (0.75)', '0.75 / 0.75 / 0.25')
    >>> told(values, "mean ± SD, %", "dice"), told(values, "median (quartiles)", "hd95")
    ('75.00 ± 25.00', '0.8 [0.6 to 0.9]')
    """
    digits = min(METRICS[metric][1], 2)
    mean, deviation, median = (number(value, digits) for value in (found.mean, found.deviation, found.median))
    if statistic == "mean (SD) (median)":
        return f"{mean} ({deviation}) ({median})"
    if statistic == "median / mean / SD":
        return f"{median} / {mean} / {deviation}"
    if statistic == "mean ± SD, %":
        return f"{number(100 * found.mean, 2)} ± {number(100 * found.deviation, 2)}"
    return median_quartiles(found, digits)


def write_tables(tables: Sequence[Filled], folder: Path) -> tuple[Path, ...]:
    """Write N.csv and N.md of each table that has rows, N its number in the recipe.

    Raises:
        OutputError: a file cannot be written.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    written = []
    for count, table in enumerate(tables, start=1):
        if table.rows:
            head = ["arm", "cases", *(text for title in table.columns for text in (title, f"{title}: paper"))]
            rows = [[row.arm, str(row.cases), *(text for cell in row.cells for text in cell)] for row in table.rows]
            sheet, text = folder / f"{count}.csv", folder / f"{count}.md"
            write_table(sheet, head, (dict(zip(head, row, strict=True)) for row in rows))
            lines = _markdown(table.table.title, head, rows)
            write_whole(text, lambda part, lines=lines: part.write_text(lines, "utf-8"))
            written += [sheet, text]
    return tuple(written)


def _markdown(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (head, *rows)]
    lines.insert(1, "| " + " | ".join("---" for _ in head) + " |")
    return f"### {title}\n\n" + "\n".join(lines) + "\n"
