"""What all ears do with an image: watch its size and the disk, keep it, tell whoever listens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from oncontour.node.receive.disk import Disk
from oncontour.node.spool.arrival import Arrival
from oncontour.node.spool.meta import FileMeta
from oncontour.node.spool.refusal import Refusal, RefusedError
from oncontour.node.spool.store import Part, Spool

DEFLATED = frozenset(("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"))
"""Transfer syntaxes whose data sets are deflated: a small one can unpack into a disk full (PS3.5 A.5, A.7)."""

Heard = Callable[[Arrival], object]
"""Called from any thread, after the image is safe; must be quick. What it raises is logged and changes nothing."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Intake:
    """Where the ears put images.

    Args:
        biggest: bytes of a data set at most.
    """

    spool: Spool
    disk: Disk
    heard: Heard
    biggest: int

    def begin(self, meta: FileMeta, sender: str) -> Incoming:
        """Begin an image.

        Raises:
            RefusedError: there is no room, or its transfer syntax is not taken.
        """
        if meta.transfer_syntax in DEFLATED:
            raise RefusedError(Refusal.TRANSFER_SYNTAX)
        self.check_room()
        return Incoming(self, self.spool.part(meta, sender))

    def check_room(self) -> None:
        """Raise `RefusedError` where the disk has no room."""
        if not self.disk.room:
            raise RefusedError(Refusal.NO_ROOM)


class Incoming:
    """An image on its way into the spool. Ends with `keep` or `drop`."""

    def __init__(self, intake: Intake, part: Part) -> None:
        self._intake, self._part = intake, part

    def write(self, data: bytes | memoryview) -> None:
        """Append to its data set.

        Raises:
            RefusedError: it is too big, or the disk has no room. It is dropped.
        """
        try:
            if self._part.length + len(data) > self._intake.biggest:
                raise RefusedError(Refusal.TOO_BIG)
            self._intake.check_room()
            self._part.write(data)
        except BaseException:
            self.drop()
            raise

    def keep(self, study: str | None = None) -> Arrival:
        """Make it safe, then tell.

        Args:
            study: Study Instance UID that it was announced for; None: any.

        Raises:
            RefusedError: it is no image that can be kept.
        """
        arrival = self._part.keep(study)
        try:
            self._intake.heard(arrival)
        except Exception as error:
            _LOG.error("An image is safe in the spool, but its arrival could not be told: %s", type(error).__name__)
        return arrival

    def drop(self) -> None:
        """Let it go."""
        self._part.drop()
