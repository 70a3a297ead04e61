"""How figures of an evaluation are written."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from oncontour.evaluate.summary import Spread
from oncontour.report.page import NOTHING

METRICS: Mapping[str, tuple[str, int]] = {
    "dice": ("Dice", 3),
    "jaccard": ("Jaccard", 3),
    "sensitivity": ("Sensitivity", 3),
    "specificity": ("Specificity", 4),
    "precision": ("Precision", 3),
    "hd95": ("HD95 (mm)", 1),
    "assd": ("ASSD (mm)", 2),
    "hd95_pooled": ("HD95, pooled (mm)", 1),
    "hd95_brats2023": ("HD95, by area (mm)", 1),
    "surface_dice": ("Surface Dice", 3),
    "lesion_dice": ("Lesion-wise Dice", 3),
    "lesion_hd95": ("Lesion-wise HD95 (mm)", 1),
    "panoptic_quality": ("Panoptic quality", 3),
    "recognition_quality": ("Recognition quality", 3),
}
"""What a column is called, and the decimals that it deserves."""


def number(value: float, digits: int) -> str:
    """A figure, or a dash where there is none.

    >>> number(0.8725, 3), number(-1.25, 1), number(float("nan"), 1)
    ('0.873', '−1.2', '–')
    """
    return f"{value:.{digits}f}".replace("-", "−") if isfinite(value) else NOTHING


def between(low: float, high: float, digits: int) -> str:
    """Two ends of an interval.

    >>> between(0.785, 0.832, 2), between(float("nan"), 1.0, 2)
    ('0.79 to 0.83', '–')
    """
    return f"{number(low, digits)} to {number(high, digits)}" if isfinite(low) and isfinite(high) else NOTHING


def mean_deviation(spread: Spread, digits: int) -> str:
    """Mean (SD)."""
    return f"{number(spread.mean, digits)} ({number(spread.deviation, digits)})" if spread.n else NOTHING


def median_quartiles(spread: Spread, digits: int) -> str:
    """Median [quartiles]."""
    quartiles = between(spread.low_quartile, spread.high_quartile, digits)
    return f"{number(spread.median, digits)} [{quartiles}]" if spread.n else NOTHING


def chance(p: float) -> str:
    """A P value.

    >>> chance(0.0421), chance(0.00004), chance(float("nan"))
    ('0.042', '< 0.001', '–')
    """
    if not isfinite(p):
        return NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def share(part: int, whole: int) -> str:
    """A count of a whole, in percent too.

    >>> share(5, 60), share(0, 0)
    ('8.3 % (5/60)', '–')
    """
    return f"{100 * part / whole:.1f} % ({part}/{whole})" if whole else NOTHING
