"""Two models on the same cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from oncontour.evaluate.statistics.bootstrap import Interval, bootstrap_mean
from oncontour.evaluate.statistics.outcome import Test
from oncontour.evaluate.statistics.samples import paired_samples


@dataclass(frozen=True)
class Paired:
    """How two samples of the same cases differ, first less second.

    Args:
        n: cases.
        mean, median: of the differences.
        interval: of the mean difference, by bootstrap over cases.
        wilcoxon: signed-rank test, the default; effect: matched-pairs rank-biserial correlation, -1 to 1.
        t: paired t test; effect: Cohen's d of the differences.
        rank_sum: the unpaired test that paper 001 used on paired data ("paper" convention); effect: the probability
            that a case of the first sample is above one of the second, ties half.
    """

    n: int
    mean: float
    median: float
    interval: Interval
    wilcoxon: Test
    t: Test
    rank_sum: Test


def compare_paired(a: ArrayLike, b: ArrayLike, resamples: int = 9999, seed: int = 0) -> Paired:
    """Compare two models by a figure of each case.

    Where all differences are zero, tests have P = 1.

    Args:
        a, b: (n,) figures, case by case, two or more.
        resamples, seed: of the bootstrap.

    Raises:
        InputError: not pairs of finite numbers.
    """
    first, second = paired_samples(a, b, least=2)
    difference = first - second
    return Paired(
        n=len(difference),
        mean=float(difference.mean()),
        median=float(np.median(difference)),
        interval=bootstrap_mean(difference, resamples=resamples, seed=seed),
        wilcoxon=wilcoxon(difference),
        t=paired_t(difference),
        rank_sum=rank_sum(first, second),
    )


def wilcoxon(difference: NDArray[np.float64]) -> Test:
    """Signed-rank test of differences; zeros are left out (Wilcoxon), and n counts the rest."""
    kept = difference[difference != 0]
    effect = _rank_biserial(kept)
    if not kept.size:
        return Test("Wilcoxon signed-rank", 0.0, 1.0, "rank-biserial r", effect, 0)
    found = stats.wilcoxon(kept)
    return Test(
        "Wilcoxon signed-rank", float(found.statistic), float(found.pvalue), "rank-biserial r", effect, kept.size
    )


def _rank_biserial(kept: NDArray[np.float64]) -> float:
    """Share of the rank sum that is positive less that which is negative (Kerby 2014)."""
    if not kept.size:
        return 0.0
    ranks = stats.rankdata(np.abs(kept))
    return float((ranks[kept > 0].sum() - ranks[kept < 0].sum()) / ranks.sum())


def paired_t(difference: NDArray[np.float64]) -> Test:
    """Paired t test of differences."""
    deviation = float(difference.std(ddof=1))
    if not deviation:
        same = not difference.any()
        nothing = 0.0 if same else float("nan")
        return Test("paired t", nothing, 1.0 if same else float("nan"), "Cohen's d", nothing, len(difference))
    found = stats.ttest_1samp(difference, 0.0)
    effect = float(difference.mean()) / deviation
    return Test("paired t", float(found.statistic), float(found.pvalue), "Cohen's d", effect, len(difference))


def rank_sum(first: NDArray[np.float64], second: NDArray[np.float64]) -> Test:
    """Wilcoxon rank-sum test, by the normal approximation without correction of ties, as scipy's `ranksums`."""
    found = stats.ranksums(first, second)
    above = stats.rankdata(np.concatenate([first, second]))[: len(first)].sum() - len(first) * (len(first) + 1) / 2
    effect = float(above / (len(first) * len(second)))
    return Test(
        "Wilcoxon rank-sum", float(found.statistic), float(found.pvalue), "P(A > B)", effect, len(first) + len(second)
    )
