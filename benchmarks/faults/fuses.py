"""Places in the node's code at which it can be made to kill itself with -9, between two statements or two flushes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from faults.orders import take


@dataclass(frozen=True)
class Fuse:
    """A place.

    Args:
        stage: of a study.
        where: in words, for the table.
        module, name: whose function; `Class.method` too.
        when: before or after its call.
        state: of `settle`, the state that must be asked for.
    """

    stage: str
    where: str
    module: str
    name: str
    when: Literal["before", "after"]
    state: str | None = None

    @property
    def point(self) -> str:
        """Of its orders."""
        return f"fuse-{self.stage}-{self.where}".replace(" ", "-").replace(",", "")


_NODE = "oncontour.node."

FUSES = (
    Fuse("receive", "image half written", "spool.store", "Part.write", "after"),
    Fuse("receive", "image written, not named", "spool.store", "Spool.place", "before"),
    Fuse("receive", "image named, sender not told", "spool.store", "Spool.place", "after"),
    Fuse("complete", "case not written down", "completion.watch", "make_case", "before"),
    Fuse("complete", "case just written down", "completion.watch", "make_case", "after"),
    Fuse("route", "not decided", "work.steps", "decide", "before"),
    Fuse("route", "decided, not recorded", "work.steps", "decide", "after"),
    Fuse("route", "moved, not in the next queue", "work.steps", "settle", "after", "waiting"),
    Fuse("segment", "not begun", "work.steps", "segment", "before"),
    Fuse("segment", "done, not recorded", "work.steps", "segment", "after"),
    Fuse("build", "result not planned", "work.steps", "plan", "before"),
    Fuse("build", "result planned", "work.steps", "plan", "after"),
    Fuse("build", "result read, case not moved", "work.steps", "read_result", "after"),
    Fuse("build", "moved, not in the next queue", "work.steps", "settle", "after", "delivering"),
    Fuse("deliver", "nothing sent", "delivery.send", "note_sent", "before"),
    Fuse("deliver", "one object sent", "pynetdicom.association", "Association.send_c_store", "after"),
    Fuse("deliver", "all sent, not noted", "peers.dimse", "Dimse.store", "after"),
    Fuse("deliver", "noted that it is there", "delivery.send", "note_there", "after"),
    Fuse("deliver", "tidied, case not moved", "work.steps", "tidy", "after"),
    Fuse("deliver", "case just moved", "work.steps", "settle", "after", "delivered"),
)


def lay(orders: Path) -> None:
    """Put all fuses into this process."""
    for fuse in FUSES:
        module = import_module(fuse.module if fuse.module.startswith("pynetdicom") else _NODE + fuse.module)
        *owner, name = fuse.name.split(".")
        holder = getattr(module, owner[0]) if owner else module
        setattr(holder, name, _fused(getattr(holder, name), fuse, orders))


def _fused(work: Callable[..., Any], fuse: Fuse, orders: Path) -> Callable[..., Any]:
    @wraps(work)
    def burning(*args: Any, **kwargs: Any) -> Any:
        if fuse.state is not None and str(args[2]) != fuse.state:
            return work(*args, **kwargs)
        if fuse.when == "before":
            _burn(fuse, orders)
            return work(*args, **kwargs)
        found = work(*args, **kwargs)
        _burn(fuse, orders)
        return found

    return burning


def _burn(fuse: Fuse, orders: Path) -> None:
    if take(orders, fuse.point):
        os.kill(os.getpid(), signal.SIGKILL)
