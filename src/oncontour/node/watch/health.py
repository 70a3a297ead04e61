"""Whether a node can do its work now."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from oncontour.data.database import now
from oncontour.node.ledger.nodes import Listener
from oncontour.node.receive.disk import Disk


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        name: "data base", "place", "disk", "nodes", "studies", "keep".
        trouble: what is wrong; None: nothing.
    """

    name: str
    trouble: str | None


def check_health(
    base: Engine,
    node: str,
    place: Path,
    disk: Disk,
    listener: Listener,
    unseen: Callable[[], int] = lambda: 0,
    kept: Callable[[], str | None] = lambda: None,
) -> list[Check]:
    """Look at all that a node stands on.

    Args:
        unseen: how many studies could not be looked at.
        kept: says what could not be removed or archived.
    """
    return [
        Check("data base", _tried(lambda: _base(base))),
        Check("place", _tried(lambda: _writable(place))),
        Check("disk", None if disk.room else "less room than receive.keep_free_mb: nothing more is taken"),
        Check("nodes", _tried(lambda: _others(base, node, listener))),
        Check("studies", f"{number} that have come cannot be looked at" if (number := unseen()) else None),
        Check("keep", kept()),
    ]


def _tried(look: Callable[[], str | None]) -> str | None:
    try:
        return look()
    except OSError as error:
        return error.strerror or type(error).__name__
    except SQLAlchemyError as error:
        return f"does not answer ({type(error).__name__})"


def _base(base: Engine) -> None:
    with base.connect() as connection:
        now(connection)


def _writable(place: Path) -> None:
    """A mount that is lost leaves an empty folder behind, or one that hangs or refuses."""
    if not (place / "spool" / "studies").is_dir():
        raise FileNotFoundError(2, "the spool is gone")
    probe = place / f".probe-{secrets.token_hex(8)}"
    probe.touch()
    probe.unlink()


def _others(base: Engine, node: str, listener: Listener) -> str | None:
    gone = [name for name in listener.silent(base) if name != node]
    return f"silent: {', '.join(gone)}" if gone else None
