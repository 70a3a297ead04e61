"""Where samples stand in a figure: models side by side within regions, panels in rows that fit a page."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.drawing.style import INK, TICK_POINTS, TITLE_POINTS, chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SLOT_INCHES, GAP_SLOTS, MOST_SLOTS = 0.3, 0.8, 32
"""Width of a sample, what is free between two regions, and how many fit a row of panels."""

PAGE_INCHES = 10.5
"""Panels beyond this go into the next row."""

EDGES_INCHES = 0.75
"""Of a panel: numbers and title of its axis."""


def places(groups: int, members: int) -> NDArray[np.float64]:
    """(groups, members) positions of samples, in slots from 0.5.

    >>> places(2, 2).tolist()
    [[0.5, 1.5], [3.3, 4.3]]
    """
    starts = np.arange(groups, dtype=float)[:, None] * (members + GAP_SLOTS)
    return starts + (np.arange(members, dtype=float) + 0.5)


def rows_of(groups: Sequence[str], members: int) -> list[list[str]]:
    """Groups in rows of about equal length, each with no more samples than fit.

    >>> rows_of(["WT", "TC", "ET", "ED"], 10)
    [['WT', 'TC'], ['ET', 'ED']]
    """
    fitting = max(1, int((MOST_SLOTS + GAP_SLOTS) / (members + GAP_SLOTS)))
    length = ceil(len(groups) / ceil(len(groups) / fitting))
    return [list(groups[start : start + length]) for start in range(0, len(groups), length)]


def panel_inches(groups: int, members: int) -> float:
    """Width of a panel of so many samples."""
    slots = groups * (members + GAP_SLOTS) - GAP_SLOTS
    return max(2.4, SLOT_INCHES * slots + EDGES_INCHES)


def columns(panels: int, inches: float) -> int:
    """How many panels of a width stand side by side.

    >>> columns(3, 2.5), columns(9, 2.5), columns(2, 30.0)
    (3, 4, 1)
    """
    return max(1, min(panels, int(PAGE_INCHES / inches)))


def panels(count: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels, side by side as far as a page is wide.

    Args:
        width, height: of a panel, inches.
    """
    across = columns(count, width)
    down = ceil(count / across)
    figure = chart(width * across, height * down)
    grid = figure.subplots(down, across, squeeze=False).ravel().tolist()
    for axes in grid[count:]:
        axes.set_axis_off()
    return figure, grid[:count]


def leftmost(axes: Axes) -> bool:
    """Whether a panel stands in the first column, and so has words at its axis."""
    place = axes.get_subplotspec()
    return place is not None and place.is_first_col()


LINE_INCHES = 0.15
"""Of a line of words between a panel and its title."""


def write_head(axes: Axes, title: str, lines: Sequence[tuple[str, str]]) -> None:
    """The title of a panel, and lines of smaller words below it.

    Args:
        lines: words and their colour.
    """
    points = 72 * LINE_INCHES
    for number, (words, colour) in enumerate(reversed(lines)):
        written = axes.annotate(
            words, (0, 1), (0, 5 + number * points), xycoords="axes fraction", textcoords="offset points", ha="left",
            fontsize=TICK_POINTS - 0.5, color=colour,
        )  # fmt: skip
        written.set_in_layout(False)  # Long words may reach over the next panel's margin; they shrink none.
    pad = 7 + len(lines) * points
    axes.set_title(title or " ", loc="left", pad=pad, fontsize=TITLE_POINTS, weight="bold", color=INK)
