"""The drop folder: a file that has lain still is taken, a bad one moved to `refused/` with the reason beside it."""

from __future__ import annotations

import logging
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from oncontour.core.errors import OutputError
from oncontour.data.files import explained, write_json
from oncontour.node.background import repeating
from oncontour.node.receive.file import IncomingFile
from oncontour.node.receive.intake import Intake
from oncontour.node.receive.settings import FolderSettings
from oncontour.node.spool.refusal import Refusal, RefusedError

REFUSED = "refused"
SENDER = "FOLDER"

_CHUNK = 1 << 20

_LOG = logging.getLogger(__name__)

State = tuple[int, int]
"""Size in bytes, and time of the last change in ns."""


@contextmanager
def watching(settings: FolderSettings, intake: Intake) -> Iterator[None]:
    """Watch until the end of the block.

    Raises:
        OutputError: the folder cannot be made.
    """
    with explained(settings.folder):
        (settings.folder / REFUSED).mkdir(parents=True, exist_ok=True)
    watcher = Watcher(settings, intake)
    with repeating("drop-folder", settings.look_every_s, lambda: watcher.look(time.monotonic())):
        yield


class Watcher:
    """Remembers since when each file has been as it is."""

    def __init__(self, settings: FolderSettings, intake: Intake) -> None:
        self._settings, self._intake = settings, intake
        self._seen: dict[Path, tuple[State, float]] = {}

    def look(self, now: float) -> None:
        """Take what has lain still.

        Args:
            now: s, on a clock that only goes forward.
        """
        found: dict[Path, tuple[State, float]] = {}
        for path, state in self._files():
            before, since = self._seen.get(path, (state, now))
            if before != state:
                since = now
            if now - since < self._settings.still_s or not self._take(path):
                found[path] = (state, since)
        self._seen = found

    def _files(self) -> Iterator[tuple[Path, State]]:
        """Plain files, but not those that a copying program still hides; no links, which could lead anywhere."""
        for folder, folders, names in os.walk(self._settings.folder):
            here = Path(folder)
            at_top = here == self._settings.folder
            folders[:] = [name for name in folders if not (name.startswith(".") or (at_top and name == REFUSED))]
            for name in names:
                if name.startswith(".") or name.endswith((".part", ".tmp")):
                    continue
                try:
                    state = (here / name).lstat()
                except OSError:
                    continue  # Gone again.
                if stat.S_ISREG(state.st_mode):
                    yield here / name, (state.st_size, state.st_mtime_ns)

    def _take(self, path: Path) -> bool:
        """Whether the file is done with: in the spool, or refused for good."""
        file = IncomingFile(self._intake, SENDER)
        try:
            with path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    file.write(chunk)
            file.keep()
            path.unlink()
        except RefusedError as error:
            return error.refusal is not Refusal.NO_ROOM and self._refuse(path, error.refusal)
        except OSError as error:
            _LOG.error("A dropped file could not be taken: %s", error.strerror)
            return False
        finally:
            file.drop()
        return True

    def _refuse(self, path: Path, refusal: Refusal) -> bool:
        """Move it out of the way, under a name that says nothing of a patient."""
        _LOG.warning("A dropped file is refused: %s", refusal.value)
        target = self._settings.folder / REFUSED / secrets.token_hex(8)
        try:
            path.rename(target)
        except OSError as error:
            _LOG.error("A refused file could not be moved: %s", error.strerror)
            return False
        try:
            write_json(target.with_suffix(".json"), {"reason": refusal.value, "when": datetime.now(UTC).isoformat()})
        except OutputError as error:
            _LOG.error("The reason of a refused file could not be written: %s", error.found)
        return True
