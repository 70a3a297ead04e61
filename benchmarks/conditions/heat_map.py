"""Dice of every case under every condition in one picture; colour is what the condition changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from conditions.cases import COHORTS
from conditions.measure import Result
from conditions.page import REGIONS, values
from conditions.table import CONDITIONS, PLAIN, Condition
from oncontour.drawing.cells import draw_cells
from oncontour.drawing.style import INK, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CELL_IN, ROW_IN, GAP_IN = 0.46, 0.27, 0.22
"""Inches of a cell's width and height, and between panels."""
TITLES_IN, TOP_IN, BOTTOM_IN, RIGHT_IN = 2.7, 0.85, 0.75, 0.5
"""Inches of the conditions' titles, of the cases' names above, of the colour bar below, and on the right."""

LARGEST_CHANGE = 0.3
"""Of Dice, at which the colours end."""
COLOURS = "PuOr"
"""Orange where Dice falls, purple where it rises: told apart by all common kinds of colour vision (ColorBrewer)."""
CELL_POINTS = 7.0


def heat_map(results: Sequence[Result]) -> Figure:
    """Rows are conditions, columns cases; a panel a region, and one of false volumes in the healthy brain."""
    from matplotlib.figure import Figure

    shown = [condition for condition in CONDITIONS if any(one.condition == condition.name for one in results)]
    panels = [(region, cases, True) for region in REGIONS if (cases := _cases(results, region))]
    healthy = sorted({one.case for one in results if not one.dice and one.volume_ml})
    if healthy:
        panels.append(("false mL", [case for case in healthy if not _scored(results, case)], False))
    panels = [panel for panel in panels if panel[1]]
    columns = sum(len(cases) for _, cases, _ in panels)
    width = TITLES_IN + columns * CELL_IN + (len(panels) - 1) * GAP_IN + RIGHT_IN
    height = TOP_IN + len(shown) * ROW_IN + BOTTOM_IN
    figure = Figure(figsize=(width, height), facecolor=PAPER)
    left = TITLES_IN
    for number, (title, cases, scored) in enumerate(panels):
        size = len(cases) * CELL_IN
        place = (left / width, BOTTOM_IN / height, size / width, len(shown) * ROW_IN / height)
        axes = figure.add_axes(place)
        _panel(axes, title, results, shown, cases, scored)
        axes.set_yticks(range(len(shown)), [one.title for one in shown] if number == 0 else [], fontsize=8, color=INK)
        left += size + GAP_IN
    _colour_bar(figure, width, height)
    return figure


def _scored(results: Sequence[Result], case: str) -> bool:
    return any(one.dice for one in results if one.case == case)


def _cases(results: Sequence[Result], region: str) -> list[str]:
    """Cases with a truth of a region, collection by collection."""
    order = list(COHORTS)
    found = {(order.index(one.cohort), one.case) for one in results if region in one.dice}
    return [case for _, case in sorted(found)]


def _panel(
    axes: Axes, title: str, results: Sequence[Result], shown: Sequence[Condition], cases: Sequence[str], scored: bool
) -> None:
    region = title if scored else "WT"
    by_place = {(one.condition, one.case): one for one in results}
    change = np.full((len(shown), len(cases)), np.nan)
    words = [[""] * len(cases) for _ in shown]
    for row, condition in enumerate(shown):
        for column, case in enumerate(cases):
            result, plain = by_place.get((condition.name, case)), by_place.get((PLAIN.name, case))
            value = values(result, region, scored) if result else None
            before = values(plain, region, scored) if plain else None
            if value is not None and before is not None:
                change[row, column] = value - before if scored else 0.0
            if result and result.refused:
                words[row][column] = "refused"
            elif value is not None:
                words[row][column] = _number(value, scored)
    draw_cells(axes, change, words, COLOURS, (-LARGEST_CHANGE, LARGEST_CHANGE), CELL_POINTS)
    axes.set_xticks(range(len(cases)), list(cases), rotation=45, ha="left", rotation_mode="anchor", fontsize=7.5)
    axes.xaxis.tick_top()
    axes.tick_params(which="both", length=0)
    axes.text(-0.5, len(shown) - 0.35, title, fontsize=9, fontweight="bold", color=INK, va="top")


def _number(value: float, scored: bool) -> str:
    return f"{value:.2f}".removeprefix("0") if scored else f"{value:.1f}"


def _colour_bar(figure: Figure, width: float, height: float) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    axes = figure.add_axes((0.25 / width, 0.32 / height, 1.9 / width, 0.11 / height))
    scale = ScalarMappable(Normalize(-LARGEST_CHANGE, LARGEST_CHANGE), COLOURS)
    bar = figure.colorbar(scale, cax=axes, orientation="horizontal", ticks=[-LARGEST_CHANGE, 0, LARGEST_CHANGE])
    bar.ax.tick_params(labelsize=7, colors=INK, length=2)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    axes.set_title("Dice against the scan as it is", fontsize=7.5, color=INK, loc="left", pad=3)
