"""What the steps of a case work with."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Engine

from oncontour.node.delivery.settings import DeliverySettings
from oncontour.node.peers.peer import Peer
from oncontour.node.work.segmenter import Segmenter
from oncontour.node.work.settings import WorkSettings

OUSTED = 75
"""Exit code of a node that lost a case to another: to be started again (EX_TEMPFAIL)."""


def end_now() -> NoReturn:
    """End this process at once: another node has taken over, and nothing of ours may reach a peer any more."""
    os._exit(OUSTED)


@dataclass(frozen=True)
class Route:
    """What is to be done with a study.

    Args:
        action: process, ignore, or hold for a person.
        rule: which rule said so; None: none knew the study.
        bundle: to process it with.
        priority: 1 is done first, 9 last.
        peers: whom the results go to.
        reason: why it is held.
    """

    action: str
    rule: str | None
    bundle: str | None = None
    priority: int = 5
    peers: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Site:
    """What the steps of a case work with.

    Args:
        node: this node's name.
        base: the ledger.
        images: folder of studies that have come, one folder a study (`Spool.studies`).
        inputs: folder of cases' images.
        results: folder of cases' results.
        peers: by name.
        segmenter: does the work.
        route: decides by the images of a case, and by who sent them.
        work, delivery: settings.
        lost: called where another node has taken a case over; it must not return.
    """

    node: str
    base: Engine
    images: Path
    inputs: Path
    results: Path
    peers: Mapping[str, Peer]
    segmenter: Segmenter
    route: Callable[[Path, str], Route]
    work: WorkSettings = field(default_factory=WorkSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    lost: Callable[[], NoReturn] = end_now
