"""Comparisons: direction, effect, interval, ties, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from oncontour.core.errors import InputError
from oncontour.evaluate.statistics import (
    bootstrap_mean,
    cluster_bootstrap,
    cluster_means,
    compare_groups,
    compare_paired,
    compare_repeated,
    percentiles,
)

RNG = np.random.default_rng(3)
BASE = RNG.uniform(0.5, 0.95, 40)
BETTER = BASE + RNG.normal(0.03, 0.03, 40)


def test_the_better_model_wins_with_effect_and_interval():
    found = compare_paired(BETTER, BASE)
    assert found.n == 40
    assert found.mean == pytest.approx((BETTER - BASE).mean())
    assert 0 < found.interval.low < found.mean < found.interval.high
    assert found.wilcoxon.p == pytest.approx(stats.wilcoxon(BETTER, BASE).pvalue)
    assert found.t.p == pytest.approx(stats.ttest_rel(BETTER, BASE).pvalue)
    assert found.rank_sum.p == pytest.approx(stats.ranksums(BETTER, BASE).pvalue)
    assert 0.5 < found.wilcoxon.effect <= 1
    assert found.rank_sum.effect == pytest.approx(stats.mannwhitneyu(BETTER, BASE).statistic / 1600)
    assert found.rank_sum.p > found.wilcoxon.p  # What the pairing gives.
    assert "n = 40" in str(found.wilcoxon)


def test_the_same_model_differs_in_nothing():
    found = compare_paired(BASE, BASE)
    assert (found.mean, found.wilcoxon.p, found.t.p, found.wilcoxon.n) == (0, 1, 1, 0)
    assert (found.interval.low, found.interval.high) == (0, 0)


def test_turned_round_all_signs_change():
    there, back = compare_paired(BETTER, BASE), compare_paired(BASE, BETTER)
    assert there.mean == pytest.approx(-back.mean)
    assert there.wilcoxon.effect == pytest.approx(-back.wilcoxon.effect)
    assert there.rank_sum.effect == pytest.approx(1 - back.rank_sum.effect)
    assert there.wilcoxon.p == pytest.approx(back.wilcoxon.p)


def test_two_groups_and_three():
    two = compare_groups({"new": BETTER, "recurrent": BASE[:20]})
    assert two.overall.name == "Mann-Whitney U"
    assert two.overall.p == pytest.approx(stats.mannwhitneyu(BETTER, BASE[:20]).pvalue)
    assert two.pairs == ()
    three = compare_groups({"a": BASE, "b": BASE + 0.01, "c": BASE + 0.3})
    assert three.overall.p == pytest.approx(stats.kruskal(BASE, BASE + 0.01, BASE + 0.3).pvalue)
    assert [(pair.first, pair.second) for pair in three.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert three.pairs[0].adjusted_p > 0.05 > three.pairs[1].adjusted_p
    assert all(pair.adjusted_p >= pair.test.p for pair in three.pairs)
    assert compare_groups({"a": [1, 1], "b": [1, 1], "c": [1]}).overall.p == 1
    with pytest.raises(InputError, match="1"):
        compare_groups({"a": BASE})


def test_repeated_measures_of_three_models():
    models = {"a": BASE, "b": BASE + 0.001 * RNG.normal(size=40), "c": BASE + 0.1}
    found = compare_repeated(models)
    assert found.overall.p == pytest.approx(stats.friedmanchisquare(*models.values()).pvalue)
    assert 0 < found.overall.effect <= 1
    by = {(pair.first, pair.second): pair.adjusted_p for pair in found.pairs}
    assert by["a", "b"] > 0.05 > max(by["a", "c"], by["b", "c"])
    assert compare_repeated(dict.fromkeys("abc", BASE)).overall.p == 1


def test_nemenyi_of_two_models_apart_by_one_rank_is_the_normal_distribution():
    """For k = 2 the studentised range is the range of two normal numbers: P = 2 (1 - Phi(z))."""
    models = {"a": [1.0, 1, 1, 1], "b": [2.0, 2, 2, 2], "c": [3.0, 3, 3, 3]}
    found = {(pair.first, pair.second): pair for pair in compare_repeated(models).pairs}
    assert found["a", "c"].test.effect == -2
    assert found["a", "c"].adjusted_p < found["a", "b"].adjusted_p


def test_bootstrap_over_cases_is_wider_than_over_ratings():
    """Ten readings of each of eight cases: the cases are what is independent."""
    cases = np.repeat(np.arange(8), 10)
    values = np.repeat(RNG.normal(0, 1, 8), 10) + RNG.normal(0, 0.1, 80)
    whole = cluster_bootstrap(values, [f"case {one}" for one in cases], np.mean)
    single = bootstrap_mean(values)
    assert whole.high - whole.low > 2 * (single.high - single.low)
    with pytest.raises(InputError, match="80 rows"):
        cluster_bootstrap(values, ["a"] * 80, np.mean)


def test_means_of_groups_in_samples_of_cases_are_those_of_the_other_bootstrap():
    cases = [f"case {one}" for one in np.repeat(np.arange(30), 4)]
    groups = np.tile(["a", "b"], 60).tolist()
    values = np.repeat(RNG.normal(0, 1, 30), 4) + RNG.normal(0, 0.3, 120)
    samples = cluster_means(values, groups, cases, resamples=4000)
    for name in ("a", "b"):
        found = percentiles(samples[name])
        rows = np.flatnonzero(np.array(groups) == name)
        other = cluster_bootstrap(values[rows], [cases[n] for n in rows], np.mean, resamples=4000)
        np.testing.assert_allclose([found.low, found.high], [other.low, other.high], atol=0.04)
    apart = percentiles(samples["a"] - samples["b"])  # The same cases are in both: their own spread cancels.
    assert apart.high - apart.low < 0.5 * (found.high - found.low)
    with pytest.raises(InputError, match="120 numbers, 120 groups and 119 cases"):
        cluster_means(values, groups, cases[:-1])


def test_a_group_that_a_sample_lacks_is_not_made_up():
    samples = cluster_means([1.0, 2.0, 3.0], ["a", "b", "b"], ["x", "y", "z"])
    assert np.isnan(samples["a"]).any()
    assert set(samples["a"][np.isfinite(samples["a"])]) == {1.0}
    assert np.isnan(percentiles(np.full(3, np.nan)).low)


def test_bootstrap_over_named_cases_is_the_same_in_every_run():
    """Text hashes differently in every process; samples go by the order of cases."""
    values = RNG.normal(0, 1, 20)
    named = cluster_bootstrap(values, [f"case {n // 2}" for n in range(20)], np.mean)
    assert named == cluster_bootstrap(values, [n // 2 for n in range(20)], np.mean)


def test_bootstrap_interval_covers_as_often_as_it_says():
    hits = 0
    for seed in range(200):
        values = np.random.default_rng(seed).exponential(1.0, 30)
        found = bootstrap_mean(values, resamples=499, seed=seed)
        hits += found.low <= 1.0 <= found.high
    assert 0.87 <= hits / 200 <= 0.98
