"""Descriptions that studies came with, for `node drift`. Free text of headers: shown to people, never logged."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Engine, delete, select

from oncontour.data.database import now, patient
from oncontour.node.ledger.tables import SEEN


@dataclass(frozen=True)
class SeenStudy:
    """A study that was routed.

    Args:
        at: seconds since 1970.
        rule: that decided; None: none did.
    """

    at: float
    rule: str | None
    description: str = field(repr=False)
    protocol: str = field(repr=False)


@patient
def note_seen(engine: Engine, case: str, rule: str | None, description: str, protocol: str) -> None:
    """Remember what a case was called; once a case."""
    with engine.begin() as connection:
        connection.execute(delete(SEEN).where(SEEN.c.case == case))
        row = {"case": case, "at": now(connection), "rule": rule, "descriptions": [description, protocol]}
        connection.execute(SEEN.insert(), row)


def list_seen(engine: Engine, since: float = 0.0) -> list[SeenStudy]:
    """What was routed since a time, the oldest first."""
    query = select(SEEN.c.at, SEEN.c.rule, SEEN.c.descriptions).where(SEEN.c.at >= since).order_by(SEEN.c.at)
    with engine.connect() as connection:
        return [SeenStudy(at, rule, *texts) for at, rule, texts in connection.execute(query)]
