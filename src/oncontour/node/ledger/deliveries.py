"""What was sent where, and when the peer was seen to have it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, func, select, update

from oncontour.data.database import now, patient
from oncontour.node.ledger.case import State
from oncontour.node.ledger.tables import CASES, DELIVERIES

ASKED_AT_ONCE = 1000
"""Values of one query; SQLite takes 32,766, and a functional study has more images."""


@dataclass(frozen=True)
class Delivery:
    """An object for a peer.

    Args:
        file: in the case's results.
        sent: how often.
        there_at: when the peer was seen to have it; None: not yet.
    """

    case: str
    peer: str
    instance: str
    file: str
    sent: int
    there_at: float | None


@patient
def plan_deliveries(engine: Engine, case: str, files: Mapping[str, str], peers: Collection[str]) -> None:
    """Write down what is to be sent, where it is not written down yet.

    Args:
        files: by SOPInstanceUID.
    """
    with engine.begin() as connection:
        query = select(DELIVERIES.c.peer, DELIVERIES.c.instance).where(DELIVERIES.c.case == case)
        there = {tuple(row) for row in connection.execute(query)}
        missing = [
            {"case": case, "peer": peer, "instance": instance, "file": file, "sent": 0}
            for peer in peers
            for instance, file in files.items()
            if (peer, instance) not in there
        ]
        if missing:
            connection.execute(DELIVERIES.insert(), missing)


@patient
def list_deliveries(engine: Engine, case: str) -> list[Delivery]:
    """All of a case."""
    query = select(DELIVERIES).where(DELIVERIES.c.case == case).order_by(DELIVERIES.c.peer, DELIVERIES.c.file)
    with engine.connect() as connection:
        return [Delivery(**row) for row in connection.execute(query).mappings()]


@patient
def undelivered(engine: Engine, longer_than_s: float) -> list[tuple[str, int]]:
    """Peers that lack objects of cases which have been on their way for longer than that, and of how many cases."""
    on_their_way = DELIVERIES.join(CASES, CASES.c.case == DELIVERIES.c.case)
    with engine.connect() as connection:
        query = (
            select(DELIVERIES.c.peer, func.count(DELIVERIES.c.case.distinct()))
            .select_from(on_their_way)
            .where(CASES.c.state == State.DELIVERING, DELIVERIES.c.there_at.is_(None))
            .where(CASES.c.changed_at < now(connection) - longer_than_s)
            .group_by(DELIVERIES.c.peer)
            .order_by(DELIVERIES.c.peer)
        )
        return [(peer, cases) for peer, cases in connection.execute(query)]


@patient
def cases_of(engine: Engine, instances: Sequence[str]) -> dict[str, str]:
    """Of SOPInstanceUIDs, those that are of results of ours: the case of each."""
    found: dict[str, str] = {}
    with engine.connect() as connection:
        for first in range(0, len(instances), ASKED_AT_ONCE):
            some = DELIVERIES.c.instance.in_(instances[first : first + ASKED_AT_ONCE])
            found.update(connection.execute(select(DELIVERIES.c.instance, DELIVERIES.c.case).where(some)).all())
    return found


def note_sent(engine: Engine, case: str, peer: str, instances: Collection[str]) -> None:
    """They are about to be sent once more."""
    _note(engine, case, peer, instances, sent=DELIVERIES.c.sent + 1)


@patient
def note_there(engine: Engine, case: str, peer: str, instances: Collection[str]) -> None:
    """The peer has them."""
    with engine.connect() as connection:
        at = now(connection)
    _note(engine, case, peer, instances, there_at=at)


@patient
def _note(engine: Engine, case: str, peer: str, instances: Collection[str], **values: object) -> None:
    which = (DELIVERIES.c.case == case) & (DELIVERIES.c.peer == peer) & DELIVERIES.c.instance.in_(instances)
    with engine.begin() as connection:
        connection.execute(update(DELIVERIES).where(which).values(**values))
