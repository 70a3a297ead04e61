"""Bland and Altman's plots: how far apart two measurements are, and by how much on the whole (paper 000, Figure 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.drawing.style import DASHES, INK, SOFT, TICK_POINTS, chart, frame_chart, series
from oncontour.evaluate.figures.layout import columns, leftmost, write_head
from oncontour.evaluate.figures.samples import Drawn, Measured, Row
from oncontour.evaluate.statistics.bland_altman import BlandAltman, bland_altman

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL_INCHES = 3.3, 2.8
LEAST = 2
"""Cases that limits need."""
GAP = 0.075
"""Least distance of two values at the lines, a share of the axis."""


def bland_altman_plots(measured: Sequence[Measured], unit: str) -> Drawn:
    """A panel a region, model and cohort; bias and 95 % limits as lines, their values beside them.

    Args:
        measured: of each region, model and cohort. Panels of one region have the same axes.
        unit: of the measurements, such as "mL".
    """
    regions = list(dict.fromkeys(one.region for one in measured))
    blocks = list(dict.fromkeys((one.cohort, one.model) for one in measured))
    models = list(dict.fromkeys(one.model for one in measured))
    across = columns(len(regions), PANEL_INCHES[0])
    deep = -(-len(regions) // across)
    figure = chart(PANEL_INCHES[0] * across, PANEL_INCHES[1] * deep * len(blocks))
    grid = figure.subplots(deep * len(blocks), across, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    rows: list[Row] = []
    for one in measured:
        kept = one.defined
        found = bland_altman(one.pred[kept], one.ref[kept]) if kept.sum() >= LEAST else None
        axes = grid[blocks.index((one.cohort, one.model)) * deep * across + regions.index(one.region)]
        axes.set_axis_on()
        same = [other for other in measured if other.region == one.region]
        _draw(axes, one, found, models.index(one.model), _limits(same))
        frame_chart(axes, across=f"mean of both, {unit}")
        lost = int((~kept).sum())
        said = [one.model, one.cohort, f"n = {int(kept.sum())}", f"{lost} undefined" if lost else ""]
        write_head(axes, one.region, [(", ".join(filter(None, said)), SOFT)])
        if leftmost(axes):
            axes.set_ylabel(f"predicted − true, {unit}", fontsize=TICK_POINTS + 1, color=INK)
        rows += _rows(one, found)
    return figure, rows


def _difference(one: Measured) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return (one.pred + one.ref) / 2, one.pred - one.ref


def _limits(same: Sequence[Measured]) -> tuple[float, float]:
    """Of the means that are drawn, and of the sizes of differences and limits."""
    means, sizes = [0.0], [0.0]
    for one in same:
        mean, difference = (values[one.defined] for values in _difference(one))
        means += mean.tolist()
        sizes += np.abs(difference).tolist()
        if len(mean) >= LEAST:
            found = bland_altman(one.pred[one.defined], one.ref[one.defined])
            sizes += [abs(found.low), abs(found.high)]
    return 1.05 * max(means) or 1.0, 1.1 * max(sizes) or 1.0


def _draw(axes: Axes, one: Measured, found: BlandAltman | None, number: int, limits: tuple[float, float]) -> None:
    colour, marker = series(number)
    mean, difference = (values[one.defined] for values in _difference(one))
    axes.scatter(
        mean, difference, s=14, marker=marker, color=colour, edgecolors=INK, linewidths=0.25, alpha=0.7, zorder=3,
        clip_on=False,
    )  # fmt: skip
    farthest, largest = limits
    axes.set_xlim(-0.02 * farthest, farthest)
    axes.set_ylim(-largest, largest)
    axes.axhline(0, color=SOFT, lw=0.6, zorder=1)
    if found is None:
        return
    values = (found.low, found.bias, found.high)
    told = [f"{value:+.3g}".replace("-", "−") for value in values]
    heights = apart([(value + largest) / (2 * largest) for value in values], GAP)
    for value, text, name, height in zip(values, told, ("−1.96 SD", "bias", "+1.96 SD"), heights, strict=True):
        whole = name == "bias"
        axes.axhline(value, color=INK, lw=1.2 if whole else 0.9, ls="-" if whole else DASHES, zorder=2)
        words = f"{text}  {name}"
        axes.text(1.015, height, words, transform=axes.transAxes, va="center", fontsize=TICK_POINTS - 0.5, color=INK)


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Rising heights of which none is nearer to the next than `gap`; the middle one stays.

    >>> apart([0.1, 0.5, 0.9], 0.1)
    [0.1, 0.5, 0.9]
    >>> apart([0.48, 0.5, 0.51], 0.1)
    [0.4, 0.5, 0.6]
    """
    low, middle, high = heights
    return [min(low, middle - gap), middle, max(high, middle + gap)]


def _rows(one: Measured, found: BlandAltman | None) -> list[Row]:
    mean, difference = _difference(one)
    names = {"cohort": one.cohort, "region": one.region, "model": one.model}
    agreement = {name: getattr(found, name) if found else None for name in ("bias", "low", "high")}
    agreement["n"] = int(one.defined.sum())
    numbers = zip(one.pred.tolist(), one.ref.tolist(), mean.tolist(), difference.tolist(), strict=True)
    return [
        {**names, "case": case, "pred": p, "ref": r, "mean": m, "difference": d, **agreement}
        for case, (p, r, m, d) in zip(one.cases, numbers, strict=True)
    ]
