"""Who is alive: each node says so every few seconds; the others take over the cases of a silent one."""

from __future__ import annotations

import time

from sqlalchemy import Engine, select, update

from oncontour.data.database import now
from oncontour.node.ledger.tables import NODES

LEFT = 0.0
"""The beat of a node that was stopped: nobody need wait for another."""


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
        connection.execute(update(NODES).where(NODES.c.node == node).values(beat_at=LEFT))


class Listener:
    """Hears which nodes fall silent, by a clock that nobody sets: a beat is only compared with the one before it.

    Whoever compared beats with the data base's clock would take all other nodes for dead when that is set forward, and
    dead ones for living when it is set back.

    Args:
        silent_s: without a new beat.
    """

    def __init__(self, silent_s: float) -> None:
        self._silent_s = silent_s
        self._beats: dict[str, tuple[float, float]] = {}

    def silent(self, engine: Engine) -> list[str]:
        """Nodes that have stopped, or have said nothing for long while this one listened."""
        with engine.connect() as connection:
            rows = connection.execute(select(NODES.c.node, NODES.c.beat_at).order_by(NODES.c.node)).all()
        heard = time.monotonic()
        self._beats = {
            node: before if (before := self._beats.get(node)) and before[0] == beat else (beat, heard)
            for node, beat in rows
        }
        return [node for node, (beat, since) in self._beats.items() if beat == LEFT or heard - since > self._silent_s]
