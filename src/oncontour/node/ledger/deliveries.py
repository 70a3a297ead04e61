"""What was sent where, and when the peer was seen to have it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, func, select, update

from oncontour.data.database import now, patient
from oncontour.node.ledger.case import State
from oncontour.node.ledger.chunks import chunks
from oncontour.node.ledger.tables import CASES, DELIVERIES
from oncontour.node.ledger.totals import OBJECTS_THERE, Total, add_to


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
def cases_of(engine: Engine, instances: Iterable[str]) -> dict[str, str]:
    """Of SOPInstanceUIDs, those that are of results of ours: the case of each."""
    found: dict[str, str] = {}
    with engine.connect() as connection:
        for some in chunks(instances):
            query = select(DELIVERIES.c.instance, DELIVERIES.c.case).where(DELIVERIES.c.instance.in_(some))
            found.update(connection.execute(query).all())
    return found


@patient
def note_sent(engine: Engine, case: str, peer: str, instances: Collection[str]) -> None:
    """They are about to be sent once more."""
    with engine.begin() as connection:
        sent = update(DELIVERIES).where(_which(case, peer, instances)).values(sent=DELIVERIES.c.sent + 1)
        connection.execute(sent)


@patient
def note_there(engine: Engine, case: str, peer: str, instances: Collection[str]) -> None:
    """The peer has them."""
    with engine.begin() as connection:
        news = _which(case, peer, instances) & DELIVERIES.c.there_at.is_(None)
        there = connection.execute(update(DELIVERIES).where(news).values(there_at=now(connection))).rowcount
        add_to(connection, OBJECTS_THERE, {peer: Total(there)} if there else {})


def _which(case: str, peer: str, instances: Collection[str]) -> ColumnElement[bool]:
    return (DELIVERIES.c.case == case) & (DELIVERIES.c.peer == peer) & DELIVERIES.c.instance.in_(instances)
