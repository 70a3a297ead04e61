"""How the cases of a sample are drawn: each as a dot, with a box or a violin that ends where the cases end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.drawing.style import INK, TICK_POINTS, series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST_FOR_A_BOX, LEAST_FOR_A_VIOLIN = 5, 10
"""Cases; fewer are dots alone, whose quartiles or density would be made up."""

LEVELS = 55
"""Rows of dots on an axis: those in one row stand side by side."""

DOT_POINTS, DOT_STEP = 3.0, 0.13
"""Diameter of a dot, and from one to the next in shares of the width that a sample has."""

DISC_POINTS = 22.0
"""Diameter of the disc of all cases."""

VIOLIN_POINTS = 200

MOST_COUNTS = 3
"""Of more samples that differ in size only the smallest and the largest are told."""


def finite(values: Iterable[float]) -> NDArray[np.float64]:
    """The values that are defined.

    >>> finite([0.5, float("nan"), 1.0]).tolist()
    [0.5, 1.0]
    """
    array = np.array(list(values), float)
    return array[np.isfinite(array)]


def counts(samples: Iterable[Sequence[float] | NDArray[np.float64]]) -> str:
    """How many cases samples have, in their order, and how many values are undefined and so not drawn.

    >>> counts([[1.0, 0.5], [0.5, 0.2]]), counts([[1.0, 0.5, 0.2], [float("nan"), 0.5, 0.2]]), counts([])
    ('n = 2', 'n = 3, 2 (1 undefined)', 'n = 0')
    """
    sizes = [(len(values), len(finite(values))) for values in samples]
    drawn, undefined = [found for _, found in sizes] or [0], sum(given - found for given, found in sizes)
    if len(set(drawn)) == 1:
        number = str(drawn[0])
    elif len(drawn) <= MOST_COUNTS:
        number = ", ".join(map(str, drawn))
    else:
        number = f"{min(drawn)} to {max(drawn)}"
    return f"n = {number}" + (f" ({undefined} undefined)" if undefined else "")


def offsets(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where dots stand beside the middle, from -0.5 to 0.5 of a sample's width, so that few hide each other.

    Args:
        shares: (n,) heights of the dots as shares of the axis.

    >>> offsets(np.array([0.1, 0.5, 0.5, 0.5])).round(2).tolist()
    [0.0, 0.0, 0.13, -0.13]
    >>> offsets(np.array([0.5, 0.5])).round(3).tolist()
    [-0.065, 0.065]
    """
    found = np.zeros(len(shares))
    rows = np.round(shares * LEVELS)
    for row in np.unique(rows):
        own = np.flatnonzero(rows == row)
        order = np.arange(len(own))
        places = (order + 1) // 2 * np.where(order % 2, 1, -1)
        found[own] = (places - places.mean()) * min(DOT_STEP, 1.0 / len(own))
    return found


def draw_dots(axes: Axes, x: float, values: NDArray[np.float64], width: float, colour: str, marker: str) -> None:
    """A dot a case. The axis' scale and limits are set before."""
    transform = axes.yaxis.get_transform()
    low, high = transform.transform(np.array(axes.get_ylim()))
    shares = (transform.transform(values) - low) / (high - low)
    axes.scatter(
        x + width * offsets(shares), values, s=DOT_POINTS**2, marker=marker, color=colour, edgecolors=INK,
        linewidths=0.25, alpha=0.75, zorder=3, clip_on=False,
    )  # fmt: skip


def draw_steps(axes: Axes, x: float, values: NDArray[np.float64], colour: str) -> None:
    """A disc a step of a scale, its area the share of cases there: dots of so many equal values would be a blot."""
    steps, cases = np.unique(values, return_counts=True)
    axes.scatter(
        np.full(len(steps), x), steps, s=DISC_POINTS**2 * cases / max(1, len(values)), color=colour, edgecolors=INK,
        linewidths=0.4, zorder=2.2, clip_on=False,
    )  # fmt: skip


def draw_median(axes: Axes, x: float, values: NDArray[np.float64], width: float) -> None:
    """A bar across at the median, behind the dots; none of one case, which is its own."""
    if values.size > 1:
        ends = [x - width / 2, x + width / 2]
        axes.plot(ends, [np.median(values)] * 2, color=INK, lw=1.8, solid_capstyle="butt", zorder=2.5)


def draw_box(axes: Axes, x: float, values: NDArray[np.float64], width: float, colour: str) -> None:
    """Quartiles as a box, whiskers to the last case within 1.5 of its height; none of fewer than five cases."""
    if values.size < LEAST_FOR_A_BOX:
        return
    line = {"color": INK, "linewidth": 0.8}
    axes.boxplot(
        [values], positions=[x], widths=width, manage_ticks=False, showfliers=False, patch_artist=True, zorder=2,
        boxprops={"facecolor": _tint(colour), "edgecolor": INK, "linewidth": 0.8}, whiskerprops=line, capprops=line,
        medianprops={"linewidth": 0},
    )  # fmt: skip


def draw_violin(axes: Axes, x: float, values: NDArray[np.float64], width: float, colour: str) -> None:
    """Density of the cases from the lowest to the highest, nothing beyond; none of few cases, or of equal ones.

    On a logarithmic axis it is the density along the axis as it is seen.
    """
    from scipy.stats import gaussian_kde

    if values.size < LEAST_FOR_A_VIOLIN or not np.ptp(values):
        return
    transform = axes.yaxis.get_transform()
    seen = transform.transform(values)
    heights = np.linspace(seen.min(), seen.max(), VIOLIN_POINTS)
    density = gaussian_kde(seen)(heights)
    side = width / 2 * density / density.max()
    up = np.clip(transform.inverted().transform(heights), values.min(), values.max())
    axes.fill_betweenx(up, x - side, x + side, facecolor=_tint(colour), edgecolor=colour, linewidth=0.9, zorder=2)


def _tint(colour: str) -> tuple[float, ...]:
    """A colour mixed with paper: opaque, so that grids do not shine through."""
    from matplotlib.colors import to_rgb

    return tuple(1 - 0.3 * (1 - part) for part in to_rgb(colour))


def draw_key(figure: Figure, names: Sequence[str]) -> None:
    """The colours and markers of series, below all panels; none of one series alone."""
    from matplotlib.lines import Line2D

    if len(names) < 2:
        return
    marks = [
        Line2D([], [], ls="", marker=marker, color=colour, markeredgecolor=INK, markeredgewidth=0.3, markersize=6)
        for colour, marker in (series(number) for number in range(len(names)))
    ]
    fitting = int(figure.get_figwidth() / (0.075 * max(map(len, names)) + 0.45))
    figure.legend(
        marks, list(names), loc="outside lower left", ncols=max(1, min(fitting, len(names))), frameon=False,
        fontsize=TICK_POINTS + 0.5, labelcolor=INK, handletextpad=0.2,
    )  # fmt: skip
