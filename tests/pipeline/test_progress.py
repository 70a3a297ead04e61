"""Times and shares of stages."""

from __future__ import annotations

import pytest

from oncontour.pipeline.progress import STAGE_SHARES, Clock


def test_stages_share_the_whole_case():
    assert sum(STAGE_SHARES.values()) == pytest.approx(1.0)


def test_a_clock_times_stages_and_tells_of_them_in_order():
    told = []
    clock = Clock("case", lambda *what: told.append(what))
    for stage in STAGE_SHARES:
        with clock.stage(stage) as say:
            clock.within(0.5, "half way")
            say("Did this.")
            say("And that.")
    assert [step.name for step in clock.steps] == list(STAGE_SHARES)
    assert all(step.seconds >= 0 and step.summary == "Did this. And that." for step in clock.steps)
    fractions = [fraction for _, _, fraction in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    assert ("case", "half way", pytest.approx(STAGE_SHARES["reading"] / 2)) in told


def test_a_share_beyond_the_stage_is_held_to_it():
    told = []
    clock = Clock("case", lambda *what: told.append(what))
    clock.within(7.0)
    assert told == [("case", "reading", STAGE_SHARES["reading"])]
