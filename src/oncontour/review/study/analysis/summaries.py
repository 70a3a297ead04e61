"""How each rater scored each source: medians, means, the acceptable share (paper 001, Figure 5 A and B)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from oncontour.evaluate.statistics import cluster_means, percentiles
from oncontour.evaluate.summary import spread
from oncontour.review.study.readings import Reading

ALL = "all raters"
"""In place of a rater. These readings repeat on cases and raters, which classical tests and intervals do not know."""


@dataclass(frozen=True)
class Summary:
    """One source as one rater, or all, scored it.

    Args:
        rater, source, kind: names.
        n: masks.
        median, q1, q3, mean, sd: of scores.
        mean_low, mean_high: 95 %, bootstrap over cases.
        acceptable: masks at the threshold or above.
        share: of n.
        wilson_low, wilson_high: 95 %, of the share, were masks independent, as those of one rater are.
        share_low, share_high: 95 %, bootstrap over cases.
    """

    rater: str
    source: str
    kind: str
    n: int
    median: float
    q1: float
    q3: float
    mean: float
    sd: float
    mean_low: float
    mean_high: float
    acceptable: int
    share: float
    wilson_low: float
    wilson_high: float
    share_low: float
    share_high: float


def first_readings(rows: Sequence[Reading]) -> list[Reading]:
    """Without those of masks that the rater had seen before."""
    return [row for row in rows if row.reading == 1]


def by_rater(rows: Sequence[Reading]) -> dict[str, list[Reading]]:
    """Readings of all where there are several, then of each rater."""
    found = {rater: [row for row in rows if row.rater == rater] for rater in dict.fromkeys(row.rater for row in rows)}
    return ({ALL: list(rows)} if len(found) > 1 else {}) | found


def by_source(rows: Sequence[Reading], order: Sequence[str]) -> dict[str, list[Reading]]:
    """Readings of each source that has any, in the order given."""
    found = {source: [row for row in rows if row.source == source] for source in order}
    return {source: own for source, own in found.items() if own}


def resampled(rows: Sequence[Reading], values: Sequence[float], seed: int) -> Mapping[Hashable, NDArray[np.float64]]:
    """Means of each source in samples of whole cases."""
    return cluster_means(values, [row.source for row in rows], [row.case for row in rows], seed=seed)


def wilson(part: int, whole: int) -> tuple[float, float]:
    """95 % limits of a share (Wilson 1927).

    >>> [round(limit, 3) for limit in wilson(58, 70)]
    [0.724, 0.899]
    """
    found = stats.binomtest(part, whole).proportion_ci(0.95, "wilson")
    return float(found.low), float(found.high)


def summarise(rows: Sequence[Reading], order: Sequence[str], threshold: int, seed: int = 0) -> tuple[Summary, ...]:
    """Every rater's summary of every source.

    Args:
        rows: first readings.
        order: of sources.
        threshold: the least score that is acceptable.
        seed: of the bootstrap.
    """
    found = []
    for rater, own in by_rater(rows).items():
        means = resampled(own, [row.score for row in own], seed)
        shares = resampled(own, [row.score >= threshold for row in own], seed)
        for source, of_source in by_source(own, order).items():
            scores = [row.score for row in of_source]
            about, count = spread(scores), sum(score >= threshold for score in scores)
            mean, share = percentiles(means[source]), percentiles(shares[source])
            low, high = wilson(count, len(scores))
            found.append(
                Summary(
                    rater=rater, source=source, kind=of_source[0].kind, n=about.n, median=about.median,
                    q1=about.low_quartile, q3=about.high_quartile, mean=about.mean, sd=about.deviation,
                    mean_low=mean.low, mean_high=mean.high, acceptable=count, share=count / len(scores),
                    wilson_low=low, wilson_high=high, share_low=share.low, share_high=share.high,
                )
            )  # fmt: skip
    return tuple(found)
