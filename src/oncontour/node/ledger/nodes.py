"""Who is alive: each node says so every few seconds; the others take over the cases of a silent one."""

from __future__ import annotations

from sqlalchemy import Engine, select, update

from oncontour.data.database import now
from oncontour.node.ledger.tables import NODES


def beat(engine: Engine, node: str) -> None:
    """Say that a node is alive."""
    with engine.begin() as connection:
        at = now(connection)
        done = connection.execute(update(NODES).where(NODES.c.node == node).values(beat_at=at))
        if not done.rowcount:
            connection.execute(NODES.insert(), {"node": node, "beat_at": at})


def leave(engine: Engine, node: str) -> None:
    """Say that a node stops, so that others need not wait to take over what it leaves."""
    with engine.begin() as connection:
        connection.execute(update(NODES).where(NODES.c.node == node).values(beat_at=0.0))


def silent(engine: Engine, after_s: float) -> list[str]:
    """Nodes that have said nothing for some time."""
    with engine.connect() as connection:
        query = select(NODES.c.node).where(NODES.c.beat_at < now(connection) - after_s).order_by(NODES.c.node)
        return list(connection.execute(query).scalars())
