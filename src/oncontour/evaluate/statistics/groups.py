"""Several groups, of other cases or of the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from oncontour.core.errors import InputError
from oncontour.evaluate.statistics.multiple import benjamini_hochberg
from oncontour.evaluate.statistics.outcome import Test
from oncontour.evaluate.statistics.samples import paired_samples, sample

ABOVE = "P(A > B)"
"""The effect of two groups: the probability that one of the first is above one of the second, ties counted half."""


@dataclass(frozen=True)
class Pair:
    """Two groups held against each other.

    Args:
        first, second: their names.
        test: of the two.
        adjusted_p: among all pairs; by what stands in `Groups.adjusted_by`.
    """

    first: str
    second: str
    test: Test
    adjusted_p: float


@dataclass(frozen=True)
class Groups:
    """Whether any group differs, and which.

    Args:
        overall: of all groups.
        pairs: of each two, where there are three groups or more.
        adjusted_by: in words.
    """

    overall: Test
    pairs: tuple[Pair, ...]
    adjusted_by: str


def compare_groups(groups: Mapping[str, ArrayLike]) -> Groups:
    """Compare groups of different cases: Mann-Whitney for two, Kruskal-Wallis with Mann-Whitney post hoc for more.

    Args:
        groups: name -> (n,) figures.

    Raises:
        InputError: fewer than two groups, an empty one, or numbers that are none.
    """
    samples = {name: sample(values, f"group {name}") for name, values in groups.items()}
    _enough(len(samples), 2)
    pairs = [(a, b, mann_whitney(samples[a], samples[b])) for a, b in combinations(samples, 2)]
    if len(samples) == 2:
        return Groups(pairs[0][2], (), "one test: nothing to adjust")
    every = list(samples.values())
    count = sum(one.size for one in every)
    varied = np.ptp(np.concatenate(every)) > 0
    statistic, p = stats.kruskal(*every) if varied else (0.0, 1.0)
    effect = max(0.0, (float(statistic) - len(every) + 1) / (count - len(every))) if count > len(every) else 0.0
    overall = Test("Kruskal-Wallis", float(statistic), float(p), "eta squared", effect, count)
    return Groups(overall, _adjusted(pairs), "Benjamini-Hochberg over all pairs")


def mann_whitney(first: NDArray[np.float64], second: NDArray[np.float64]) -> Test:
    """Mann-Whitney U test; effect: the probability that one of the first group is above one of the second."""
    found = stats.mannwhitneyu(first, second)
    effect = float(found.statistic) / (first.size * second.size)
    return Test("Mann-Whitney U", float(found.statistic), float(found.pvalue), ABOVE, effect, first.size + second.size)


def compare_repeated(models: Mapping[str, ArrayLike]) -> Groups:
    """Compare three or more models on the same cases: Friedman's test, Nemenyi's post hoc (Demsar 2006).

    Args:
        models: name -> (n,) figures, case by case.

    Raises:
        InputError: fewer than three, or not as many figures of each.
    """
    names = list(models)
    _enough(len(names), 3)
    columns = [paired_samples(models[names[0]], models[name], least=2)[1] for name in names]
    table = np.stack(columns, axis=1)
    n, k = table.shape
    if not np.ptp(table, axis=1).any():
        statistic, p = 0.0, 1.0
    else:
        statistic, p = stats.friedmanchisquare(*columns)
    overall = Test("Friedman", float(statistic), float(p), "Kendall's W", float(statistic) / (n * (k - 1)), n)
    ranks = stats.rankdata(table, axis=1).mean(axis=0)
    error = np.sqrt(k * (k + 1) / (6 * n))
    pairs = []
    for a, b in combinations(range(k), 2):
        apart = float(ranks[a] - ranks[b])
        value = float(stats.studentized_range.sf(abs(apart) / error * np.sqrt(2), k, np.inf))
        test = Test("Nemenyi", apart / error, value, "mean rank difference", apart, n)
        pairs.append(Pair(names[a], names[b], test, value))
    return Groups(overall, tuple(pairs), "the studentised range (Nemenyi)")


def _adjusted(pairs: list[tuple[str, str, Test]]) -> tuple[Pair, ...]:
    adjusted = benjamini_hochberg([test.p for _, _, test in pairs])
    return tuple(Pair(a, b, test, float(p)) for (a, b, test), p in zip(pairs, adjusted, strict=True))


def _enough(count: int, least: int) -> None:
    if count < least:
        raise InputError("groups", str(count), f"{least} or more", "Name more groups.")
