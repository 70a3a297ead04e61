"""Whether the spool's disk has room: asked for every piece that comes, looked up once a second."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

LOOK_EVERY_S = 1.0
"""At 1 GB/s a disk fills by 1 GB between two looks: keep more than that free."""


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written into a folder: none, where it is read-only or gone."""
    try:
        return shutil.disk_usage(folder).free if os.access(folder, os.W_OK) else 0
    except OSError:
        return 0


class Disk:
    """The low-water mark.

    Args:
        folder: on the disk.
        keep_free: bytes; with less, there is no room.
        free: bytes left in a folder.
    """

    def __init__(self, folder: Path, keep_free: int, free: Callable[[Path], int] = free_bytes) -> None:
        self._folder, self._keep_free, self._free = folder, keep_free, free
        self._room, self._look_again = self._look(), time.monotonic() + LOOK_EVERY_S

    @property
    def room(self) -> bool:
        """Whether more may be taken."""
        now = time.monotonic()
        if now >= self._look_again:
            self._look_again = now + LOOK_EVERY_S  # First, so that of several threads one looks.
            self._room = self._look()
        return self._room

    def _look(self) -> bool:
        return self._free(self._folder) >= self._keep_free
