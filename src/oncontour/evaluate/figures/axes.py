"""The axis of a measure: 0 to 1 for scores; for mL and mm one that is logarithmic and still holds 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, log10
from typing import TYPE_CHECKING

from oncontour.evaluate.summary import DISTANCES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLES: Mapping[str, str] = {
    "dice": "Dice",
    "jaccard": "Jaccard",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "precision": "precision",
    "hd95": "HD95, mm",
    "assd": "ASSD, mm",
    "hd95_pooled": "HD95, both directions pooled, mm",
    "hd95_brats2023": "HD95 of BraTS 2023, mm",
    "surface_dice": "surface Dice",
    "lesion_dice": "lesion-wise Dice",
    "lesion_hd95": "lesion-wise HD95, mm",
    "panoptic_quality": "panoptic quality",
    "recognition_quality": "recognition quality",
    "likert": "score, 1 to 10",
    "two-step": "score, 1 to 5",
}
"""Of a column of `cases.csv`, or a scale of raters, at an axis."""

IN_MILLIMETRES = (*DISTANCES, "lesion_hd95")
"""The metrics that are lengths; all others but `RATINGS` are scores from 0 to 1."""

RATINGS: Mapping[str, tuple[int, int]] = {"likert": (1, 10), "two-step": (1, 5)}
"""Scales of reader studies, and their ends."""

LINEAR_TO_MM, LINEAR_TO_ML = 1.0, 0.1
"""Where the logarithm begins: about a voxel's edge, and what a reader would still call a lesion."""

ROOM = 0.04
"""Share of the axis that is kept free at its ends, so that dots at 0 and 1 are whole."""


def metric_axis(axes: Axes, metric: str, values: Iterable[float]) -> None:
    """Make the vertical axis that of a metric, to be done before anything is drawn.

    Args:
        values: all that will be drawn, finite.
    """
    if metric in IN_MILLIMETRES:
        log_axis(axes, max(values, default=0.0), LINEAR_TO_MM)
    elif metric in RATINGS:
        low, high = RATINGS[metric]
        axes.set_ylim(low - ROOM * (high - low), high + ROOM * (high - low))
        axes.set_yticks(range(low, high + 1))
    else:
        score_axis(axes)


def score_axis(axes: Axes) -> None:
    """From 0 to 1."""
    axes.set_ylim(-ROOM, 1 + ROOM)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])


def log_axis(axes: Axes, highest: float, linear_to: float, room: float = 0.25) -> None:
    """From 0: even steps up to `linear_to`, from there a step a power of ten.

    Args:
        highest: value that will be drawn, 0 or more.
        linear_to: more than 0, in the unit of the values.
        room: below 0, in shares of the way from 0 to `linear_to`.
    """
    powers = max(1, ceil(log10(max(highest, linear_to) / linear_to)))
    axes.set_yscale("symlog", linthresh=linear_to, linscale=0.5)
    ticks = [0.0, *(linear_to * 10**power for power in range(powers + 1))]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(-room * linear_to, max(highest * 1.3, 10 * linear_to))  # The last, since ticks widen limits.
