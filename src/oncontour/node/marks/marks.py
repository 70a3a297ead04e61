"""Marks in the ledger; they are kept, the latest one of a case counts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select

from oncontour.data.database import now
from oncontour.node.ledger.events import add_event
from oncontour.node.ledger.tables import MARKS


@dataclass(frozen=True)
class Mark:
    """What a reader thinks of a case's result.

    Args:
        at: seconds since 1970.
        useful: or poor.
        source: where it was said: "PACS", "page", "command line", and by whom where that is known.
        reason: in the reader's words; shown to people, never logged.
    """

    case: str
    at: float
    useful: bool
    source: str
    reason: str = ""


def mark(engine: Engine, node: str, case: str, useful: bool, source: str, reason: str = "") -> None:
    """Keep a mark; one that says what the latest of the same source said is not kept twice."""
    with engine.begin() as connection:
        query = select(MARKS.c.useful, MARKS.c.reason).where(MARKS.c.case == case, MARKS.c.source == source)
        latest = connection.execute(query.order_by(MARKS.c.id.desc()).limit(1)).first()
        if latest is not None and tuple(latest) == (useful, reason):
            return
        row = {"case": case, "at": now(connection), "useful": useful, "source": source, "reason": reason}
        connection.execute(MARKS.insert(), row)
        add_event(connection, node, "mark", case, useful=useful, source=source)


def list_marks(engine: Engine, case: str | None = None) -> list[Mark]:
    """Marks of a case, or all, the oldest first."""
    query = select(MARKS.c.case, MARKS.c.at, MARKS.c.useful, MARKS.c.source, MARKS.c.reason).order_by(MARKS.c.id)
    if case is not None:
        query = query.where(MARKS.c.case == case)
    with engine.connect() as connection:
        return [Mark(*row) for row in connection.execute(query)]
