"""What the node asks of a peer, whichever protocol it speaks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from oncontour.core.errors import OncontourError

if TYPE_CHECKING:
    from oncontour.node.commitment.answer import Take


class PeerError(OncontourError):
    """A peer cannot be reached, or answers what the standard does not foresee. Trying again later may help."""


@dataclass(frozen=True, order=True)
class Reference:
    """Where an object is in a PACS."""

    sop_class: str
    study: str
    series: str
    instance: str


class Peer(Protocol):
    """A PACS or archive.

    Every method raises PeerError where the peer cannot be reached or refuses to talk.
    """

    @property
    def name(self) -> str:
        """Its name in the node's configuration; the only thing about it that is logged."""
        ...

    def counts(self, study: str) -> Mapping[str, int]:
        """How many images it has of each series of a study, by SeriesInstanceUID; empty: it knows no such study."""
        ...

    def holds(self, references: Iterable[Reference]) -> frozenset[str]:
        """Which of these it has, by SOPInstanceUID."""
        ...

    def store(self, files: Sequence[Path]) -> Mapping[Path, str]:
        """Send DICOM files; why it refused those that it refused. Success does not say that it has the others."""
        ...

    @property
    def committing(self) -> CommittingPeer | None:
        """Itself, where it is to be asked to keep what it was sent."""
        ...


class CommittingPeer(Peer, Protocol):
    """One that promises to keep what it was sent (PS3.4 annex J)."""

    def asked_to_keep(
        self, transaction: str, references: Collection[Reference], take: Take
    ) -> AbstractContextManager[None]:
        """Ask it to keep objects; in the block the request is accepted.

        Args:
            transaction: UID of the request.
            take: gets its report where it comes while the block runs and to nobody else.
        """
        ...

    def check_commitment(self) -> None:
        """Raise PeerError where it takes no requests for storage commitment."""
        ...


def references_of(files: Iterable[Path]) -> dict[Path, Reference]:
    """Of DICOM files, where each belongs."""
    return {file: _reference(file, file.stat().st_mtime_ns) for file in files}


@lru_cache(maxsize=4096)
def _reference(file: Path, _changed_at: int) -> Reference:
    """Of a file as it was at that time: a result is asked for it when it is planned and when it is sent."""
    from pydicom import dcmread

    tags = ("SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    header = dcmread(file, stop_before_pixels=True, specific_tags=list(tags))
    return Reference(*(str(header[tag].value) for tag in tags))
