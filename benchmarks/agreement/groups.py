"""Checks of tests of groups, and of models on the same cases."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pingouin
from scipy import stats
from statsmodels.api import OLS

from agreement.check import Check, Figures
from agreement.samples import Sample, numbers, ties
from oncontour.evaluate import statistics as own

ORDERS = 6
"""Figures in each group of which all orders are counted out: 924 of them."""


def checks() -> Iterator[tuple[Check, list[Sample]]]:
    """Rank tests beside pingouin, statsmodels, and all orders counted out."""

    def named(sample: Sample) -> dict[str, Any]:
        return {f"group {number}": column for number, column in enumerate(sample.values.T)}

    def long(sample: Sample) -> pd.DataFrame:
        frame = pd.DataFrame(sample.values)
        return frame.melt(ignore_index=False, var_name="group", value_name="value").reset_index(names="subject")

    def two(sample: Sample) -> Figures:
        found = own.compare_groups(named(sample)).overall
        return found.statistic, found.p, found.effect

    def two_there(sample: Sample) -> Figures:
        found = pingouin.mwu(*sample.pair).iloc[0]
        return float(found["U_val"]), float(found["p_val"]), float(found["CLES"])

    def several(sample: Sample) -> Figures:
        found = own.compare_groups(named(sample)).overall
        return found.statistic, found.p

    def several_there(sample: Sample) -> Figures:
        ranks = stats.rankdata(sample.values).reshape(sample.values.shape)
        statistic = (ranks.size - 1) * _explained(ranks)
        return statistic, float(stats.chi2.sf(statistic, ranks.shape[1] - 1))

    def repeated(sample: Sample) -> Figures:
        found = own.compare_repeated(named(sample)).overall
        return found.statistic, found.p, found.effect

    def repeated_there(sample: Sample) -> Figures:
        found = pingouin.friedman(long(sample), dv="value", within="group", subject="subject").iloc[0]
        return float(found["Q"]), float(found["p_unc"]), float(found["W"])

    def blocks(sample: Sample) -> Figures:
        ranks = stats.rankdata(sample.values, axis=1)
        n, k = ranks.shape
        statistic = n * (k - 1) * _explained(ranks)
        return statistic, float(stats.chi2.sf(statistic, k - 1)), statistic / (n * (k - 1))

    few = [Sample(one.name, one.values[:ORDERS]) for one in numbers(2)]
    yield Check("Mann-Whitney: U, P", "compare_groups", "numpy", f"all orders of two groups of n <= {ORDERS}",
                lambda sample: two(sample)[:2], _all_orders), few  # type: ignore[index]  # fmt: skip
    yield Check("Mann-Whitney: U, P, P(A > B)", "compare_groups", "pingouin", "mwu", two, two_there,
                note="both call scipy"), [
        *numbers(2), *ties(2),
    ]  # fmt: skip
    more = [*numbers(4), *ties(4)]
    yield Check("Kruskal-Wallis: H, P", "compare_groups", "statsmodels", "OLS of ranks by group: (N - 1) R2", several,
                several_there), more  # fmt: skip
    yield Check("Friedman: chi-square, P, Kendall's W", "compare_repeated", "statsmodels",
                "OLS of ranks by model: n (k - 1) R2", repeated, blocks), more  # fmt: skip
    yield Check("Friedman: chi-square, P, Kendall's W", "compare_repeated", "pingouin", "friedman", repeated,
                repeated_there), more  # fmt: skip


def _explained(ranks: np.ndarray) -> float:
    """R2 of ranks (n, k) by their column."""
    columns = np.tile(np.eye(ranks.shape[1]), (len(ranks), 1))
    return float(OLS(ranks.ravel(), columns, hasconst=True).fit().rsquared)


def _all_orders(sample: Sample) -> Figures:
    """Mann and Whitney's exact null distribution."""
    first, second = sample.pair
    n = len(first)
    ranks = stats.rankdata(np.concatenate(sample.pair))
    own_sum = ranks[:n].sum()
    sums = np.array([ranks[list(chosen)].sum() for chosen in combinations(range(n + len(second)), n)])
    tail = min(np.mean(sums <= own_sum + 1e-9), np.mean(sums >= own_sum - 1e-9))
    return float(own_sum - n * (n + 1) / 2), float(min(1.0, 2 * tail))
