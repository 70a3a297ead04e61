"""Something that is done again and again in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)


@contextmanager
def repeating(name: str, every_s: float, work: Callable[[], object]) -> Iterator[None]:
    """Do it every so many seconds, for the first time after one pause, until the end of the block, which waits for it.

    What it raises is logged, and it is done again: a heart that stops in silence is worse than one that falters.

    Args:
        name: of the thread.
    """
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(every_s):
            try:
                work()
            except Exception as error:
                _log.error("%s failed, and is tried again: %s", name, type(error).__name__)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
