"""pynetdicom's association while many messages are exchanged: in no hurry by itself, and now and then its own rival.

A thread of the association takes messages too. Those who wait for an answer stop it first, by an event and a flag, but
where it has just passed the event it takes one more: now and then an answer, which it then holds for an impossible
request and ends the association. `tests/node/peers/test_exchange.py` fails where what is leant on here is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pynetdicom.association import Association

_LOOK_S = 1e-4
"""Between two looks for work, which pynetdicom has once a millisecond: each 16 KiB of an object wait for one. Not for
long, for it takes a third of a core."""


class _Gate(threading.Event):
    """An event that only `open` sets, and that knows whether somebody has come to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.reached.set()
        return super().wait(timeout)

    def set(self) -> None:
        """As nothing is to let the thread go while the gate is closed."""

    def open(self) -> None:
        super().set()


@contextmanager
def exchanging(association: Association) -> Iterator[None]:
    """Keep the association's thread from its messages in the block, and its upper layer in a hurry."""
    gate, before, look_s = _Gate(), association._reactor_checkpoint, association.dul._run_loop_delay
    association._reactor_checkpoint, association.dul._run_loop_delay = gate, _LOOK_S
    while not gate.reached.wait(0.01) and association.is_alive():
        pass
    try:
        yield
    finally:
        association._reactor_checkpoint, association.dul._run_loop_delay = before, look_s
        before.set()
        gate.open()
