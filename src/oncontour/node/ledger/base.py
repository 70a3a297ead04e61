"""The ledger's data base."""

from __future__ import annotations

from sqlalchemy import Engine

from oncontour.data.database import open_database
from oncontour.node.ledger.tables import METADATA


def open_base(url: str) -> Engine:
    """The data base of a node; errors as for `open_database`."""
    return open_database(url, METADATA)
