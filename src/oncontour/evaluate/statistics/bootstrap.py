"""Intervals by drawing cases anew."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from oncontour.core.errors import InputError
from oncontour.evaluate.statistics.samples import sample


@dataclass(frozen=True)
class Interval:
    """Limits of an interval.

    Args:
        low, high: NaN where there are too few cases.
        confidence: such as 0.95.
        method: in words.
    """

    low: float
    high: float
    confidence: float
    method: str


def bootstrap_mean(values: ArrayLike, confidence: float = 0.95, resamples: int = 9999, seed: int = 0) -> Interval:
    """Interval of a mean by the bias-corrected and accelerated bootstrap (Efron 1987).

    Args:
        values: (n,) of independent cases.
    """
    array = sample(values, least=1)
    if array.size < 2 or not np.ptp(array):
        only = float(array[0]) if array.size > 1 else float("nan")
        return Interval(only, only, confidence, "bootstrap (BCa)")
    found = stats.bootstrap(
        (array,), np.mean, n_resamples=resamples, confidence_level=confidence, method="BCa", rng=seed
    ).confidence_interval
    return Interval(float(found.low), float(found.high), confidence, "bootstrap (BCa)")


def cluster_bootstrap(
    values: ArrayLike,
    clusters: Sequence[Hashable],
    statistic: Callable[[NDArray[np.float64]], float],
    confidence: float = 0.95,
    resamples: int = 1999,
    seed: int = 0,
) -> Interval:
    """Percentile interval of a statistic of numbers that repeat on cases: whole cases are drawn.

    Args:
        values: (n,) or (n, m), a row a rating.
        clusters: the case of each row.
        statistic: of rows as given.

    Raises:
        InputError: not one case a row, or fewer than two cases.
    """
    rows = np.asarray(values, float)
    order = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
    names, members = list(order), np.array([order[one] for one in clusters])
    if len(rows) != len(members) or len(names) < 2:
        found = f"{len(rows)} rows, {len(members)} cases named, {len(names)} of them different"
        raise InputError("bootstrap", found, "a case for each row, two or more cases", "Name each row's case.")
    rng = np.random.default_rng(seed)
    places = [np.flatnonzero(members == one) for one in range(len(names))]
    drawn = [
        statistic(rows[np.concatenate([places[one] for one in rng.integers(0, len(names), len(names))])])
        for _ in range(resamples)
    ]
    low, high = np.nanpercentile(drawn, [50 * (1 - confidence), 50 * (1 + confidence)])
    return Interval(float(low), float(high), confidence, "bootstrap over cases (percentile)")
