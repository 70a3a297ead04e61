"""A folder that one process at a time works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oncontour.data.files import explained

LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make a folder and keep others out: who wants it too waits. A process that dies lets go.

    Raises:
        OutputError: it cannot be made.
    """
    from filelock import FileLock

    lock = FileLock(folder / LOCK)
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
