"""The ledger, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import State
from oncontour.node.ledger.cases import (
    LostCaseError,
    check_mine,
    claim,
    counts_of_states,
    get_case,
    list_cases,
    make_case,
    move,
    parts_of,
)
from oncontour.node.ledger.deliveries import list_deliveries, note_sent, note_there, plan_deliveries
from oncontour.node.ledger.events import list_events
from oncontour.node.ledger.nodes import beat, leave, silent
from oncontour.node.ledger.tables import METADATA


@pytest.fixture(params=["sqlite", "postgres"])
def base(request, tmp_path):
    url = f"sqlite:///{tmp_path}/node.db" if request.param == "sqlite" else request.getfixturevalue("postgres")
    engine = open_base(url)
    yield engine
    METADATA.drop_all(engine)
    engine.dispose()


def new_case(base, study="s", part=1, node="a"):
    return make_case(base, node, study, part, ["2", "1"], sender="MR1", complete_by="count", first_at=1.0, last_at=2.0)


def test_a_case_is_made_once(base):
    case = new_case(base)
    assert (case.case, case.images, case.state, case.epoch) == ("s-1", ("1", "2"), State.COMPLETE, 0)
    assert new_case(base, node="b") is None
    assert [event.kind for event in list_events(base)] == ["complete"]
    new_case(base, part=2)
    assert [one.part for one in parts_of(base, "s")] == [1, 2]


def test_many_at_once_make_it_once(base):
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda node: new_case(base, node=str(node)), range(16)))
    assert sum(case is not None for case in made) == 1


def test_who_lost_a_case_can_neither_move_nor_deliver_it(base):
    new_case(base)
    first = claim(base, "a", "s-1")
    check_mine(base, first)
    second = claim(base, "b", "s-1")
    with pytest.raises(LostCaseError, match="case s-1: found taken over by another node"):
        check_mine(base, first)
    with pytest.raises(LostCaseError):
        move(base, "a", first, State.DELIVERED)
    assert move(base, "b", second, State.DELIVERED).state is State.DELIVERED
    assert [(event.node, event.kind) for event in list_events(base, "s-1")] == [("a", "complete"), ("b", "delivered")]


def test_states_are_counted_and_listed(base):
    for study in "xyz":
        new_case(base, study)
    move(base, "a", claim(base, "a", "y-1"), State.HELD, reason="no rule knows this study")
    assert counts_of_states(base) == {State.COMPLETE: 2, State.HELD: 1}
    assert [case.reason for case in list_cases(base, [State.HELD])] == ["no rule knows this study"]


def test_no_such_case(base):
    with pytest.raises(LostCaseError, match="no such case"):
        get_case(base, "nothing-1")


def test_deliveries_are_planned_once_and_noted(base):
    new_case(base)
    plan_deliveries(base, "s-1", {"1.2": "seg.dcm", "1.3": "sr.dcm"}, ["pacs"])
    note_sent(base, "s-1", "pacs", ["1.2", "1.3"])
    note_there(base, "s-1", "pacs", ["1.2"])
    plan_deliveries(base, "s-1", {"1.2": "seg.dcm", "1.3": "sr.dcm"}, ["pacs", "archive"])
    found = {(one.peer, one.file): (one.sent, one.there_at is not None) for one in list_deliveries(base, "s-1")}
    assert found == {
        ("pacs", "seg.dcm"): (1, True), ("pacs", "sr.dcm"): (1, False),
        ("archive", "seg.dcm"): (0, False), ("archive", "sr.dcm"): (0, False),
    }  # fmt: skip


def test_a_silent_node_is_seen(base):
    beat(base, "a")
    beat(base, "b")
    assert silent(base, 60.0) == []
    leave(base, "b")
    assert silent(base, 60.0) == ["b"]
    beat(base, "b")
    assert silent(base, -1.0) == ["a", "b"]
