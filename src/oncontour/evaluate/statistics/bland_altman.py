"""Bland and Altman's limits of agreement of two ways to measure the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from oncontour.evaluate.statistics.samples import paired_samples

LIMITS = 1.96
"""Standard deviations on either side of the bias."""


@dataclass(frozen=True)
class BlandAltman:
    """Agreement, in the unit of the measurements.

    Args:
        bias: mean of prediction less reference.
        deviation: standard deviation of these differences (ddof 1).
        low, high: limits within which 95 of 100 differences lie, were they normally distributed.
        n: pairs.
    """

    bias: float
    deviation: float
    low: float
    high: float
    n: int


def bland_altman(pred: ArrayLike, ref: ArrayLike) -> BlandAltman:
    """Bias and limits of agreement, prediction less reference (Bland and Altman 1986).

    Args:
        pred, ref: (n,) measurements of the same subjects, two or more.

    Raises:
        InputError: not pairs of numbers.

    >>> bland_altman([1.0, 2.0, 6.0], [1.0, 1.0, 4.0])
    BlandAltman(bias=1.0, deviation=1.0, low=-0.96, high=2.96, n=3)
    """
    p, r = paired_samples(pred, ref, least=2)
    difference = p - r
    bias, deviation = float(difference.mean()), float(difference.std(ddof=1))
    return BlandAltman(bias, deviation, bias - LIMITS * deviation, bias + LIMITS * deviation, int(np.size(difference)))
