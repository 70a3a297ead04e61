"""Running totals, kept with what they count: metrics of a million cases are read as quickly as those of ten.

Each is added to in the transaction that makes it true, so none is lost by a restart. Nothing is taken off when a case
is purged. Where the data base goes away at that very moment, one may count twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from oncontour.node.ledger.tables import TOTALS

STAGE_SECONDS = "stage seconds"
DELIVERED_SECONDS = "delivered seconds"
OBJECTS_THERE = "objects there"


class Total(NamedTuple):
    """How many, and the sum of what was measured of them."""

    number: int
    sum: float = 0.0


def add_to(connection: Connection, name: str, found: Mapping[str, Total]) -> None:
    """Add to the totals of a name.

    Args:
        found: by label, such as a stage or a peer.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for label, more in sorted(found.items()):  # In one order: two that add at once wait, and never for each other.
        row = insert(TOTALS).values(name=name, label=label, number=more.number, sum=more.sum)
        added = {"number": TOTALS.c.number + row.excluded.number, "sum": TOTALS.c.sum + row.excluded.sum}
        connection.execute(row.on_conflict_do_update(index_elements=["name", "label"], set_=added))


def totals_of(engine: Engine) -> dict[str, dict[str, Total]]:
    """By name and label."""
    found: dict[str, dict[str, Total]] = {}
    with engine.connect() as connection:
        for name, label, number, amount in connection.execute(select(TOTALS).order_by(TOTALS.c.name, TOTALS.c.label)):
            found.setdefault(name, {})[label] = Total(number, amount)
    return found
