"""What the spool holds, read from the files themselves: after a restart nothing else need be known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from oncontour.data.files import explained
from oncontour.node.spool.meta import HEAD_BYTES, read_meta
from oncontour.node.spool.store import IMAGE, Spool, read_file_identity
from oncontour.node.spool.uids import TOKEN


@dataclass(frozen=True)
class StoredStudy:
    """A study as far as it has come.

    Args:
        token: its folder.
        uid: Study Instance UID.
        instances: Series Instance UID -> SOP Instance UIDs.
        conflicts: images that came under a UID that another content had already.
        senders: who sent them.
        bytes: of its files.
        last_arrival: in UTC.
    """

    token: str
    uid: str = field(repr=False)
    instances: Mapping[str, frozenset[str]] = field(repr=False)
    conflicts: int
    senders: frozenset[str]
    bytes: int
    last_arrival: datetime


def study_tokens(spool: Spool) -> tuple[str, ...]:
    """Every study that has come and was not moved away."""
    return tuple(sorted(path.name for path in spool.studies.iterdir() if TOKEN.fullmatch(path.name)))


def study_images(spool: Spool, study: str) -> tuple[Path, ...]:
    """The files of a study, conflicting ones too; none where it is gone."""
    return tuple(sorted((spool.studies / study).glob(f"*{IMAGE}")))


def read_study(spool: Spool, study: str) -> StoredStudy | None:
    """Read the head of each image of a study; None where there is none."""
    instances: dict[str, set[str]] = defaultdict(set)
    senders, uid, conflicts, size, last = set(), "", 0, 0, 0.0
    for path in study_images(spool, study):
        try:
            with path.open("rb") as stream:
                meta = read_meta(stream.read(HEAD_BYTES))
                identity = read_file_identity(stream, meta) if meta is not None else None
                state = path.stat()
        except FileNotFoundError:
            continue  # Moved away meanwhile.
        if meta is None or identity is None:
            continue  # Not one of ours.
        uid = identity.study
        instances[identity.series].add(identity.sop_instance)
        conflicts += len(path.suffixes) > 1
        senders.add(meta.sender)
        size += state.st_size
        last = max(last, state.st_mtime)
    if not instances:
        return None
    return StoredStudy(
        token=study,
        uid=uid,
        instances={series: frozenset(images) for series, images in instances.items()},
        conflicts=conflicts,
        senders=frozenset(senders),
        bytes=size,
        last_arrival=datetime.fromtimestamp(last, UTC),
    )


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
