"""A study's analysis as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from statistics import median

from oncontour import __version__
from oncontour.data.files import write_whole
from oncontour.report.case import STATEMENT
from oncontour.report.evaluation.words import between, chance, number, share
from oncontour.report.html import embedded, render
from oncontour.report.page import NOTHING
from oncontour.review.study.analysis.comparisons import ACCEPTABLE, Comparison
from oncontour.review.study.analysis.crosstabs import Crosstab, Grouped
from oncontour.review.study.analysis.run import Analysis, mean_and_deviation

TEMPLATE = "study.html.jinja"

LONG = 24
"""Rows of a table beyond which it is folded."""

CAPTIONS = {
    "scores": "Scores by rater and source; discs: the share of masks at each score; bar: median; dashed: acceptable "
    "above it. Brackets: adjusted P.",
    "acceptable": "Share of acceptable masks.",
    "called-ai": "Share of masks taken for AI's; dashed: one half. Experts' bars are hatched.",
    "crosstabs": "Cases by the scores of a model's and an expert's mask.",
}
"""Name of a figure's file -> what stands below it."""

CONVENTIONS = (
    "Only locked pages count. Second readings of the same masks serve the agreement alone.",
    "Readings repeat on cases, and those of all raters on raters too; classical tests take them as independent. "
    "Intervals of differences, and of all raters together, are percentiles of samples of whole cases (1999).",
    "P adjusted by Benjamini-Hochberg within each family, which comparisons.csv names; of shares the P with Yates' "
    "correction is adjusted, as paper 001 did.",
    "The share taken for AI's is a rate. Balanced accuracy is the mean of the share of models' masks taken for AI's "
    "and of experts' that were not: 0.5 is guessing; below, raters tell them apart and name them the wrong way round.",
    "ICC: Shrout and Fleiss's forms, with their F-based 95 % intervals.",
)


@dataclass(frozen=True)
class Table:
    """A table of text.

    Args:
        title: above it.
        heads: of columns.
        rows: as many cells each.
        left: columns of words; the others hold numbers.
        note: below it.
        folded: shown when asked for.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int
    note: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure: the PNG, base64, and what it shows."""

    data: str
    caption: str


def write_page(path: Path, found: Analysis, pictures: Sequence[Path]) -> None:
    """Write the page: one file, no request to anywhere.

    Raises:
        OutputError: it cannot be written.
    """
    source = page(found, pictures)
    write_whole(path, lambda part: part.write_text(source, "utf-8"))


def page(found: Analysis, pictures: Sequence[Path]) -> str:
    """The page's source."""
    return render(
        TEMPLATE,
        title=found.name,
        version=__version__,
        headline=headline(found),
        counts=counts(found),
        tables=[table for table in _tables(found) if table.rows],
        pictures=[Picture(embedded(path.read_bytes()), CAPTIONS[path.stem]) for path in pictures],
        conventions=CONVENTIONS,
        statement=STATEMENT,
    )


def headline(found: Analysis) -> str:
    """What was read, in one sentence."""
    raters, read = len({row.rater for row in found.rows}), len(found.rows)
    planned = sum(found.planned.values())
    done = f"all {planned}" if read == planned else f"{read} of {planned}"
    return f"{done} masks read by {raters} {'rater' if raters == 1 else 'raters'}.".capitalize()


def counts(found: Analysis) -> str:
    """What else must be known of the study."""
    said = [
        f"scale {found.scale.lowest} to {found.scale.highest}, {found.scale.acceptable} and more: {found.scale.means}"
    ]
    if found.unread:
        said.append("the study is not finished: what follows is an interim look")
    if found.lost:
        said.append(f"{found.lost} masks could not be shown")
    lowered = sum(row.raw < row.score for row in found.rows)
    if lowered:
        said.append(f"{lowered} raw scores below {found.scale.lowest} count as {found.scale.lowest}")
    return "; ".join(said) + "."


def _tables(found: Analysis) -> Iterable[Table]:
    yield _sources(found)
    yield _times(found)
    yield _comparisons(found)
    yield Table(
        "Telling AI's masks from experts'",
        ("Rater", "Models' masks", "Experts' masks", "Taken for AI's: models", "experts", "Balanced accuracy (95 % CI)",
         "P", "P, Yates", "P, Fisher"),
        [
            (one.rater, str(one.n_models), str(one.n_experts), f"{100 * one.sensitivity:.1f} %",
             f"{100 * (1 - one.specificity):.1f} %",
             f"{number(one.balanced_accuracy, 3)} ({between(one.low, one.high, 3)})", chance(one.p),
             chance(one.p_yates), chance(one.p_exact))
            for one in found.telling
        ],
        1,
    )  # fmt: skip
    yield Table(
        "Agreement",
        ("Between", "Raters", "Masks of", "ICC", "Masks", "Value (95 % CI)"),
        [
            (one.between, one.raters, one.source, one.form, str(one.n),
             f"{number(one.value, 3)} ({between(one.low, one.high, 3)})")
            for one in found.agreement
        ],
        4,
        folded=len(found.agreement) > LONG,
    )  # fmt: skip
    comments = [row for row in found.rows if row.comment]
    yield Table(
        "Comments",
        ("Rater", "Case", "Masks of", "Comment", "Score"),
        [(row.rater, row.case, row.source, row.comment, str(row.score)) for row in comments],
        4,
        folded=len(comments) > LONG,
    )
    for one in found.crosstabs:
        yield _crosstab(one)
    for one in found.groups:
        yield _grouped(one)


def _sources(found: Analysis) -> Table:
    return Table(
        "Scores",
        ("Rater", "Masks of", "Masks", "Median [quartiles]", "Mean (SD)", "Acceptable", "95 % CI, Wilson", "bootstrap"),
        [
            (
                one.rater, one.source, str(one.n), f"{one.median:g} [{one.q1:g} to {one.q3:g}]",
                f"{one.mean:.2f} ({number(one.sd, 2)})", share(one.acceptable, one.n),
                between(100 * one.wilson_low, 100 * one.wilson_high, 1),
                between(100 * one.share_low, 100 * one.share_high, 1),
            )
            for one in found.summaries
        ],
        2,
    )  # fmt: skip


def _times(found: Analysis) -> Table:
    rows = []
    for rater, planned in found.planned.items():
        own = [row for row in found.rows if row.rater == rater]
        pages = {row.page: row.page_seconds for row in own}
        middle = f"{median(pages.values()):.0f} s" if pages else NOTHING
        rows.append((rater, f"{len(own)} of {planned}", str(len(pages)), middle))
    return Table("Reading", ("Rater", "Masks read", "Pages", "Median time a page"), rows, 1)


def _comparisons(found: Analysis) -> Table:
    shown = [one for one in found.comparisons if one.first] if found.focus else found.comparisons
    heads = ("Rater", "Of", "Sources", "Test", "P", "P, Yates", "P, Fisher", "P, adjusted", "Difference (95 % CI)")
    note = "Difference of means, or of shares in percentage points: first less second; bootstrap over cases."
    return Table("Comparisons", heads, [_compared(one) for one in shown], 4, note, folded=len(shown) > LONG)


def _compared(one: Comparison) -> tuple[str, ...]:
    points = 1 if one.measure not in (ACCEPTABLE, "called AI") else 100
    digits = 2 if points == 1 else 1
    difference = (
        NOTHING
        if isnan(one.difference)
        else f"{number(points * one.difference, digits)} ({between(points * one.low, points * one.high, digits)})"
    )
    sources = f"{one.first} against {one.second}" if one.first else "all"
    ps = (chance(p) for p in (one.p, one.p_yates, one.p_exact, one.p_adjusted))
    return (one.rater, one.measure, sources, one.test, *ps, difference)


def _crosstab(one: Crosstab) -> Table:
    """Paper 003's Table 2: counts, percent of the expert's column, totals."""
    columns = one.counts.sum(axis=0)
    total = int(columns.sum())
    rows = [
        (str(step), *(_of(int(n), int(columns[m])) for m, n in enumerate(counts)), _of(int(sum(counts)), total))
        for step, counts in zip(one.steps, one.counts.tolist(), strict=True)
    ]
    rows.append(("Total", *(str(n) for n in columns), str(total)))
    model, expert = (mean_and_deviation(one.counts.sum(axis=axis).tolist(), one.steps) for axis in (1, 0))
    note = (
        f"Mean (SD): {one.model} {model[0]:.3f} ({number(model[1], 3)}), {one.expert} {expert[0]:.3f} "
        f"({number(expert[1], 3)}). Do the scores go together? Chi-square P {chance(one.p_association)} (least "
        f"expected count {number(one.least_expected, 2)}; by permutation {chance(one.p_permuted)}). Are both scored "
        f"alike? Stuart-Maxwell P {chance(one.p_homogeneity)}. Weighted kappa {number(one.kappa, 3)}."
    )
    heads = (f"{one.model} \\ {one.expert}", *map(str, one.steps), "Total")
    return Table(f"{one.rater}: {one.model} and {one.expert}", heads, rows, 1, note)


def _grouped(one: Grouped) -> Table:
    """A part of paper 003's Table 3."""
    totals = {value: sum(counts) for value, counts in one.counts.items()}
    rows = [
        (str(step), *(_of(counts[n], totals[value]) for value, counts in one.counts.items()))
        for n, step in enumerate(one.steps)
    ]
    rows.append(("Total", *map(str, totals.values())))
    note = (
        f"Chi-square P {chance(one.p)} (adjusted {chance(one.p_adjusted)}, by permutation {chance(one.p_permuted)}); "
        f"by ranks {chance(one.p_ranks)}."
    )
    return Table(f"{one.rater}: {one.source} by {one.column}", ("Score", *one.counts), rows, 1, note)


def _of(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.1f} %)" if whole else str(part)
