"""What whoever listens is told of an image."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["new", "same", "conflict"]


@dataclass(frozen=True)
class Arrival:
    """An image that is safely on disk.

    Args:
        study, series, image: tokens of its UIDs.
        kind: new; same: it was here already, bit for bit; conflict: under its UID another content was here already, and
            both are kept.
        bytes: of its data set.
        sender: AE title, "WEB" or "FOLDER".
        when: in UTC.
    """

    study: str
    series: str
    image: str
    kind: Kind
    bytes: int
    sender: str
    when: datetime
