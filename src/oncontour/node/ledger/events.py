"""The audit trail: what was done when, by which node, to which case; only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.engine import Connection

from oncontour.data.database import now
from oncontour.node.ledger.tables import EVENTS


@dataclass(frozen=True)
class Event:
    """A line of the trail.

    Args:
        at: seconds since 1970.
        detail: numbers, names of rules, peers and bundles; nothing of a patient.
    """

    id: int
    at: float
    node: str
    case: str | None
    kind: str
    detail: Mapping[str, Any]


def add_event(connection: Connection, node: str, kind: str, case: str | None = None, **detail: Any) -> None:
    """Add a line, in the transaction that does what it tells."""
    row = {"at": now(connection), "node": node, "case": case, "kind": kind, "detail": detail}
    connection.execute(EVENTS.insert(), row)


def list_events(engine: Engine, case: str | None = None, since: float = 0.0, after: int = 0) -> list[Event]:
    """Lines in their order.

    Args:
        case: of one case alone.
        since: seconds since 1970.
        after: the last that one has seen.
    """
    query = select(EVENTS).where(EVENTS.c.at >= since, EVENTS.c.id > after).order_by(EVENTS.c.id)
    if case is not None:
        query = query.where(EVENTS.c.case == case)
    with engine.connect() as connection:
        return [Event(**row) for row in connection.execute(query).mappings()]
