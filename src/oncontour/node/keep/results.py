"""Removing a case's results, or moving them to the archive."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from sqlalchemy import Engine

from oncontour.core.errors import OutputError
from oncontour.data.files import explained
from oncontour.node.ledger.events import add_event, list_events
from oncontour.pipeline.folders import READERS, VERSIONS


def case_of(folder: Path) -> str:
    """The case of a folder of results, <case>.<epoch>.

    >>> case_of(Path("results/ab12-1.3"))
    'ab12-1'
    """
    return folder.name.rpartition(".")[0]


def is_corrected(folder: Path) -> bool:
    """Whether readers keep versions of their own in a folder of results, of which there is no other copy."""
    return (folder / case_of(folder) / READERS / VERSIONS).is_dir()


def remove_results(base: Engine, who: str, folder: Path, why: str) -> None:
    """Remove a folder of results.

    Raises:
        OutputError: the system refuses.
    """
    _tell(base, who, "results removed", folder, why)
    with explained(folder):
        shutil.rmtree(folder)


def archive_results(base: Engine, who: str, folder: Path, archive: Path) -> None:
    """Move a folder of results into the archive, which may be on another disk.

    Raises:
        OutputError: the archive is not there, or the system refuses.
    """
    if not archive.is_dir():
        remedy = "Mount it, or make the folder: it is not made here, lest a lost mount fills this disk."
        raise OutputError(archive, "no such folder", "the archive of results", remedy)
    _tell(base, who, "results archived", folder, "age")
    move_folder(folder, archive / folder.name)


def move_folder(folder: Path, target: Path) -> None:
    """Move a folder, also to another disk: a kill leaves it at its old place, or whole at the new one, or at both.

    A target that is there is whole, so that the second try of a move that was interrupted only removes the folder.

    Raises:
        OutputError: the target is the folder itself, or the system refuses.
    """
    with explained(target):
        if target.exists():
            if target.samefile(folder):
                raise OutputError(target, "the folder itself", "another place", "Give another folder.")
        else:
            try:
                folder.rename(target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                part = target.with_name(f".{target.name}.part")
                shutil.rmtree(part, ignore_errors=True)
                shutil.copytree(folder, part, copy_function=_copy)
                part.rename(target)
            else:
                return
        shutil.rmtree(folder)


def _copy(source: str, target: str) -> None:
    """Copy a file, and wait until the disk has it: its source is about to go."""
    shutil.copy2(source, target)
    with Path(target).open("rb") as stream:
        os.fsync(stream.fileno())


def _tell(base: Engine, who: str, what: str, folder: Path, why: str) -> None:
    """Once, however often it is tried."""
    case = case_of(folder)
    if any(event.kind == what and event.detail.get("folder") == folder.name for event in list_events(base, case)):
        return
    with base.begin() as connection:
        add_event(connection, who, what, case, folder=folder.name, why=why)
