"""Response over time: limits met exactly, what overrules a size, what must last, and inputs that are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oncontour.core.errors import InputError
from oncontour.measure import Timepoint, response
from oncontour.measure.assessment import CLINICAL, RANK, STEROIDS
from oncontour.measure.criteria import CRITERIA, THRESHOLDS
from oncontour.measure.interval import Interval

KNOWN = {"new_lesion": False, "steroids": "none", "clinical": "stable"}
"""Nothing but the size speaks."""

BETTER = ("PD", "SD", "MR", "PR", "CR")
"""Worst first."""

RULES = st.sampled_from(sorted(THRESHOLDS))
NAMES = st.sampled_from(sorted(CRITERIA))
SIZES = st.floats(0.1, 1e4)


def scan(day, size, **more):
    return Timepoint(day, size, **(KNOWN | more))


def last(*points, **more):
    return response(points, **more)[-1]


@pytest.mark.parametrize(
    ("rule", "criteria", "size", "expected"),
    [
        ("area", "RANO", 0.0, "CR"),
        ("area", "RANO", 500.0, "PR"),
        ("area", "RANO", 500.001, "SD"),
        ("area", "RANO", 750.0, "SD"),
        ("area", "RANO-LGG", 750.0, "MR"),
        ("area", "RANO-LGG", 750.001, "SD"),
        ("area", "RAPNO-LGG", 500.0, "PR"),
        ("area", "RAPNO", 750.0, "SD"),
        ("area", "RANO", 1249.999, "SD"),
        ("area", "RANO", 1250.0, "PD"),
        ("volume", "RANO", 0.0, "CR"),
        ("volume", "RANO", 350.0, "PR"),
        ("volume", "RANO", 350.001, "SD"),
        ("volume", "RANO-LGG", 500.0, "SD"),
        ("volume", "RANO", 1399.999, "SD"),
        ("volume", "RANO", 1400.0, "PD"),
    ],
)
def test_limits_include_themselves(rule, criteria, size, expected):
    found = last(scan(0, 1000.0), scan(42, size), rule=rule, criteria=criteria)
    assert (found.by_size, found.category) == (expected, expected)


@given(rule=RULES, baseline=SIZES)
def test_limits_are_met_exactly_at_any_scale(rule, baseline):
    limits = THRESHOLDS[rule]
    partial = last(scan(0, baseline), scan(42, baseline * (1 + limits.partial)), rule=rule)
    progress = last(scan(0, baseline), scan(42, baseline * (1 + limits.progression)), rule=rule)
    assert (partial.category, progress.category) == ("PR", "PD")


@given(rule=RULES, criteria=NAMES, earlier=st.lists(SIZES, min_size=1, max_size=4), small=SIZES, growth=st.floats(1, 3))
def test_a_larger_size_is_never_judged_better(rule, criteria, earlier, small, growth):
    before = [scan(30 * n, size) for n, size in enumerate(earlier)]
    now = [last(*before, scan(500, size), rule=rule, criteria=criteria).category for size in (small, small * growth)]
    assert BETTER.index(now[1]) <= BETTER.index(now[0])


@given(sizes=st.lists(SIZES, min_size=2, max_size=6), seed=st.randoms())
def test_the_order_in_which_scans_are_given_does_not_matter(sizes, seed):
    points = [scan(40 * n, size) for n, size in enumerate(sizes)]
    shuffled = points.copy()
    seed.shuffle(shuffled)
    assert response(shuffled) == response(points)


@given(sizes=st.lists(SIZES, min_size=1, max_size=5), start=st.integers(-1000, 1000))
def test_dates_and_days_from_anywhere_are_the_same(sizes, start):
    days = [Timepoint(start + 21 * n, size) for n, size in enumerate(sizes)]
    dates = [replace(one, day=date(2020, 1, 1) + timedelta(days=21 * n)) for n, one in enumerate(days)]
    assert response(days) == response(dates)
    assert [one.day for one in response(days)] == [21 * n for n in range(len(sizes))]


@given(rule=RULES, sizes=st.lists(SIZES, min_size=3, max_size=6))
def test_nadir_is_the_smallest_from_baseline_to_the_scan_before(rule, sizes):
    for n, one in enumerate(response([scan(30 * n, size) for n, size in enumerate(sizes)], rule)[1:], start=1):
        assert one.over_nadir.before == min(sizes[:n])
        assert one.from_baseline.before == sizes[0]


def test_progression_is_held_against_the_nadir_and_response_against_baseline():
    found = response([scan(0, 1000.0), scan(60, 400.0), scan(120, 499.0), scan(180, 500.0)])
    assert [one.category for one in found] == [None, "PR", "PR", "PD"]
    assert found[3].over_nadir.day == 60
    assert found[3].over_nadir.relative == pytest.approx(0.25)
    assert found[3].from_baseline.relative == pytest.approx(-0.5)


def test_scans_before_the_baseline_are_shown_and_neither_judged_nor_nadir():
    found = response([scan(0, 100.0), scan(40, 1000.0), scan(80, 900.0)], baseline=40)
    assert [(one.day, one.role) for one in found] == [(-40, "before"), (0, "baseline"), (40, "follow-up")]
    assert found[0].category is None
    assert found[2].over_nadir.before == 1000.0
    assert found[2].category == "SD"


def test_a_single_scan_is_the_baseline():
    (only,) = response([Timepoint(7, 300.0)])
    assert (only.day, only.role, only.category) == (0, "baseline", None)
    assert only.words == "Sum of products 300 mm²: the baseline."


@pytest.mark.parametrize("rule", sorted(THRESHOLDS))
def test_nothing_at_baseline_is_not_evaluable_until_something_measurable_comes(rule):
    assert last(scan(0, 0.0), scan(42, 0.0), rule=rule).category == "NE"
    grown = last(scan(0, 0.0), scan(42, 5.0), rule=rule)
    assert (grown.category, grown.from_baseline.relative) == ("PD", None)
    assert "nothing was there" in grown.words


def test_tumour_that_comes_back_after_it_was_gone_is_progression_once_it_is_measurable():
    points = [scan(0, 20.0), scan(42, 0.0), scan(84, 0.4, measurable=False), scan(126, 2.0, measurable=True)]
    found = response(points, "volume")
    assert [one.category for one in found[1:]] == ["CR", "PR", "PD"]


def test_growth_of_what_is_not_measurable_is_no_progression_and_is_told():
    found = last(scan(0, 5.0), scan(40, 2.0), scan(80, 3.0, measurable=False), rule="volume")
    assert found.category == "SD"
    assert "No lesion is measurable" in found.words


def test_a_baseline_without_measurable_lesions_lets_no_response_be_told():
    found = last(scan(0, 0.0, unmeasurable=80.0), scan(42, 0.0))
    assert found.category == "NE"
    assert "Nothing was measurable at baseline" in found.words


@pytest.mark.parametrize(
    ("before", "now", "relative"),
    [
        (scan(0, 121.0), scan(42, 0.0, unmeasurable=98.0), 98 / 121 - 1),  # shrank below 10 mm
        (scan(0, 400.0, unmeasurable=98.0), scan(42, 500.0), 500 / 498 - 1),  # grew to 10 mm
        (scan(0, 400.0, unmeasurable=98.0), scan(42, 400.0, unmeasurable=98.0), 0.0),
        (scan(0, 400.0), scan(42, 400.0, unmeasurable=300.0), 0.0),  # small new ones are a reader's to judge
        (scan(0, 400.0), scan(42, 150.0, unmeasurable=900.0), 0.0),  # no more than what the sum lost
    ],
)
def test_crossing_ten_millimetres_is_no_change_of_that_size(before, now, relative):
    found = last(before, now)
    assert found.from_baseline.relative == pytest.approx(relative)
    assert found.category == "SD"


def test_what_is_left_but_not_measurable_is_no_complete_response():
    found = last(scan(0, 1000.0), scan(42, 0.0, unmeasurable=30.0))
    assert found.category == "PR"
    assert "30 mm² of lesions below 10 mm" in found.words


def test_what_was_added_to_the_nadir_is_told():
    found = last(scan(0, 1000.0), scan(42, 0.0, unmeasurable=90.0), scan(84, 120.0))
    assert (found.over_nadir.before, found.category) == (90.0, "PD")
    assert "33.3 % more than at the nadir so far (90 mm², day 42)" in found.words
    assert "90 mm² of lesions below 10 mm are added to that of day 42: they may have grown since." in found.words


@pytest.mark.parametrize(
    ("size", "inputs", "expected"),
    [
        (900.0, {"new_lesion": True}, "PD"),
        (0.0, {"new_lesion": True}, "PD"),
        (400.0, {"clinical": "worse"}, "PD"),
        (400.0, {"clinical": "worse", "steroids": "increased"}, "PD"),
        (400.0, {"steroids": "increased"}, "NE"),
        (900.0, {"steroids": "increased"}, "NE"),
        (400.0, {"steroids": "stable"}, "PR"),
        (400.0, {"steroids": "decreased"}, "PR"),
        (0.0, {"steroids": "stable"}, "PR"),
        (0.0, {"steroids": "decreased"}, "PR"),
        (0.0, {"steroids": "unknown"}, "CR"),
        (1300.0, {"steroids": "decreased"}, "PD"),
    ],
)
def test_what_overrules_a_size(size, inputs, expected):
    assert last(scan(0, 1000.0), scan(42, size, **inputs)).category == expected


@given(
    size=st.floats(0, 2000), new=st.booleans(), steroids=st.sampled_from(STEROIDS), clinical=st.sampled_from(CLINICAL)
)
def test_other_inputs_never_improve_what_the_size_says(size, new, steroids, clinical):
    found = last(scan(0, 1000.0), scan(42, size, new_lesion=new, steroids=steroids, clinical=clinical))
    assert RANK[found.category] <= RANK[found.by_size]
    assert (found.category == "PD") == (new or clinical == "worse" or found.by_size == "PD")


def test_what_is_not_known_is_told():
    found = last(Timepoint(0, 1000.0), Timepoint(42, 400.0))
    assert found.unknown == ("new lesions", "steroids", "clinical state")
    assert "not taken into account: new lesions, steroids, clinical state" in found.words
    assert last(scan(0, 1000.0), scan(42, 400.0)).unknown == ()


@pytest.mark.parametrize(("criteria", "days"), [(name, one.confirmation_days) for name, one in CRITERIA.items()])
def test_a_response_is_confirmed_by_scans_in_a_row_that_span_long_enough(criteria, days):
    points = [scan(0, 1000.0), scan(60, 400.0), scan(60 + days, 400.0)]
    assert [one.confirmed for one in response(points, criteria=criteria)] == [None, True, True]
    early = [*points[:2], scan(60 + days - 1, 400.0)]
    assert [one.confirmed for one in response(early, criteria=criteria)] == [None, False, False]


def test_a_scan_between_that_does_not_show_it_breaks_the_row():
    sizes = (1000.0, 400.0, 490.0, 450.0)
    kept = response([scan(30 * n, size) for n, size in enumerate(sizes)])
    assert [one.confirmed for one in kept[1:]] == [True, True, True]
    broken = response([scan(0, 1000.0), scan(30, 480.0), scan(44, 590.0), scan(58, 480.0)])
    assert [one.category for one in broken[1:]] == ["PR", "SD", "PR"]
    assert [one.confirmed for one in broken[1:]] == [False, None, False]


def test_a_complete_response_is_not_confirmed_by_a_partial_one_but_the_other_way_round():
    found = response([scan(0, 1000.0), scan(40, 400.0), scan(80, 0.0)])
    assert [(one.category, one.confirmed) for one in found[1:]] == [("PR", True), ("CR", False)]
    assert "Unconfirmed: no other scan shows it, RANO asks for 4 weeks." in found[2].words


def test_every_judged_scan_says_why_with_its_numbers():
    found = last(scan(0, 1200.0), scan(42, 450.0))
    assert found.words == (
        "Sum of products 450 mm²: 62.5 % less than at baseline, also the nadir so far (1200 mm², day 0). "
        "This meets the size criterion of partial response (at least 50 % less than at baseline). "
        "Unconfirmed: no other scan shows it, RANO asks for 4 weeks."
    )


def test_change_beyond_error_by_intervals_and_by_repeatability():
    apart = [scan(0, 10.0, interval=Interval(8, 12.5)), scan(42, 5.0, interval=Interval(4, 6.25))]
    alike = [apart[0], scan(42, 8.0, interval=Interval(6.4, 10))]
    assert last(*apart, rule="volume").from_baseline.beyond_error is True
    assert last(*alike, rule="volume").from_baseline.beyond_error is False
    assert last(*alike, rule="volume", repeatability=0.1).from_baseline.beyond_error is False  # intervals go first
    assert last(scan(0, 10.0), scan(42, 8.0), rule="volume").from_baseline.beyond_error is None
    assert last(scan(0, 10.0), scan(42, 8.0), rule="volume", repeatability=0.1).from_baseline.beyond_error is True
    assert last(scan(0, 10.0), scan(42, 8.0), rule="volume", repeatability=0.3).from_baseline.beyond_error is False


@given(one=SIZES, other=SIZES, spread=st.floats(1.01, 3))
def test_the_interval_of_a_change_holds_it_and_turns_round_with_it(one, other, spread):
    assume(abs(one / other - 1) > 1e-6)
    points = [scan(day, size, interval=Interval(size / spread, size * spread)) for day, size in ((0, one), (9, other))]
    found = last(*points, rule="volume").from_baseline
    back = last(replace(points[1], day=0), replace(points[0], day=9), rule="volume").from_baseline
    assert found.interval.low < found.relative < found.interval.high
    assert (1 + found.interval.low) * (1 + back.interval.high) == pytest.approx(1)
    assert found.beyond_error == back.beyond_error


@pytest.mark.parametrize(
    ("points", "more", "message"),
    [
        ([], {}, "no scan"),
        ([scan(0, 1.0), scan(30, 1.0), scan(30, 2.0)], {}, r"scans 2 and 3"),
        ([scan(0, 1.0), scan(date(2024, 3, 1), 1.0)], {}, "dates and numbers of days"),
        ([scan(0, -1.0)], {}, "scan 1: size: found -1"),
        ([scan(0, float("nan"))], {}, "nan"),
        ([scan(0, 1.0, steroids="more")], {}, "'more'; expected one of none, stable"),
        ([scan(0, 1.0, clinical="bad")], {}, "'bad'"),
        ([scan(0, 1.0)], {"baseline": 5}, "a day without a scan"),
        ([scan(0, 1.0)], {"rule": "length"}, "'length'"),
        ([scan(0, 1.0)], {"criteria": "RECIST"}, "'RECIST'; expected one of RANO"),
    ],
)
def test_bad_input_is_refused(points, more, message):
    with pytest.raises(InputError, match=message):
        response(points, **more)


def test_no_message_tells_a_date():
    day = date(2024, 3, 17)
    with pytest.raises(InputError) as refused:
        response([scan(day, 1.0), scan(day, 2.0)])
    assert "2024" not in str(refused.value)
