"""Every rater against every other: medians in a heat map (paper 001, Figure 4 A)."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import InputError
from oncontour.drawing.cells import draw_cells
from oncontour.drawing.style import INK, SOFT, TICK_POINTS, WORDS_POINTS, chart
from oncontour.evaluate.figures.axes import TITLES
from oncontour.evaluate.figures.layout import write_head
from oncontour.evaluate.figures.samples import Drawn, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

CELL_INCHES, LETTER_INCHES, EDGES_INCHES = 0.62, 0.072, 1.1
COLOURS = "cividis"
"""Brighter is better; the same to all common kinds of colour vision."""


def heat_map(
    names: Sequence[str], medians: NDArray[np.float64], counts: NDArray[np.int64], metric: str = "dice"
) -> Drawn:
    """A square with a row and a column for each rater or model; nobody is compared with himself.

    Args:
        names: (R,) of raters and models.
        medians: (R, R) scores from 0 to 1 of a row's rater against a column's; NaN where there is none.
        counts: (R, R) cases of each pair.
        metric: which the scores are, a column of `cases.csv`.

    Raises:
        InputError: other shapes.
    """
    size = len(names)
    if medians.shape != (size, size) or counts.shape != (size, size):
        found = f"medians {medians.shape} and counts {counts.shape}"
        raise InputError("heat map", found, f"({size}, {size}) each", "Give a row and a column for each name.")
    shown = np.where(np.eye(size, dtype=bool), np.nan, medians)
    defined = np.isfinite(shown)
    cases = np.unique(counts[defined])
    low = min(0.9, floor(10 * shown[defined].min()) / 10) if defined.any() else 0.0
    words = [[_words(shown[r, c], int(counts[r, c]), len(cases) > 1) for c in range(size)] for r in range(size)]
    margin = LETTER_INCHES * max(map(len, names))
    side = CELL_INCHES * size
    figure = chart(side + margin + EDGES_INCHES, side + margin * 0.75 + 0.9)
    axes = figure.subplots()
    image = draw_cells(axes, shown, words, COLOURS, (low, 1.0), TICK_POINTS)
    axes.set_aspect("equal")
    axes.set_yticks(range(size), list(names), fontsize=WORDS_POINTS)
    aslant = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if max(map(len, names)) > 7 else {}
    axes.set_xticks(range(size), list(names), fontsize=WORDS_POINTS, **aslant)
    said = f"n = {cases[0]}" if len(cases) == 1 else "n in small numbers" if len(cases) else "n = 0"
    write_head(axes, f"Median {TITLES[metric]}", [(said, SOFT)])
    _draw_bar(figure, axes, image)
    rows: list[Row] = [
        {"rater": one, "against": other, f"median_{metric}": float(shown[r, c]), "n": int(counts[r, c])}
        for r, one in enumerate(names)
        for c, other in enumerate(names)
        if r != c
    ]
    return figure, rows


def _words(value: float, count: int, with_count: bool) -> str:
    if np.isnan(value):
        return ""
    return f"{value:.2f}\nn {count}" if with_count else f"{value:.2f}"


def _draw_bar(figure: Figure, axes: Axes, image: AxesImage) -> None:
    bar = figure.colorbar(image, ax=axes, shrink=0.7, aspect=18, pad=0.03)
    bar.ax.tick_params(labelsize=TICK_POINTS, colors=INK, length=2)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
