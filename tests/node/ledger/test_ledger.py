"""The ledger, on SQLite and on PostgreSQL."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import inspect, update

from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import State
from oncontour.node.ledger.cases import (
    LostCaseError,
    check_mine,
    claim,
    claim_at,
    counts_of_states,
    get_case,
    list_cases,
    make_case,
    move,
    parts_of,
    standings,
)
from oncontour.node.ledger.deliveries import cases_of, list_deliveries, note_sent, note_there, plan_deliveries
from oncontour.node.ledger.events import list_events
from oncontour.node.ledger.nodes import Listener, beat, leave
from oncontour.node.ledger.tables import DELIVERIES, METADATA, NODES
from oncontour.node.ledger.totals import DELIVERED_SECONDS, OBJECTS_THERE, STAGE_SECONDS, Total, add_to, totals_of


@pytest.fixture(params=["sqlite", "postgres"])
def base(request, tmp_path):
    url = f"sqlite:///{tmp_path}/node.db" if request.param == "sqlite" else request.getfixturevalue("postgres")
    engine = open_base(url)
    yield engine
    METADATA.drop_all(engine)
    engine.dispose()


def test_nodes_that_begin_at_once_on_an_empty_data_base(base):
    url = base.url.render_as_string(hide_password=False)
    for _ in range(5):
        METADATA.drop_all(base)
        with ThreadPoolExecutor(8) as pool:
            for engine in pool.map(open_base, [url] * 8):
                engine.dispose()
        assert set(inspect(base).get_table_names()) >= METADATA.tables.keys()
    assert new_case(base) is not None


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


def test_totals_count_what_became_true_and_once(base):
    for study in "xy":
        new_case(base, study)
        held = claim(base, "a", f"{study}-1")
        move(base, "a", held, State.DELIVERING, result={"seconds": {"reading": 1.5, "writing": 2.0}})
        plan_deliveries(base, f"{study}-1", {f"1.{study}": "seg.dcm"}, ["pacs"])
        for _ in range(2):
            note_there(base, f"{study}-1", "pacs", [f"1.{study}"])
        move(base, "a", held, State.DELIVERED)
    found = totals_of(base)
    assert found[STAGE_SECONDS] == {"reading": (2, 3.0), "writing": (2, 4.0)}
    assert found[OBJECTS_THERE] == {"pacs": (2, 0.0)}
    assert found[DELIVERED_SECONDS][""].number == 2
    assert found[DELIVERED_SECONDS][""].sum == pytest.approx(2 * (time.time() - 2.0), abs=60)


def test_many_nodes_add_to_the_same_totals(base):
    labels = ("b", "a", "c")

    def add(_):
        with base.begin() as connection:
            add_to(connection, "test", {label: Total(1, 0.5) for label in labels})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert totals_of(base)["test"] == dict.fromkeys(labels, (40, 20.0))


def test_how_the_cases_of_some_studies_stand(base):
    for study in "xyz":
        new_case(base, study)
    new_case(base, "x", part=2)
    assert [one.case for one in standings(base, ["z", "x", "x", "none"])] == ["x-1", "x-2", "z-1"]
    assert standings(base, []) == []


def test_a_ledger_of_an_earlier_version_gets_its_index(base):
    (index,) = DELIVERIES.indexes
    index.drop(base)
    open_base(base.url.render_as_string(hide_password=False)).dispose()
    assert index.name in {one["name"] for one in inspect(base).get_indexes(DELIVERIES.name)}


def test_a_silent_node_is_seen(base):
    listener = Listener(60.0)
    beat(base, "a")
    beat(base, "b")
    assert listener.silent(base) == []
    leave(base, "b")
    assert listener.silent(base) == ["b"]
    beat(base, "b")
    assert listener.silent(base) == []
    assert Listener(-1.0).silent(base) == ["a", "b"]


@pytest.mark.parametrize("jump_s", [7200.0, -7200.0])
def test_a_clock_that_jumps_makes_no_node_silent_and_hides_no_silent_one(base, jump_s):
    listener = Listener(0.5)
    for node in ("a", "b"):
        beat(base, node)
    assert listener.silent(base) == []
    with base.begin() as connection:  # The data base's clock was set: a beats on, b is dead.
        connection.execute(update(NODES).where(NODES.c.node == "a").values(beat_at=time.time() + jump_s))
    assert listener.silent(base) == []
    time.sleep(0.6)
    with base.begin() as connection:
        connection.execute(update(NODES).where(NODES.c.node == "a").values(beat_at=time.time() + jump_s))
    assert listener.silent(base) == ["b"]


def test_a_case_is_claimed_at_its_stage_alone(base):
    new_case(base)
    assert claim_at(base, "a", "s-1", 1, [State.WAITING]) is None
    assert claim_at(base, "a", "s-1", 2, [State.COMPLETE]) is None
    assert get_case(base, "s-1").epoch == 0
    held = claim_at(base, "a", "s-1", 1, [State.COMPLETE, State.WAITING])
    assert held is not None
    assert (held.node, held.epoch) == ("a", 1)


def test_more_images_than_one_query_takes(base):
    new_case(base)
    plan_deliveries(base, "s-1", {"1.2": "seg.dcm"}, ["pacs"])
    assert cases_of(base, [f"1.9.{n}" for n in range(70_000)] + ["1.2"]) == {"1.2": "s-1"}
