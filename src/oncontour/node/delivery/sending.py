"""What one try to deliver is made with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from oncontour.node.delivery.settings import DeliverySettings

LOOK_S = 0.5
"""Between two looks at what is waited for."""


@dataclass(frozen=True)
class Sending:
    """A case's results on their way.

    Args:
        base: the ledger.
        node: this node's name.
        case: its name.
        files: of its result, by SOPInstanceUID; what an earlier result left undelivered is not sent any more.
        settings: how hard it is tried.
        fence: called right before anything is sent; it does not return where the case is another node's by now.
    """

    base: Engine
    node: str
    case: str
    files: Mapping[str, Path]
    settings: DeliverySettings
    fence: Callable[[], None]
