"""Cases in the data base: made once, moved from state to state by whom they belong to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any

from sqlalchemy import Engine, RowMapping, func, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from oncontour.core.errors import OncontourError
from oncontour.data.database import now, patient
from oncontour.node.ledger.case import ENDS, Case, Standing, State, case_name
from oncontour.node.ledger.chunks import chunks
from oncontour.node.ledger.events import add_event
from oncontour.node.ledger.tables import CASES
from oncontour.node.ledger.totals import DELIVERED_SECONDS, STAGE_SECONDS, Total, add_to


class LostCaseError(OncontourError):
    """A case belongs to another node by now; whoever lost it must stop."""


@patient
def make_case(
    engine: Engine,
    node: str,
    study: str,
    part: int,
    images: Iterable[str],
    *,
    sender: str,
    complete_by: str,
    first_at: float,
    last_at: float,
    held: str | None = None,
) -> Case | None:
    """Write down that a study's part is complete; None where another node has done so already.

    Args:
        held: why it must wait for a person rather than be worked on.
    """
    case = case_name(study, part)
    try:
        with engine.begin() as connection:
            at = now(connection)
            row = {
                "case": case, "study": study, "part": part, "images": sorted(images), "sender": sender,
                "complete_by": complete_by, "state": State.HELD if held else State.COMPLETE, "reason": held,
                "priority": 0, "epoch": 0, "round": 1, "first_at": first_at, "last_at": last_at,
                "complete_at": at, "changed_at": at,
            }  # fmt: skip
            connection.execute(CASES.insert(), row)
            add_event(connection, node, "complete", case, images=len(row["images"]), by=complete_by, part=part)
            if held:
                add_event(connection, node, str(State.HELD), case, reason=held)
    except IntegrityError:
        return None
    return get_case(engine, case)


@patient
def get_case(engine: Engine, case: str) -> Case:
    """One case.

    Raises:
        LostCaseError: there is none of that name.
    """
    with engine.connect() as connection:
        row = connection.execute(select(CASES).where(CASES.c.case == case)).mappings().first()
    if row is None:
        raise LostCaseError(f"case {case}", "no such case", "one of `oncontour node status`", "Correct its name.")
    return _case(row)


@patient
def list_cases(engine: Engine, states: Collection[State] = tuple(State)) -> list[Case]:
    """Cases in some states, the oldest first."""
    query = select(CASES).where(CASES.c.state.in_(states)).order_by(CASES.c.complete_at, CASES.c.case)
    with engine.connect() as connection:
        return [_case(row) for row in connection.execute(query).mappings()]


def cases_since(engine: Engine, at: float) -> list[Case]:
    """Cases that have not ended, or not before a moment, in seconds since 1970; the newest first."""
    query = select(CASES).where(CASES.c.state.in_(set(State) - ENDS) | (CASES.c.changed_at >= at))
    with engine.connect() as connection:
        return [_case(row) for row in connection.execute(query.order_by(CASES.c.complete_at.desc())).mappings()]


@patient
def parts_of(engine: Engine, study: str) -> list[Case]:
    """The cases of a study, the first part first."""
    with engine.connect() as connection:
        rows = connection.execute(select(CASES).where(CASES.c.study == study).order_by(CASES.c.part)).mappings()
        return [_case(row) for row in rows]


def standings(engine: Engine, studies: Collection[str]) -> list[Standing]:
    """How the cases of these studies stand, study by study, the first part first."""
    columns = (CASES.c.case, CASES.c.study, CASES.c.state, CASES.c.changed_at)
    with engine.connect() as connection:
        rows = [
            row
            for some in chunks(studies)
            for row in connection.execute(
                select(*columns).where(CASES.c.study.in_(some)).order_by(CASES.c.study, CASES.c.part)
            )
        ]
    return [Standing(case, study, State(state), at) for case, study, state, at in rows]


def counts_of_states(engine: Engine) -> dict[State, int]:
    """How many cases are in each state."""
    with engine.connect() as connection:
        rows = connection.execute(select(CASES.c.state, func.count()).group_by(CASES.c.state)).all()
    return {State(state): number for state, number in rows}


@patient
def claim(engine: Engine, node: str, case: str) -> Case:
    """Take a case to work on it: whoever had it before can do nothing to it any more."""
    with engine.begin() as connection:
        _change(connection, CASES.c.case == case, {"node": node, "epoch": CASES.c.epoch + 1})
    return get_case(engine, case)


@patient
def claim_at(engine: Engine, node: str, case: str, round_: int, states: Collection[State]) -> Case | None:
    """Take a case that is in one of these states of that round; None where it is past them."""
    with engine.begin() as connection:
        there = (CASES.c.case == case) & (CASES.c.round == round_) & CASES.c.state.in_(states)
        if not _change(connection, there, {"node": node, "epoch": CASES.c.epoch + 1}):
            return None
    return get_case(engine, case)


def again(engine: Engine, node: str, case: str, **values: Any) -> Case:
    """Begin a case anew, taking it from whoever has it."""
    with engine.begin() as connection:
        values = {
            "state": State.COMPLETE,
            "round": CASES.c.round + 1,
            "epoch": CASES.c.epoch + 1,
            "reason": None,
            **values,
        }
        _change(connection, CASES.c.case == case, values)
        add_event(connection, node, "again", case)
    return get_case(engine, case)


@patient
def move(engine: Engine, node: str, held: Case, state: State, **values: Any) -> Case:
    """Move a case that one has claimed to another state.

    Raises:
        LostCaseError: another node has it.
    """
    with engine.begin() as connection:
        if not _change(connection, _mine(held), {"state": state, **values}):
            raise _lost(held)
        told = {key: value for key, value in values.items() if key in ("rule", "bundle", "reason")}
        add_event(connection, node, str(state), held.case, **told)
        stages = (values.get("result") or {}).get("seconds", {})
        add_to(connection, STAGE_SECONDS, {stage: Total(1, seconds) for stage, seconds in stages.items()})
        if state is State.DELIVERED:
            add_to(connection, DELIVERED_SECONDS, {"": Total(1, now(connection) - held.last_at)})
    return get_case(engine, held.case)


@patient
def check_mine(engine: Engine, held: Case) -> None:
    """The fence before each delivery.

    Raises:
        LostCaseError: another node has taken the case over.
    """
    with engine.connect() as connection:
        if connection.execute(select(CASES.c.case).where(_mine(held))).first() is None:
            raise _lost(held)


def _mine(held: Case) -> Any:
    return (CASES.c.case == held.case) & (CASES.c.epoch == held.epoch)


def _lost(held: Case) -> LostCaseError:
    found, expected = "taken over by another node", f"to be this node's (epoch {held.epoch})"
    return LostCaseError(f"case {held.case}", found, expected, "Nothing: the other one finishes it.")


def _change(connection: Connection, which: Any, values: dict[str, Any]) -> bool:
    done = connection.execute(update(CASES).where(which).values(**values, changed_at=now(connection)))
    return done.rowcount > 0


def _case(row: RowMapping) -> Case:
    values = {field.name: row[field.name] for field in fields(Case)}
    return Case(**{**values, "state": State(row["state"]), "images": tuple(row["images"])})
