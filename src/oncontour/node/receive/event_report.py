"""An N-EVENT-REPORT request on its way in: a peer's report on what it was asked to keep."""

from __future__ import annotations

from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.uid import UID

from oncontour.node.commitment.answer import Take, answer
from oncontour.node.wire.command import Command
from oncontour.node.wire.compose import response

MOST_BYTES = 1 << 22
"""Of a report; an object takes some 150, so that this is one on 28,000."""


class EventReport:
    """A request; see `messages.Body`.

    Args:
        context: ID of its presentation context.
        command: its command set.
        syntax: transfer syntax of its data set.
        take: keeps it.
    """

    most_bytes = MOST_BYTES

    def __init__(self, context: int, command: Command, syntax: UID, take: Take) -> None:
        self.context = context
        self._command, self._syntax, self._take = command, syntax, take
        self._content = bytearray()

    def write(self, data: memoryview) -> None:
        """Append to its data set."""
        self._content += data

    def finish(self) -> bytes:
        """Take it; the response's command set."""
        return response(self._command, answer(self._take, self._command.event, self._read))

    def drop(self) -> None:
        """Nothing is to be undone."""

    def _read(self) -> Dataset:
        from pynetdicom.dsutils import decode

        return decode(BytesIO(self._content), self._syntax.is_implicit_VR, self._syntax.is_little_endian)
