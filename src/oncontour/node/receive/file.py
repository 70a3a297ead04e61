"""A whole DICOM file on its way into the spool: its head is read, the data set behind it stored as a C-STORE's is."""

from __future__ import annotations

from oncontour.node.receive.intake import Incoming, Intake
from oncontour.node.spool.arrival import Arrival
from oncontour.node.spool.meta import HEAD_BYTES, FileMeta, read_meta
from oncontour.node.spool.refusal import Refusal, RefusedError


class IncomingFile:
    """Ends with `keep` or `drop`.

    Args:
        sender: "WEB" or "FOLDER".

    Attributes:
        meta: its head, as soon as it is here.
    """

    def __init__(self, intake: Intake, sender: str) -> None:
        self._intake, self._sender = intake, sender
        self._head = b""
        self._incoming: Incoming | None = None
        self.meta: FileMeta | None = None

    def write(self, data: bytes | memoryview) -> None:
        """Append to the file.

        Raises:
            RefusedError: it is no DICOM file, too big, or the disk has no room. It is dropped.
        """
        if self._incoming is not None:
            self._incoming.write(data)
            return
        self._head += data
        self.meta = read_meta(self._head[:HEAD_BYTES])
        if self.meta is not None:
            self._incoming = self._intake.begin(self.meta, self._sender)
            self._incoming.write(self._head[self.meta.length :])
            self._head = b""
        elif len(self._head) > HEAD_BYTES:
            raise RefusedError(Refusal.NOT_DICOM)

    def keep(self, study: str | None = None) -> Arrival:
        """Make it safe, then tell.

        Args:
            study: Study Instance UID that it was announced for; None: any.

        Raises:
            RefusedError: it is no image that can be kept.
        """
        if self._incoming is None:
            raise RefusedError(Refusal.NOT_DICOM)
        return self._incoming.keep(study)

    def drop(self) -> None:
        """Let it go."""
        if self._incoming is not None:
            self._incoming.drop()
