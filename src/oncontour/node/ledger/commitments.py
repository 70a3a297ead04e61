"""What peers were asked to keep, and what they said to it (storage commitment)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sqlalchemy import ColumnElement, Engine, func, select, update
from sqlalchemy.engine import Connection

from oncontour.data.database import now, patient
from oncontour.node.ledger.case import State
from oncontour.node.ledger.events import add_event
from oncontour.node.ledger.tables import CASES, COMMITMENTS, DELIVERIES

Which = ColumnElement[bool]

REPORT_PATIENCE_S = 20.0
"""For the data base while a peer waits for its report to be taken: most wait half a minute."""


class Outcome(StrEnum):
    """What became of a request for one object."""

    COMMITTED = "committed"
    FAILED = "failed"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class Promise:
    """How it stands with one object.

    Args:
        outcome: None: the report has not come.
        failure: why the peer does not keep it (PS3.3 C.14.1.1).
    """

    outcome: Outcome | None
    failure: int | None = None


@patient
def note_asked(
    engine: Engine, case: str, peer: str, transaction: str, instances: Collection[str], forget_s: float
) -> None:
    """They are about to be asked for. Written first, so that no report can be earlier than what it is about.

    Args:
        forget_s: after which an older request is forgotten of which nobody knows whether it reached the peer.
    """
    with engine.begin() as connection:
        at = now(connection)
        rows = {"transaction": transaction, "case": case, "peer": peer, "asked_at": at}
        connection.execute(
            COMMITMENTS.delete().where(
                _of(case, peer), _OPEN, COMMITMENTS.c.accepted_at.is_(None), COMMITMENTS.c.asked_at < at - forget_s
            )
        )
        connection.execute(COMMITMENTS.insert(), [{**rows, "instance": instance} for instance in instances])


@patient
def note_accepted(engine: Engine, node: str, transaction: str) -> None:
    """The peer took the request."""
    which = COMMITMENTS.c.transaction == transaction
    with engine.begin() as connection:
        if _set(connection, which & COMMITMENTS.c.accepted_at.is_(None), accepted_at=now(connection)):
            case, peer, number = connection.execute(
                select(func.min(COMMITMENTS.c.case), func.min(COMMITMENTS.c.peer), func.count()).where(which)
            ).one()
            add_event(connection, node, "commitment asked", case, peer=peer, objects=number)


@partial(patient, patience_s=REPORT_PATIENCE_S)
def note_report(
    engine: Engine, node: str, transaction: str, committed: Collection[str], failed: Mapping[str, int]
) -> bool:
    """A peer's report; False where nobody asked for it. One that comes twice changes nothing more.

    What failed counts as delivered no longer, if it did.
    """
    which = COMMITMENTS.c.transaction == transaction
    with engine.begin() as connection:
        asked = connection.execute(select(COMMITMENTS.c.case, COMMITMENTS.c.peer).where(which)).first()
        if asked is None:
            return False
        case, peer = asked
        undecided = which & (_OPEN | (COMMITMENTS.c.outcome == Outcome.OVERDUE))
        kept = _set(connection, undecided & COMMITMENTS.c.instance.in_(committed), outcome=Outcome.COMMITTED)
        if kept:
            add_event(connection, node, "committed", case, peer=peer, objects=kept)
        for reason in sorted(set(failed.values())):
            lost = [instance for instance, why in failed.items() if why == reason]
            which_lost = undecided & COMMITMENTS.c.instance.in_(lost)
            if number := _set(connection, which_lost, outcome=Outcome.FAILED, failure=reason):
                add_event(connection, node, "commitment failed", case, peer=peer, objects=number, reason=reason)
                of_peer = (DELIVERIES.c.case == case) & (DELIVERIES.c.peer == peer)
                connection.execute(
                    update(DELIVERIES).where(of_peer, DELIVERIES.c.instance.in_(lost)).values(there_at=None)
                )
    return True


@patient
def note_overdue(engine: Engine, node: str, case: str, peer: str, instances: Collection[str], after_s: float) -> int:
    """Wait no longer for reports on these that have not come in time; of how many."""
    with engine.begin() as connection:
        late = COMMITMENTS.c.accepted_at <= now(connection) - after_s
        which = _of(case, peer) & _OPEN & late & COMMITMENTS.c.instance.in_(instances)
        number = _set(connection, which, outcome=Outcome.OVERDUE)
        if number:
            add_event(connection, node, "commitment overdue", case, peer=peer, objects=number, after_s=after_s)
    return number


@patient
def promises(engine: Engine, case: str, peer: str) -> dict[str, Promise]:
    """What a peer said last of each object that it was asked for, by SOPInstanceUID; once it keeps one, it does."""
    query = (
        select(COMMITMENTS.c.instance, COMMITMENTS.c.outcome, COMMITMENTS.c.failure)
        .where(_of(case, peer), COMMITMENTS.c.accepted_at.is_not(None) | COMMITMENTS.c.outcome.is_not(None))
        .order_by(COMMITMENTS.c.asked_at)
    )
    found: dict[str, Promise] = {}
    with engine.connect() as connection:
        for instance, outcome, failure in connection.execute(query):
            if instance not in found or found[instance].outcome is not Outcome.COMMITTED:
                found[instance] = Promise(Outcome(outcome) if outcome else None, failure)
    return found


def broken_promises(engine: Engine) -> list[tuple[str, str, int]]:
    """Case, peer and number of objects that counted as delivered until a late report said that they are not kept."""
    later = COMMITMENTS.alias()
    again = select(later.c.transaction).where(
        later.c.case == COMMITMENTS.c.case,
        later.c.peer == COMMITMENTS.c.peer,
        later.c.asked_at > COMMITMENTS.c.asked_at,
    )
    query = (
        select(COMMITMENTS.c.case, COMMITMENTS.c.peer, func.count())
        .join(CASES, CASES.c.case == COMMITMENTS.c.case)
        .where(COMMITMENTS.c.outcome == Outcome.FAILED, CASES.c.state == State.DELIVERED, ~again.exists())
        .group_by(COMMITMENTS.c.case, COMMITMENTS.c.peer)
        .order_by(COMMITMENTS.c.case, COMMITMENTS.c.peer)
    )
    with engine.connect() as connection:
        return [(case, peer, number) for case, peer, number in connection.execute(query)]


_OPEN = COMMITMENTS.c.outcome.is_(None)


def _of(case: str, peer: str) -> Which:
    return (COMMITMENTS.c.case == case) & (COMMITMENTS.c.peer == peer)


def _set(connection: Connection, which: Which, **values: object) -> int:
    return connection.execute(update(COMMITMENTS).where(which).values(**values)).rowcount
