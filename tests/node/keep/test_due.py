"""When something may go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from oncontour.node.keep.due import DAY_S, NEVER, images_due, results_due, room_due
from oncontour.node.keep.settings import KeepSettings
from oncontour.node.ledger.case import ENDS, Standing, State

DAYS = st.one_of(st.none(), st.floats(0.01, 1000))
SETTINGS = st.builds(
    lambda images, results, more: KeepSettings(
        images_days=images, results_days=results,
        unfinished_days=None if more is None else max(images or 0.0, results or 0.0) + more,
    ),
    DAYS, DAYS, DAYS,
)  # fmt: skip
CASES = st.lists(
    st.builds(Standing, st.just("s-1"), st.just("s"), st.sampled_from(State), st.floats(0, 1e9)), min_size=1, max_size=4
)


@given(CASES, SETTINGS, st.floats(0, 1e9))
def test_nothing_goes_before_every_part_has_ended_and_is_old_enough(parts, settings, came_at):
    for due in (images_due(parts, came_at, settings), room_due(parts, came_at, settings)):
        if any(part.state not in ENDS for part in parts):
            assert due == NEVER
        assert due >= max(came_at, *(part.changed_at for part in parts))
    if any(part.state in (State.HELD, State.QUARANTINED) for part in parts):
        assert room_due(parts, came_at, settings) == NEVER
        if settings.unfinished_days is None:
            assert images_due(parts, came_at, settings) == NEVER


@given(CASES, st.floats(0, 1e9))
def test_without_settings_nothing_goes(parts, came_at):
    assert images_due(parts, came_at, KeepSettings()) == NEVER
    assert all(results_due(part, KeepSettings()) == NEVER for part in parts if part.state is not State.PURGED)


def test_what_waits_for_a_person_has_its_own_time():
    settings = KeepSettings(images_days=10, results_days=20, unfinished_days=30)
    held, delivered = (Standing("s-1", "s", state, 0.0) for state in (State.HELD, State.DELIVERED))
    assert images_due([held], 0.0, settings) == 30 * DAY_S
    assert (results_due(held, settings), results_due(delivered, settings)) == (30 * DAY_S, 20 * DAY_S)


@pytest.mark.parametrize("wrong", [{"images_days": 30, "unfinished_days": 10}, {"archive": "x"}, {"images_days": 0}])
def test_settings_that_contradict_themselves(wrong):
    with pytest.raises(ValidationError):
        KeepSettings(**wrong)
