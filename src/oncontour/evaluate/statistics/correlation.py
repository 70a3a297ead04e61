"""Whether two measurements of the same cases rise together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from oncontour.evaluate.statistics.samples import paired_samples

NORMAL = 0.05
"""Pearson's where Shapiro and Wilk's test of both samples has P above this, else Spearman's."""


@dataclass(frozen=True)
class Correlation:
    """A correlation, and why it is this one.

    Args:
        method: "pearson" or "spearman".
        r: -1 to 1; NaN where a sample does not vary.
        p: two-sided.
        n: pairs.
        normality_p: of Shapiro and Wilk's test, of the first and the second sample; None where the method was given.
    """

    method: Literal["pearson", "spearman"]
    r: float
    p: float
    n: int
    normality_p: tuple[float, float] | None


def correlate(a: ArrayLike, b: ArrayLike, method: Literal["auto", "pearson", "spearman"] = "auto") -> Correlation:
    """Correlate two samples; by default the test of normality chooses the coefficient (paper 000: S0.21).

    Args:
        a, b: (n,) of the same cases, three or more.

    Raises:
        InputError: not pairs of finite numbers.

    >>> round(correlate([1, 2, 3, 4], [1, 2, 3, 400], "spearman").r, 6)
    1.0
    """
    first, second = paired_samples(a, b, least=3)
    if not (np.ptp(first) and np.ptp(second)):
        nothing = float("nan")
        return Correlation("pearson" if method == "pearson" else "spearman", nothing, nothing, len(first), None)
    normality = None
    if method == "auto":
        normality = float(stats.shapiro(first).pvalue), float(stats.shapiro(second).pvalue)
        method = "pearson" if min(normality) > NORMAL else "spearman"
    found = stats.pearsonr(first, second) if method == "pearson" else stats.spearmanr(first, second)
    r, p = float(found.statistic), float(found.pvalue)  # type: ignore[union-attr]
    return Correlation(method, r, p, len(first), normality)
