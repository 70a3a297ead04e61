"""A node says that it is alive, takes over from those that no longer do, and ends itself where it cannot say so."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from oncontour.node.background import repeating
from oncontour.node.ledger.nodes import Listener, beat, leave
from oncontour.node.work.settings import WorkSettings
from oncontour.node.work.site import end_now

_log = logging.getLogger(__name__)


@contextmanager
def beating(
    base: Engine,
    node: str,
    settings: WorkSettings,
    listener: Listener,
    take_over: Callable[[list[str]], int],
    lost: Callable[[], NoReturn] = end_now,
) -> Iterator[None]:
    """Beat in the background while the block runs.

    A node whose beats have not reached the data base for `silent_s` is dead to the others, who take its cases over. So
    it ends itself before that (at four fifths) rather than deliver what is no longer its own: systemd starts it anew.

    Args:
        take_over: told which nodes are silent; says how many workflows it went on with.
        lost: called where this node must end; it must not return.
    """
    beat(base, node)
    last = time.monotonic()

    def end_if_silent() -> None:
        if time.monotonic() - last > 0.8 * settings.silent_s:
            _log.critical("node %s was silent for too long and ends", node)
            lost()

    def again() -> None:
        nonlocal last
        end_if_silent()
        try:
            beat(base, node)
            end_if_silent()  # It may have been frozen in the middle of a beat.
            last = time.monotonic()
            others = [name for name in listener.silent(base) if name != node]
            if others and (number := take_over(others)):
                _log.warning("node %s took over %d workflows of %s", node, number, ", ".join(others))
        except SQLAlchemyError as error:
            _log.error("node %s cannot say that it is alive: %s", node, type(error).__name__)

    try:
        with repeating("heartbeat", settings.beat_s, again):
            yield
    finally:
        try:
            leave(base, node)
        except SQLAlchemyError as error:
            _log.error("node %s cannot say that it leaves: %s", node, type(error).__name__)
