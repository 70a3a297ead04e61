"""Simulated studies whose truth is known: what was planted is found, and where nothing was, P values are uniform."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from oncontour.review.study.analysis.comparisons import ACCEPTABLE, CALLED_AI, SCORE, Comparison, compare
from oncontour.review.study.draw import draw_study

from ..conftest import study_plan

SOURCES = ("e1", "m1", "m2")
CASES, THRESHOLD = 40, 7
STUDIES = 150


def simulate(read, seed, quality, hard=0.0) -> tuple[Comparison, ...]:
    """One rater reads the masks of all three sources of each case.

    Args:
        quality: source -> mean score; each score strays from it by 1.5.
        hard: how much cases differ, for all their masks alike.
    """
    plan = study_plan(experts=1, models=2, owners=0, raters={"r": {}}, draw={"seed": seed, "read_by_all": 0})
    pages = draw_study(plan, {f"c{n}": SOURCES for n in range(CASES)}).pages["r"]
    chance = np.random.default_rng(seed)
    rows = []
    for page in pages:
        case = chance.normal(0, hard)
        for mask in page.masks:
            score = int(np.clip(round(quality[mask.source] + case + chance.normal(0, 1.5)), 1, 10))
            rows.append(read("r", page.case, mask.source, score, bool(chance.random() < 0.4)))
    return compare(rows, SOURCES, THRESHOLD, seed=seed)


def of(found, measure, first="m1", second="m2") -> Comparison:
    (one,) = [c for c in found if (c.measure, c.first, c.second) == (measure, first, second)]
    return one


@pytest.fixture(scope="module")
def alike():
    """Studies of sources that are all the same."""
    from .conftest import reading

    return [simulate(reading, seed, dict.fromkeys(SOURCES, 6.5)) for seed in range(STUDIES)]


@pytest.mark.parametrize(("first", "second"), [("", ""), ("m1", "m2"), ("e1", "m1")])
def test_p_values_of_scores_are_uniform_under_no_difference(alike, first, second):
    ps = [of(found, SCORE, first, second).p for found in alike]
    assert stats.kstest(ps, "uniform").pvalue > 0.01
    assert abs(np.mean(np.array(ps) < 0.05) - 0.05) < 0.04


@pytest.mark.parametrize("measure", [ACCEPTABLE, CALLED_AI])
def test_tests_of_shares_keep_their_level(alike, measure):
    """Counts have few values, and so have their P: not uniform, but no more than 5 % below 5 %, give or take."""
    plain, yates, exact = (
        np.array([getattr(of(found, measure), name) for found in alike]) for name in ("p", "p_yates", "p_exact")
    )
    assert 0.01 < np.mean(plain < 0.05) < 0.09
    assert np.mean(yates < 0.05) < 0.06
    assert np.mean(exact < 0.05) < 0.06


@pytest.mark.parametrize("measure", [SCORE, ACCEPTABLE])
def test_bootstrap_intervals_hold_nothing_where_there_is_nothing(alike, measure):
    holds = [of(found, measure).low <= 0 <= of(found, measure).high for found in alike]
    assert 0.90 < np.mean(holds) < 0.985


def test_any_pair_is_falsely_found_in_one_of_twenty_families(alike):
    families = [[c.p_adjusted for c in found if c.measure == SCORE and c.first] for found in alike]
    assert np.mean([min(ps) < 0.05 for ps in families]) < 0.09


def test_cases_that_differ_make_classical_tests_timid_and_intervals_hold(read):
    """Masks of one case go together: tests that do not know it are conservative, the bootstrap over cases is not."""
    found = [simulate(read, seed, dict.fromkeys(SOURCES, 5.5), hard=1.5) for seed in range(60)]
    pairs = [of(one, SCORE, *pair) for one in found for pair in combinations(SOURCES, 2)]
    assert np.mean([one.p < 0.05 for one in pairs]) < 0.03
    assert 0.86 < np.mean([one.low <= 0 <= one.high for one in pairs]) < 0.985  # .945 of 350 studies.


def test_planted_differences_are_recovered(read):
    planted = {"e1": 5.0, "m1": 5.0, "m2": 6.5}
    found = [simulate(read, seed, planted) for seed in range(40)]
    better = [of(one, SCORE, "e1", "m2") for one in found]
    assert np.mean([one.difference for one in better]) == pytest.approx(-1.5, abs=0.12)
    assert np.mean([one.low <= -1.5 <= one.high for one in better]) > 0.85
    assert np.mean([one.p_adjusted < 0.05 for one in better]) > 0.95
    assert np.mean([of(one, SCORE, "e1", "m1").p_adjusted < 0.05 for one in found]) < 0.15
    truth = stats.norm.sf(6.5, 5.0, 1.5) - stats.norm.sf(6.5, 6.5, 1.5)  # A score of 6.5 is rounded to the threshold.
    shares = [of(one, ACCEPTABLE, "e1", "m2").difference for one in found]
    assert np.mean(shares) == pytest.approx(truth, abs=0.04)
