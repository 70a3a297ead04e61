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
    members = _places(clusters)
    count = len(set(clusters))
    if len(rows) != len(members) or count < 2:
        found = f"{len(rows)} rows, {len(members)} cases named, {count} of them different"
        raise InputError("bootstrap", found, "a case for each row, two or more cases", "Name each row's case.")
    rng = np.random.default_rng(seed)
    places = [np.flatnonzero(members == one) for one in range(count)]
    drawn = [
        statistic(rows[np.concatenate([places[one] for one in rng.integers(0, count, count)])])
        for _ in range(resamples)
    ]
    low, high = np.nanpercentile(drawn, [50 * (1 - confidence), 50 * (1 + confidence)])
    return Interval(float(low), float(high), confidence, "bootstrap over cases (percentile)")


def cluster_means(
    values: ArrayLike,
    groups: Sequence[Hashable],
    clusters: Sequence[Hashable],
    resamples: int = 1999,
    seed: int = 0,
) -> dict[Hashable, NDArray[np.float64]]:
    """Means of groups of numbers that repeat on cases, in many samples of whole cases; all groups share the samples.

    Their differences and sums get intervals by `percentiles`. For means, faster than `cluster_bootstrap`.

    Args:
        values: (n,), a number a rating.
        groups: the group of each.
        clusters: the case of each.

    Returns:
        Group -> (resamples,) means; NaN where a sample has none of the group.

    Raises:
        InputError: not one group and one case a number.
    """
    numbers = np.asarray(values, float)
    if numbers.ndim != 1 or not len(numbers) == len(groups) == len(clusters):
        found = f"{numbers.size} numbers, {len(groups)} groups and {len(clusters)} cases named"
        raise InputError("bootstrap", found, "a group and a case for each number", "Name them.")
    rows, columns = (_places(names) for names in (clusters, groups))
    shape = len(set(rows.tolist())), len(set(columns.tolist()))
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (rows, columns), numbers)
    np.add.at(counts, (rows, columns), 1)
    cases = len(sums)
    drawn = np.random.default_rng(seed).multinomial(cases, np.full(cases, 1 / cases), resamples)
    with np.errstate(invalid="ignore"):
        means = (drawn @ sums) / (drawn @ counts)
    return {name: means[:, n] for n, name in enumerate(dict.fromkeys(groups))}


def percentiles(samples: NDArray[np.float64], confidence: float = 0.95) -> Interval:
    """The percentile interval of samples of a statistic; NaN where none is defined."""
    method = "bootstrap over cases (percentile)"
    defined = samples[np.isfinite(samples)]
    if not defined.size:
        return Interval(float("nan"), float("nan"), confidence, method)
    low, high = np.percentile(defined, [50 * (1 - confidence), 50 * (1 + confidence)])
    return Interval(float(low), float(high), confidence, method)


def _places(names: Sequence[Hashable]) -> NDArray[np.int64]:
    """The number of each name, in the order in which they first come."""
    order = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([order[one] for one in names], np.int64)
