"""Boxes with every case as a dot, and how many scored nothing at all (paper 001, Figure 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.drawing.style import INK, SOFT, TICK_POINTS, frame_chart, series
from oncontour.evaluate.figures import layout
from oncontour.evaluate.figures.axes import IN_MILLIMETRES, TITLES, metric_axis
from oncontour.evaluate.figures.layout import EDGES_INCHES, write_head
from oncontour.evaluate.figures.marks import counts, draw_box, draw_dots, draw_key, draw_median, finite
from oncontour.evaluate.figures.samples import Drawn, Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STRIP_INCHES, PANEL_HIGH_INCHES = 0.72, 3.0
ZEROS_ROOM = 0.18
"""Share of the axis' length below 0 that counts of zeros stand in."""
UPRIGHT_LETTERS, ASLANT_LETTERS = 9, 18
"""Names longer than this are written aslant, or in a key below."""
LETTER_INCHES = 0.035
"""What a letter written aslant takes of a panel's height."""


def strips(
    panels: Mapping[str, Mapping[str, Sample]], metric: str = "dice", colours: Mapping[str, str] | None = None
) -> Drawn:
    """Samples side by side; below each "n (%)" of its cases with a score of 0.

    Args:
        panels: title -> the name of a sample -> its cases' values; for example region -> model.
        metric: which the values are, a column of `cases.csv`. Of distances, where 0 is best, no zeros are counted.
        colours: of samples by name, where they have their own, as regions do; else those of series.
    """
    names = list(dict.fromkeys(name for samples in panels.values() for name in samples))
    width = max(2.4, STRIP_INCHES * len(names) + EDGES_INCHES)
    longest = max(map(len, names))
    aslant = UPRIGHT_LETTERS < longest <= ASLANT_LETTERS
    figure, grid = layout.panels(len(panels), width, PANEL_HIGH_INCHES + aslant * LETTER_INCHES * longest)
    values = finite(value for samples in panels.values() for sample in samples.values() for value in sample.values())
    for axes, (title, samples) in zip(grid, panels.items(), strict=True):
        metric_axis(axes, metric, values)
        for name, sample in samples.items():
            place = names.index(name)
            colour, marker = series(place)
            own, colour = finite(sample.values()), (colours or {}).get(name, colour)
            draw_box(axes, place, own, 0.7, colour)
            draw_dots(axes, place, own, 0.66, colour, marker)
            draw_median(axes, place, own, 0.7)
        if metric not in IN_MILLIMETRES:
            _write_zeros(axes, metric, {names.index(name): finite(sample.values()) for name, sample in samples.items()})
        axes.set_xlim(-0.6, len(names) - 0.4)
        frame_chart(axes, up=TITLES[metric] if layout.leftmost(axes) else "")
        write_head(axes, title, [(counts(list(sample.values()) for sample in samples.values()), SOFT)])
        _write_names(axes, names, aslant)
        axes.grid(visible=False, axis="x")
    if longest > ASLANT_LETTERS:
        draw_key(figure, names)
    rows = [
        {"panel": title, "sample": name, "case": case, metric: value}
        for title, samples in panels.items()
        for name, sample in samples.items()
        for case, value in sample.items()
    ]
    return figure, list(rows)


def _write_zeros(axes: Axes, metric: str, samples: Mapping[int, NDArray[np.float64]]) -> None:
    low, high = axes.get_ylim()
    y = low - 0.2 * ZEROS_ROOM
    axes.set_ylim(low - ZEROS_ROOM * (high - low), high)
    axes.spines["left"].set_bounds(0, 1)
    for place, values in samples.items():
        zeros = int(np.count_nonzero(values == 0))
        share = f"{100 * zeros / values.size:.1f}" if values.size else "–"
        colour = INK if zeros else SOFT
        axes.text(place, y, f"{zeros}\n({share} %)", ha="center", va="top", fontsize=TICK_POINTS - 0.5, color=colour)
    side = axes.get_yaxis_transform()
    axes.text(
        -0.01, y, f"{TITLES[metric]} 0", transform=side, ha="right", va="top", fontsize=TICK_POINTS - 0.5, color=SOFT
    )


def _write_names(axes: Axes, names: list[str], aslant: bool) -> None:
    if aslant:
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right", rotation_mode="anchor")
    elif max(map(len, names)) <= UPRIGHT_LETTERS:
        axes.set_xticks(range(len(names)), names)
    else:
        axes.set_xticks([])
