"""What `oncontour study analyse` and `study export` write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from oncontour.core.versions import installed
from oncontour.data.datasets.tables import write_table
from oncontour.data.files import explained, write_json
from oncontour.evaluate.records import cell, write_records
from oncontour.review.study.analysis.agreement import Agreement
from oncontour.review.study.analysis.comparisons import Comparison
from oncontour.review.study.analysis.crosstabs import Crosstab, Grouped
from oncontour.review.study.analysis.figures import write_study_figures
from oncontour.review.study.analysis.origin import Called, Telling
from oncontour.review.study.analysis.page import write_page
from oncontour.review.study.analysis.run import Analysis
from oncontour.review.study.analysis.summaries import Summary
from oncontour.review.study.readings import Reading

PAGE, FIGURES = "report.html", "figures"

PACKAGES = ("oncontour", "numpy", "scipy")
"""Whose versions figures may depend on."""

BLINDED = ("rater", "page", "place", "colour", "reading", "score", "raw", "called_ai", "comment", "page_seconds")
UNBLINDED = ("rater", "case", "source", "kind", "reading", "read_by_all", *BLINDED[1:4], *BLINDED[5:])
"""Columns of an export, the answers to each question beside them."""


def write_readings(rows: Sequence[Reading], path: Path, *, unblind: bool) -> None:
    """Write all readings of locked pages as CSV, by rater and page.

    Args:
        unblind: with case and source of each mask; without, `reading` is left empty too, which tells of cases.

    Raises:
        OutputError: the file cannot be written.
    """
    asked = list(dict.fromkeys(name for row in rows for name in row.answers))
    columns = UNBLINDED if unblind else tuple(name for name in BLINDED if name != "reading")
    table = [
        {name: _text(getattr(row, name)) for name in columns}
        | {f"answer: {name}": _text(row.answers.get(name)) for name in asked}
        for row in rows
    ]
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, [*columns, *(f"answer: {name}" for name in asked)], table)


FORMULA = ("=", "+", "-", "@")
"""Spreadsheets compute text that begins so, whoever wrote it (OWASP, CSV Injection)."""


def _text(value: object) -> str:
    """A cell: text in one line, which would else be two of the table; an apostrophe before what would be computed."""
    if isinstance(value, str):
        line = " ".join(value.splitlines()).strip()
        return f"'{line}" if line.startswith(FORMULA) else line
    return "" if value is None else cell(value)


def write_analysis(found: Analysis, out: Path) -> tuple[Path, ...]:
    """Write tables, figures, analysis.json and report.html.

    Raises:
        OutputError: a file cannot be written.
    """
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    write_readings(found.rows, out / "readings.csv", unblind=True)
    tables = (
        ("sources.csv", Summary, found.summaries),
        ("comparisons.csv", Comparison, found.comparisons),
        ("called_ai.csv", Called, found.called),
        ("origin.csv", Telling, found.telling),
        ("agreement.csv", Agreement, found.agreement),
    )
    for name, kind, records in tables:
        write_records(out / name, kind, records)
    _write_crosstabs(out / "crosstabs.csv", found.crosstabs)
    _write_groups(out / "groups.csv", found.groups)
    write_json(out / "analysis.json", _summary(found))
    figures = write_study_figures(found, out / FIGURES)
    write_page(out / PAGE, found, [path for path in figures if path.suffix == ".png"])
    named = ("readings.csv", *(name for name, _, _ in tables), "crosstabs.csv", "groups.csv", "analysis.json")
    return (*(out / name for name in named), *figures, out / PAGE)


CROSSTAB_COLUMNS = (
    "rater", "model", "expert", "n", "p_association", "p_permuted", "least_expected", "p_homogeneity", "kappa",
)  # fmt: skip
GROUP_COLUMNS = ("rater", "source", "column", "value", "score", "cases", "p", "p_permuted", "p_ranks", "p_adjusted")


def _write_crosstabs(path: Path, found: Sequence[Crosstab]) -> None:
    """The tests; the counts stand beside the figure."""
    rows = []
    for one in found:
        tests = one.p_association, one.p_permuted, one.least_expected, one.p_homogeneity, one.kappa
        rows.append(_row(CROSSTAB_COLUMNS, (one.rater, one.model, one.expert, int(one.counts.sum()), *tests)))
    write_table(path, CROSSTAB_COLUMNS, rows)


def _write_groups(path: Path, found: Sequence[Grouped]) -> None:
    rows = []
    for one in found:
        tests = one.p, one.p_permuted, one.p_ranks, one.p_adjusted
        for value, counts in one.counts.items():
            for step, count in zip(one.steps, counts, strict=True):
                rows.append(_row(GROUP_COLUMNS, (one.rater, one.source, one.column, value, step, count, *tests)))
    write_table(path, GROUP_COLUMNS, rows)


def _row(columns: Sequence[str], values: Sequence[object]) -> dict[str, str]:
    return dict(zip(columns, map(cell, values), strict=True))


def _summary(found: Analysis) -> dict:
    return {
        "study": found.name,
        "scale": found.scale.name,
        "acceptable_from": found.scale.acceptable,
        "sources": list(found.order),
        "masks_planned": dict(found.planned),
        "masks_read": len(found.rows),
        "second_readings": sum(row.reading == 2 for row in found.rows),
        "masks_lost": found.lost,
        "focus": found.focus,
        "seed": found.seed,
        "versions": installed(PACKAGES),
    }
