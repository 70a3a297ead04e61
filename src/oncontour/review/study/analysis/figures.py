"""Figures of a study: scores, acceptable shares, masks taken for AI's (paper 001, Figure 5), crosstabs (paper 003)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oncontour.drawing.cells import draw_cells
from oncontour.drawing.files import write_figure
from oncontour.drawing.style import DASHES, INK, SOFT, TICK_POINTS, frame_chart, series
from oncontour.evaluate.figures import layout
from oncontour.evaluate.figures.axes import ROOM
from oncontour.evaluate.figures.box_brackets import Pair, box_brackets
from oncontour.evaluate.figures.layout import EDGES_INCHES, write_head
from oncontour.evaluate.figures.samples import Drawn, Row
from oncontour.review.study.analysis.comparisons import SCORE
from oncontour.review.study.analysis.crosstabs import Crosstab
from oncontour.review.study.analysis.run import Analysis
from oncontour.review.study.analysis.summaries import ALL, by_rater, by_source, first_readings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR_INCHES, BARS_HIGH_INCHES = 0.62, 3.2
CELL_INCHES, MARGIN_INCHES = 0.55, 1.0
UPRIGHT_LETTERS = 9
"""Longer names are written aslant."""
COLOURS = "Blues"
"""Darker is more, from nothing on: told by lightness alone."""


@dataclass(frozen=True)
class Bar:
    """A share with its limits.

    Args:
        source: whose masks.
        part, whole: masks.
        low, high: 95 %.
        hatched: to be told from other bars by more than colour.
    """

    source: str
    part: int
    whole: int
    low: float
    high: float
    hatched: bool = False


def write_study_figures(found: Analysis, out: Path) -> tuple[Path, ...]:
    """Write every figure as PNG, PDF and CSV.

    Raises:
        OutputError: a file cannot be written.
    """
    drawn = {"scores": scores(found), "acceptable": acceptable(found)}
    if found.called:
        drawn["called-ai"] = called_ai(found)
    if found.crosstabs:
        drawn["crosstabs"] = crosstabs(found.crosstabs)
    return tuple(path for name, (figure, rows) in drawn.items() for path in write_figure(figure, out / name, rows))


def scores(found: Analysis) -> Drawn:
    """Boxes of scores by rater and source, brackets by adjusted P, a line at the acceptable score (5 A)."""
    panels, p = {}, {}
    raters = by_rater(first_readings(found.rows))
    for rater, read in raters.items():  # All raters come first, who have all sources: colours go by their order.
        own = by_source(read, found.order)
        panels[rater] = {
            source: {f"{row.case}, {row.rater}" if rater == ALL else row.case: float(row.score) for row in rows}
            for source, rows in own.items()
        }
        p[rater] = _adjusted(found, rater)
    figure, rows = box_brackets(panels, p, found.scale.name)
    for axes in figure.axes:
        _line(axes, found.scale.acceptable - 0.5)
    return figure, rows


def _adjusted(found: Analysis, rater: str) -> dict[Pair, float]:
    return {
        (one.first, one.second): one.p_adjusted
        for one in found.comparisons
        if (one.rater, one.measure) == (rater, SCORE) and one.first
    }


def acceptable(found: Analysis) -> Drawn:
    """Bars of the share at the threshold or above (5 B)."""
    panels: dict[str, list[Bar]] = {}
    for one in found.summaries:
        limits = (one.share_low, one.share_high) if one.rater == ALL else (one.wilson_low, one.wilson_high)
        panels.setdefault(one.rater, []).append(Bar(one.source, one.acceptable, one.n, *limits))
    return _bars(panels, found.order, f"{found.scale.means}, score ≥ {found.scale.acceptable}", {}, None)


def called_ai(found: Analysis) -> Drawn:
    """Bars of the share taken for AI's; experts' are hatched. Above each panel the rater's balanced accuracy (5 C)."""
    panels: dict[str, list[Bar]] = {}
    for one in found.called:
        limits = (one.share_low, one.share_high) if one.rater == ALL else (one.wilson_low, one.wilson_high)
        panels.setdefault(one.rater, []).append(
            Bar(one.source, one.called_ai, one.n, *limits, hatched=one.kind == "expert")
        )
    told = {
        one.rater: f"balanced accuracy {one.balanced_accuracy:.2f} ({one.low:.2f} to {one.high:.2f})"
        for one in found.telling
    }
    return _bars(panels, found.order, "taken for AI's (experts' hatched)", told, 0.5)


def _bars(
    panels: Mapping[str, Sequence[Bar]], order: Sequence[str], up: str, told: Mapping[str, str], line: float | None
) -> Drawn:
    from matplotlib.ticker import PercentFormatter

    width = max(2.6, BAR_INCHES * max(map(len, panels.values())) + EDGES_INCHES)
    figure, grid = layout.panels(len(panels), width, BARS_HIGH_INCHES)
    rows: list[Row] = []
    for axes, (rater, bars) in zip(grid, panels.items(), strict=True):
        for place, bar in enumerate(bars):
            share = bar.part / bar.whole
            colour, _ = series(order.index(bar.source))
            axes.bar(
                place, share, 0.7, color=colour, alpha=0.75, edgecolor=INK, linewidth=0.7,
                hatch="////" if bar.hatched else None, zorder=2,
            )  # fmt: skip
            whiskers = [[max(0.0, share - bar.low)], [max(0.0, bar.high - share)]]
            axes.errorbar(place, share, whiskers, color=INK, lw=1.1, capsize=2.5, capthick=1.1, zorder=3)
            axes.text(place, 1.04, f"{bar.part}/{bar.whole}", ha="center", fontsize=TICK_POINTS - 0.5, color=SOFT)
            row: Row = {"rater": rater, "source": bar.source, "part": bar.part, "of": bar.whole, "share": share}
            rows.append(row | {"low": bar.low, "high": bar.high})
        if line is not None:
            _line(axes, line)
        axes.set_ylim(0, 1.1 + ROOM)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.spines["left"].set_bounds(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set_xlim(-0.6, len(bars) - 0.4)
        names = [bar.source for bar in bars]
        aslant = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"}
        axes.set_xticks(range(len(bars)), names, **(aslant if max(map(len, names)) > UPRIGHT_LETTERS else {}))
        frame_chart(axes, up=up if layout.leftmost(axes) else "")
        axes.grid(visible=False, axis="x")
        limits = "95 % CI: bootstrap over cases" if rater == ALL else "95 % CI: Wilson"
        write_head(axes, rater, [*([(told[rater], INK)] if rater in told else []), (limits, SOFT)])
    return figure, rows


def _line(axes: Axes, height: float) -> None:
    axes.axhline(height, color=SOFT, lw=0.9, ls=DASHES, zorder=1.5)


def crosstabs(found: Sequence[Crosstab]) -> Drawn:
    """Cases by the scores of a model's mask (rows) and an expert's (columns)."""
    size = len(found[0].steps)
    figure, grid = layout.panels(len(found), CELL_INCHES * size + MARGIN_INCHES, CELL_INCHES * size + MARGIN_INCHES)
    rows: list[Row] = []
    for axes, one in zip(grid, found, strict=True):
        words = [[str(count) for count in counts] for counts in one.counts.tolist()]
        draw_cells(axes, one.counts.astype(float), words, COLOURS, (0, max(1, int(one.counts.max()))), TICK_POINTS + 1)
        axes.invert_yaxis()  # Both scores grow away from the corner.
        axes.set_aspect("equal")
        for set_ticks in (axes.set_xticks, axes.set_yticks):
            set_ticks(range(size), [str(step) for step in one.steps])
        axes.tick_params(labelsize=TICK_POINTS)
        axes.set_xlabel(f"score of {one.expert}", fontsize=TICK_POINTS + 1, color=INK)
        axes.set_ylabel(f"score of {one.model}", fontsize=TICK_POINTS + 1, color=INK)
        told = f"n = {one.counts.sum()}, weighted κ {one.kappa:.2f}"
        write_head(axes, one.rater, [(told, SOFT)])
        head: Row = {"rater": one.rater, "model": one.model, "expert": one.expert}
        rows += [
            head | {"model_score": r, "expert_score": c, "cases": count}
            for r, counts in zip(one.steps, one.counts.tolist(), strict=True)
            for c, count in zip(one.steps, counts, strict=True)
        ]
    return figure, rows
