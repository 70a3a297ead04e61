"""What the spool holds, read from the files themselves: after a restart nothing else need be known."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from oncontour.data.files import explained
from oncontour.node.spool.meta import HEAD_BYTES, read_meta
from oncontour.node.spool.store import IMAGE, Spool, read_file_identity
from oncontour.node.spool.uids import TOKEN


@dataclass(frozen=True)
class StoredImage:
    """An image of the spool.

    Args:
        sop_class, study, series, instance: UIDs.
        sender: who sent it.
        conflict: it came under a UID that another content had already.
        at: when it came, in seconds since 1970, by the file system's clock.
        heard: when it was read here, by a clock that nobody sets.
    """

    sop_class: str
    study: str = field(repr=False)
    series: str = field(repr=False)
    instance: str = field(repr=False)
    sender: str
    conflict: bool
    at: float
    heard: float


def study_tokens(spool: Spool) -> tuple[str, ...]:
    """Every study that has come and was not moved away."""
    return tuple(sorted(path.name for path in spool.studies.iterdir() if TOKEN.fullmatch(path.name)))


def image_names(folder: Path) -> set[str]:
    """Names of the images in a study's folder.

    Raises:
        FileNotFoundError: it is gone.
    """
    return {entry.name for entry in os.scandir(folder) if entry.name.endswith(IMAGE)}


def study_images(spool: Spool, study: str) -> tuple[Path, ...]:
    """The files of a study, conflicting ones too; none where it is gone."""
    return tuple(sorted((spool.studies / study).glob(f"*{IMAGE}")))


def read_image(path: Path) -> StoredImage | None:
    """What the head of an image says; None where it is gone, or none of ours."""
    try:
        with path.open("rb") as stream:
            meta = read_meta(stream.read(HEAD_BYTES))
            identity = read_file_identity(stream, meta) if meta else None
            at = os.fstat(stream.fileno()).st_mtime
    except FileNotFoundError:
        return None
    if meta is None or identity is None:
        return None
    conflict = len(path.suffixes) > 1
    heard = time.monotonic()
    return StoredImage(
        identity.sop_class, identity.study, identity.series, identity.sop_instance, meta.sender, conflict, at, heard
    )


def read_study(spool: Spool, study: str) -> dict[str, StoredImage]:
    """The images of a study, by the names of their files; none where it is gone."""
    found = {path.name: read_image(path) for path in study_images(spool, study)}
    return {name: image for name, image in found.items() if image is not None}


def move_study(spool: Spool, study: str, destination: Path) -> Path:
    """Move a study away in one step. What arrives of it later begins the study anew.

    Args:
        destination: a folder on the spool's file system, made where it is not there.

    Returns:
        the study's new folder: its token, with a number behind where one of that name was moved there before.

    Raises:
        OutputError: it cannot be moved.
    """
    with explained(destination):
        destination.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            target = destination / (study if number == 1 else f"{study}.{number}")
            try:
                return (spool.studies / study).rename(target)
            except OSError:
                if not target.exists():
                    raise
                number += 1
