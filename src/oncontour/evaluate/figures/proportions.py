"""Predicted against true shares of the whole tumour, with their correlation (paper 000, Figure 2)."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING

from oncontour.drawing.style import DASHES, INK, SOFT, chart, frame_chart, series, shortened
from oncontour.evaluate.figures.layout import LINE_INCHES, columns, write_head
from oncontour.evaluate.figures.marks import draw_key
from oncontour.evaluate.figures.samples import Drawn, Measured, Row
from oncontour.evaluate.statistics.correlation import Correlation, correlate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL_INCHES = 3.0
NAME_LETTERS = 12
"""Of a model in a line of statistics; the key has the whole name."""
LEAST = 3
"""Cases that a correlation needs."""
LETTERS = {"pearson": "r", "spearman": "ρ"}


def proportions(measured: Sequence[Measured]) -> Drawn:
    """A panel a region and cohort, models by colour; Pearson's r or Spearman's ρ as a test of normality says.

    Args:
        measured: shares from 0 to 1, of each region, model and cohort.
    """
    regions = list(dict.fromkeys(one.region for one in measured))
    cohorts = list(dict.fromkeys(one.cohort for one in measured))
    models = list(dict.fromkeys(one.model for one in measured))
    across = columns(len(regions), PANEL_INCHES)
    panels = [(cohort, region) for cohort in cohorts for region in regions]
    down = -(-len(regions) // across) * len(cohorts)
    high = PANEL_INCHES + 0.2 + LINE_INCHES * len(models)
    figure = chart(PANEL_INCHES * across, high * down)
    grid = figure.subplots(down, across, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    rows: list[Row] = []
    for number, (cohort, region) in enumerate(panels):
        block, place = divmod(number, len(regions))
        axes = grid[block * (down // len(cohorts)) * across + place]
        axes.set_axis_on()
        own = [one for one in measured if (one.cohort, one.region) == (cohort, region)]
        lines = []
        for one in own:
            colour, marker = series(models.index(one.model))
            words, drawn = _draw(axes, one, colour, marker)
            name = f"{shortened(one.model, NAME_LETTERS)}: " if len(models) > 1 else ""
            lines.append((name + words, colour if name else SOFT))
            rows += drawn
        _frame(axes)
        write_head(axes, " ".join(filter(None, (region, cohort))), lines)
    draw_key(figure, models)
    return figure, rows


def _draw(axes: Axes, one: Measured, colour: str, marker: str) -> tuple[str, list[Row]]:
    """What is told of a model, and its rows."""
    kept = one.defined
    axes.scatter(
        one.ref[kept], one.pred[kept], s=16, marker=marker, color=colour, edgecolors=INK, linewidths=0.25, alpha=0.7,
        clip_on=False, zorder=3,
    )  # fmt: skip
    found = correlate(one.pred[kept], one.ref[kept]) if kept.sum() >= LEAST else None
    lost = len(kept) - int(kept.sum())
    said = told(found, int(kept.sum())) + (f", {lost} undefined" if lost else "")
    statistics = {
        "method": found.method if found else None, "r": found.r if found else None, "p": found.p if found else None,
        "n": int(kept.sum()),
    }  # fmt: skip
    return said, [
        {"cohort": one.cohort, "region": one.region, "model": one.model, "case": case, "pred": p, "ref": r} | statistics
        for case, p, r in zip(one.cases, one.pred.tolist(), one.ref.tolist(), strict=True)
    ]


def told(found: Correlation | None, n: int) -> str:
    """A correlation in words; of too few or equal values only how many they are.

    >>> told(Correlation("pearson", 0.9812, 0.0002, 60, None), 60)
    'r = 0.98, P < 0.001, n = 60'
    >>> told(None, 2)
    'n = 2'
    """
    if found is None or isnan(found.r):
        return f"n = {n}"
    p = "P < 0.001" if found.p < 0.001 else f"P = {found.p:.2g}"
    return f"{LETTERS[found.method]} = {found.r:.2f}, {p}, n = {found.n}"


def _frame(axes: Axes) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.plot([0, 1], [0, 1], color=SOFT, lw=0.8, ls=DASHES, zorder=1)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([0, 0.25, 0.5, 0.75, 1])
        axis.set_major_formatter(PercentFormatter(1))
    frame_chart(axes, across="true share of whole tumour", up="predicted share")
