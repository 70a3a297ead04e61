"""Verdicts on planted scores; P worked out by hand: of n differences of one sign the signed-rank test has 2 / 2^n."""

from __future__ import annotations

import pytest

from oncontour.experiments.experiment import Finding
from oncontour.experiments.findings import verdicts

DIFFERENCES = (0.10, 0.11, 0.12, 0.13, 0.14, 0.15)


def finding(**changes):
    content = {"statement": "-", "first": "new", "second": "old", "cohort": "test", "region": "WT", **changes}
    return Finding.model_validate(content)


@pytest.fixture
def planted(score):
    """Scores of two arms; the first is better by these differences."""

    def make(differences, **others):
        rows = {("new", "test"): [], ("old", "test"): []}
        for n, difference in enumerate(differences):
            rows["new", "test"].append(score(f"case-{n}", dice=0.7 + difference, hd95=5 - difference, **others))
            rows["old", "test"].append(score(f"case-{n}", dice=0.7, hd95=5.0, **others))
        return rows

    return make


def test_found_not_found_and_not_to_be_told(planted):
    (one,) = verdicts([finding()], planted(DIFFERENCES))
    assert (one.word, one.n) == ("found", 6)
    assert one.test.p == one.adjusted_p == pytest.approx(2 / 2**6)
    assert one.means == (pytest.approx(0.825), pytest.approx(0.7))
    (other,) = verdicts([finding(first="old", second="new")], planted(DIFFERENCES))
    assert other.word == "not found"
    (few,) = verdicts([finding()], planted(DIFFERENCES[:5]))
    assert few.word == "not distinguishable"
    assert few.test.p == pytest.approx(2 / 2**5)


def test_less_is_better_of_a_distance(planted):
    assert verdicts([finding(metric="hd95")], planted(DIFFERENCES))[0].word == "found"
    assert verdicts([finding(metric="hd95", first="old", second="new")], planted(DIFFERENCES))[0].word == "not found"


def test_a_family_of_findings_is_adjusted_together(planted):
    """Of two tests the smaller P counts twice."""
    one, other = verdicts([finding(), finding(region="TC")], {**planted(DIFFERENCES)})
    assert other.word == "not run"
    assert one.adjusted_p == pytest.approx(2 / 2**6)
    same = finding(second="twin")
    scores = planted(DIFFERENCES)
    scores["twin", "test"] = scores["new", "test"]
    first, second = verdicts([finding(), same], scores)
    assert second.test.p == 1
    assert first.adjusted_p == pytest.approx(2 * 2 / 2**6)
    assert (first.word, second.word) == ("not distinguishable", "not distinguishable")


def test_alike(planted):
    assert verdicts([finding(expects="alike")], planted((0.0,) * 6))[0].word == "no difference seen"
    assert verdicts([finding(expects="alike")], planted(DIFFERENCES))[0].word == "not found"


def test_misses_are_counted_where_there_is_something_to_miss(score):
    """Eight tumours that one arm misses and the other finds, and two cases without one."""
    found = [score(f"case-{n}", dice=0.5) for n in range(8)]
    missed = [score(f"case-{n}", dice=0.0) for n in range(8)]
    none = [score(f"empty-{n}", dice=0.0, ref_empty=True) for n in range(2)]
    scores = {("new", "test"): found + none, ("old", "test"): missed + none}
    (one,) = verdicts([finding(metric="missed")], scores)
    assert (one.word, one.n, one.means) == ("found", 8, (0.0, 1.0))


def test_cases_that_one_arm_lacks_are_left_out(planted):
    scores = planted(DIFFERENCES)
    scores["old", "test"] = scores["old", "test"][1:]
    (one,) = verdicts([finding()], scores)
    assert one.n == 5
