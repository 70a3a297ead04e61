"""Other programs' statistics and ours, on the same samples, and null distributions counted out."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from oncontour.evaluate import statistics

RNG = np.random.default_rng(11)
RATINGS = RNG.normal(0, 2, (12, 1)) + RNG.normal(0, 1, (1, 4)) + RNG.normal(size=(12, 4))


def test_signed_rank_p_is_that_of_all_signs():
    difference = RATINGS[:10, 0] - RATINGS[:10, 1]
    ranks = stats.rankdata(np.abs(difference))
    positive = ranks[difference > 0].sum()
    sums = np.array([ranks @ signs for signs in product((0, 1), repeat=len(ranks))])
    p = min(1.0, 2 * min(np.mean(sums <= positive), np.mean(sums >= positive)))
    assert statistics.compare_paired(RATINGS[:10, 0], RATINGS[:10, 1]).wilcoxon.p == pytest.approx(p, abs=1e-12)


def test_mann_whitney_p_is_that_of_all_orders():
    first, second = RATINGS[:6, 0], RATINGS[6:, 1]
    ranks = stats.rankdata(np.concatenate([first, second]))
    sums = np.array([ranks[list(chosen)].sum() for chosen in combinations(range(12), 6)])
    p = min(1.0, 2 * min(np.mean(sums <= ranks[:6].sum()), np.mean(sums >= ranks[:6].sum())))
    assert statistics.compare_groups({"a": first, "b": second}).overall.p == pytest.approx(p, abs=1e-12)


@pytest.mark.peers
def test_pingouin_finds_the_same_intraclass_correlations():
    import pandas
    import pingouin

    table = pandas.DataFrame(RATINGS).melt(ignore_index=False, var_name="rater").reset_index(names="subject")
    theirs = pingouin.intraclass_corr(table, "subject", "rater", "value")
    for form, (_, row) in zip(statistics.FORMS, theirs.iterrows(), strict=True):
        ours = statistics.icc(RATINGS, form)
        assert ours.value == pytest.approx(row["ICC"], abs=1e-9)
        assert (ours.low, ours.high) == pytest.approx(tuple(row.iloc[-1]), abs=0.0051)  # Told with two digits.


@pytest.mark.peers
@pytest.mark.parametrize("size", [2, 4])
def test_statsmodels_finds_the_same_of_tables(size):
    from statsmodels.stats.contingency_tables import SquareTable, Table

    counts = RNG.integers(1, 30, (size, size))
    ours, theirs = statistics.chi_square(counts), Table(counts, shift_zeros=False).test_nominal_association()
    assert (ours.statistic, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue), abs=1e-9)
    margins = statistics.marginal_homogeneity(counts)
    homogeneity = SquareTable(counts, shift_zeros=False).homogeneity()
    assert (margins.statistic, margins.p) == pytest.approx((homogeneity.statistic, homogeneity.pvalue), abs=1e-9)


@pytest.mark.peers
def test_statsmodels_adjusts_and_regresses_the_same():
    from statsmodels.api import OLS
    from statsmodels.stats.multitest import multipletests

    p = RNG.uniform(size=9) ** 2
    np.testing.assert_allclose(statistics.benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1], atol=1e-12)
    models = {str(number): column for number, column in enumerate(RATINGS.T)}
    columns = np.tile(np.eye(4), (12, 1))
    for found, ranks, weight in (
        (statistics.compare_groups(models), stats.rankdata(RATINGS).reshape(RATINGS.shape), RATINGS.size - 1),
        (statistics.compare_repeated(models), stats.rankdata(RATINGS, axis=1), 12 * 3),
    ):
        explained = OLS(ranks.ravel(), columns, hasconst=True).fit().rsquared
        assert found.overall.statistic == pytest.approx(weight * explained, abs=1e-9)
