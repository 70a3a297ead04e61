"""The one style of all charts: colours that the colour-blind tell apart, thin frames, words no larger than needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, FAINT, PAPER = "#1b1f24", "#59626c", "#e4e7eb", "white"
"""Of words and marks, of axes and reference lines, of grids, and behind everything."""

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c510a", "#59626c")
"""One a model or group, in order. The first six are Okabe and Ito's; markers differ besides."""

MARKERS = ("o", "D", "s", "^", "v", "P", "X", "*")
"""One a series, beside its colour."""

DASHES = (0, (4, 3))
"""Of reference lines."""

TITLE_POINTS, WORDS_POINTS, TICK_POINTS = 10.0, 8.5, 7.5

Corner = Literal["best", "upper left", "upper right", "lower left", "lower right"]

PANEL_INCHES = (3.3, 3.1)
"""A panel of a usual size: three stand side by side on A4."""


def series(number: int) -> tuple[str, str]:
    """Colour and marker of the series of that number; they repeat after eight.

    >>> series(0), series(8)
    (('#0072b2', 'o'), ('#0072b2', 'o'))
    """
    return SERIES[number % len(SERIES)], MARKERS[number % len(MARKERS)]


def chart(width: float, height: float, title: str = "") -> Figure:
    """An empty figure, its parts placed by themselves.

    Args:
        width, height: inches.
        title: at the top left; none without words.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor=PAPER, layout="constrained")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=TITLE_POINTS + 2, color=INK, weight="bold")
    return figure


def frame_chart(axes: Axes, title: str = "", across: str = "", up: str = "") -> None:
    """Give axes their frame, grid and words: the last thing that is done to them."""
    axes.grid(color=FAINT, lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(SOFT)
    axes.tick_params(labelsize=TICK_POINTS, colors=SOFT, labelcolor=INK, length=2.5)
    if title:
        axes.set_title(title, loc="left", fontsize=TITLE_POINTS, weight="bold", color=INK)
    if across:
        axes.set_xlabel(across, fontsize=WORDS_POINTS, color=INK)
    if up:
        axes.set_ylabel(up, fontsize=WORDS_POINTS, color=INK)


def key(axes: Axes, loc: Corner = "best") -> None:
    """The legend, where something was labelled."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=TICK_POINTS, labelcolor=INK, loc=loc)


def shortened(name: str, letters: int) -> str:
    """A name that fits.

    >>> shortened("transfer-encoder", 10), shortened("nnU-Net", 10)
    ('transfer-…', 'nnU-Net')
    """
    return name if len(name) <= letters else f"{name[: letters - 1]}…"
