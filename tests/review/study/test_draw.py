"""Draws: never a rater's own mask, evenly, and arranged without regard to whose the masks are."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from oncontour.review.study.draw import draw_study
from oncontour.review.study.plan import COLOURS

from .conftest import study_plan

SOURCES = ("e1", "e2", "e3", "m1", "m2")


def everything(cases=40, sources=SOURCES):
    return {f"c{n:03d}": set(sources) for n in range(cases)}


@st.composite
def availability(draw):
    cases = draw(st.integers(0, 25))
    return {f"c{n:03d}": draw(st.sets(st.sampled_from(SOURCES))) for n in range(cases)}


draws = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32),
        "read_by_all": st.integers(0, 30),
        "read_twice": st.integers(0, 10),
        "at_once": st.sampled_from([None, 1, 2]),
    }
)


@settings(max_examples=30)
@given(availability(), draws)
def test_what_holds_of_every_page(available, wanted):
    plan = study_plan(draw=wanted)
    drawn = draw_study(plan, available)
    kind = {name: source.kind for name, source in plan.sources.items()}
    for rater, pages in drawn.pages.items():
        for page in pages:
            sources = [mask.source for mask in page.masks]
            assert plan.raters[rater].own not in sources
            assert set(sources) <= set(available[page.case])
            assert len({mask.colour for mask in page.masks}) == len(sources) == len(set(sources)) <= plan.draw.page
        for case in available:
            first = [mask.source for page in pages if page.case == case and page.reading == 1 for mask in page.masks]
            kinds = Counter(kind[one] for one in first)
            assert not first or (kinds["expert"] in (1, 2) and kinds["model"] in (1, 2) and len(set(first)) <= 3)
            short = [one.masks for one in drawn.short if (one.rater, one.case) == (rater, case)]
            assert [len(first)] == (short or [3])


@settings(max_examples=30)
@given(availability(), draws)
def test_the_same_seed_gives_the_same_draw(available, wanted):
    plan = study_plan(draw=wanted)
    assert draw_study(plan, available) == draw_study(plan, dict(reversed(available.items())))


@settings(max_examples=30)
@given(draws)
def test_cases_that_all_read_have_the_same_masks_of_those_that_none_drew(wanted):
    plan = study_plan(draw=wanted)
    drawn = draw_study(plan, everything(12))
    assert len(drawn.read_by_all) == min(wanted["read_by_all"], 12)
    for case in drawn.read_by_all:
        for pages in drawn.pages.values():
            own = {mask.source for page in pages if page.case == case for mask in page.masks}
            assert {"m1", "m2"} <= own  # Experts drew masks themselves, so only the models' can be the same for all.


@settings(max_examples=30)
@given(draws)
def test_second_readings_come_late_and_of_the_same_masks(wanted):
    drawn = draw_study(study_plan(draw=wanted), everything(30))
    for pages in drawn.pages.values():
        firsts = {(p.case, frozenset(m.source for m in p.masks)): n for n, p in enumerate(pages) if p.reading == 1}
        seconds = [(n, p) for n, p in enumerate(pages) if p.reading == 2]
        assert len(seconds) == min(wanted["read_twice"], len(firsts) // 3)
        for n, page in seconds:
            assert n - firsts[page.case, frozenset(m.source for m in page.masks)] > len(firsts) // 3


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_sources_of_a_kind_are_taken_evenly(seed):
    drawn = draw_study(study_plan(draw={"seed": seed, "read_by_all": 0}), everything(41))
    for pages in drawn.pages.values():
        taken = Counter(mask.source for page in pages for mask in page.masks)
        for kind in "em":
            counts = [count for source, count in taken.items() if source.startswith(kind)]
            assert max(counts) - min(counts) <= 1
        experts = Counter(sum(mask.source.startswith("e") for mask in page.masks) for page in pages)
        assert abs(experts[1] - experts[2]) <= 1


@settings(max_examples=30)
@given(draws, st.permutations(["e1", "e2"]))
def test_order_and_colours_do_not_depend_on_whose_masks_they_are(wanted, names):
    """The arrangement of other sources, as many, is the same: it is drawn from counts alone."""
    raters = {"r": {}}
    two = study_plan(experts=2, models=2, raters=raters, draw=wanted)
    other = two.model_copy(update={"sources": {name: two.sources[name] for name in ("m2", *names, "m1")}})
    shown = [
        [(page.case, page.reading, [mask.colour for mask in page.masks]) for page in draw_study(plan, there).pages["r"]]
        for plan in (two, other)
        for there in (everything(20, ("e1", "e2", "m1", "m2")), everything(20, ("e2", "m1", "m2", "e1")))
    ]
    assert shown[0] == shown[1] == shown[2] == shown[3]


def test_places_and_colours_are_those_of_chance():
    """No source stands first, or is orange, more often than another. The seed is fixed, so it cannot flake."""
    plan = study_plan(raters={"r": {}}, draw={"read_by_all": 0, "seed": 3})
    masks = [(n, mask) for page in draw_study(plan, everything(1_500)).pages["r"] for n, mask in enumerate(page.masks)]
    for source in SOURCES:
        own = [(n, COLOURS.index(mask.colour)) for n, mask in masks if mask.source == source]
        for seen, size in zip(zip(*own, strict=True), (3, len(COLOURS)), strict=True):
            assert stats.chisquare(np.bincount(seen, minlength=size)).pvalue > 0.001


def test_papers_designs():
    boyd = draw_study(study_plan(), everything(100))
    assert {rater: sum(len(page.masks) for page in pages) for rater, pages in boyd.pages.items()} == dict.fromkeys(
        ("r1", "r2", "r3"), 300
    )
    assert len(boyd.read_by_all) == 30
    raters = {"first": {}, "second": {"cases": "read by all"}}
    draw = {"masks": 2, "experts": (1, 1), "models": (1, 1), "at_once": 1}
    wan = draw_study(study_plan(1, 1, scale="two-step", raters=raters, draw=draw), everything(97, ("e1", "m1")))
    assert [len(pages) for pages in wan.pages.values()] == [2 * 97, 2 * 30]
    assert {len(page.masks) for pages in wan.pages.values() for page in pages} == {1}
