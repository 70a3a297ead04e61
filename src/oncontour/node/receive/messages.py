"""DIMSE messages of one association: images go to the spool fragment by fragment, reports on storage commitment to who
keeps them, everything else to pynetdicom."""

from __future__ import annotations

import logging
import queue
import time
from typing import Any, Protocol

from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.presentation import PresentationContext

from oncontour.node.commitment.answer import Take
from oncontour.node.commitment.messages import PUSH_MODEL
from oncontour.node.receive.event_report import EventReport
from oncontour.node.receive.intake import Incoming, Intake
from oncontour.node.receive.statuses import PROCESSING_FAILURE, STATUS
from oncontour.node.receive.upper_layer import BoundedUpperLayer
from oncontour.node.spool.meta import FileMeta
from oncontour.node.spool.refusal import Refusal, RefusedError
from oncontour.node.wire.command import C_STORE, N_EVENT_REPORT, SUCCESS, Command, read_command
from oncontour.node.wire.compose import response
from oncontour.node.wire.fragments import COMMAND, LAST, Fragment

MOST_COMMAND_BYTES = 16_384
"""A C-STORE command has some 300."""

SLOWEST = 1024.0
"""Bytes a second that a message must make after the network timeout's time; a modem makes four times as much."""

_WAIT_S = 0.05
"""How long the association's thread waits for a message before it looks after its timers."""

_MOST_UNANSWERED = 8
"""Echoes that wait for their answers; no more than one should, as we agree to no other window (PS3.7 D.3.3.3)."""

_WHOLE_COMMAND = bytes((COMMAND | LAST,))

_LOG = logging.getLogger(__name__)


class BreachError(Exception):
    """A peer did what no peer may. Its text holds nothing of the peer's."""


class Body(Protocol):
    """A request with a data set, on its way in."""

    context: int
    """ID of its presentation context."""
    most_bytes: int
    """Of its data set."""

    def write(self, data: memoryview) -> None:
        """Append to its data set."""
        ...

    def finish(self) -> bytes:
        """It is whole: do what it asks; the response's command set."""
        ...

    def drop(self) -> None:
        """It will not be whole."""
        ...


class Ear(DIMSEServiceProvider):
    """Takes the place of the message provider that pynetdicom made for an association.

    A data set is stored by the thread that reads the connection: while the disk is slow, the peer waits.

    Args:
        take: keeps reports on storage commitment; None: there are none to come.
    """

    def __init__(self, layer: BoundedUpperLayer, intake: Intake, take: Take | None = None) -> None:
        super().__init__(layer.assoc)
        self._layer, self._intake, self._take_report = layer, intake, take
        self._command = bytearray()
        self._body: Body | None = None
        self._contexts: dict[int | None, PresentationContext] = {}
        self._began, self._bytes = 0.0, 0
        layer.assoc.dimse = self
        layer.ended = self._abandon

    def get_msg(self, block: bool = False) -> Any:  # noqa: ARG002 - pynetdicom's own.
        """The next message without a data set; waits a little, where pynetdicom would ask again and again."""
        try:
            return self.msg_queue.get(timeout=_WAIT_S)
        except queue.Empty:
            return None, None

    def receive_primitive(self, primitive: Any) -> None:
        """Take the fragments of a PDU.

        Args:
            primitive: its `Fragment`s.
        """
        self._layer.busy = True
        try:
            for fragment in primitive:
                self._take(fragment)
        except Exception as error:  # Whatever a peer sends: it ends this association and no other.
            _LOG.warning(
                "An association was ended: %s", error if isinstance(error, BreachError) else type(error).__name__
            )
            self._abandon()
            self._layer.event_queue.put("Evt19")
        finally:
            self._layer.restart_idle()
            self._layer.busy = False

    def _take(self, fragment: Fragment) -> None:
        if self._bytes == 0:
            self._began = time.monotonic()
        self._bytes += len(fragment.data) + 1
        took = time.monotonic() - self._began
        if took > (self.assoc.network_timeout or 0.0) and self._bytes < SLOWEST * took:
            raise BreachError("a message came too slowly")
        if self._body is None:
            self._take_command(fragment)
        elif fragment.control & COMMAND or fragment.context != self._body.context:
            raise BreachError("another message within a data set")
        else:
            self._take_data(self._body, fragment)

    def _take_command(self, fragment: Fragment) -> None:
        if not fragment.control & COMMAND or self._bytes > MOST_COMMAND_BYTES:
            raise BreachError("no command, or a command without end")
        self._command += fragment.data
        if not fragment.control & LAST:
            return
        content, self._command = bytes(self._command), bytearray()
        command = read_command(content)
        if command.has_data_set:
            self._body = self._begin(fragment.context, command)
            return
        message = P_DATA()
        message.presentation_data_value_list.append((fragment.context, _WHOLE_COMMAND + content))
        super().receive_primitive(message)
        self._bytes = 0
        if self.msg_queue.qsize() > _MOST_UNANSWERED:
            raise BreachError("more and more messages, and no waiting for answers")

    def _begin(self, number: int, command: Command) -> Body:
        if not self._contexts:  # They stay as they were agreed upon; pynetdicom sorts them at each look.
            self._contexts = {context.context_id: context for context in self.assoc.accepted_contexts}
        context = self._contexts.get(number)
        if context is None:
            raise BreachError("a presentation context that was not accepted")
        if command.kind == N_EVENT_REPORT and self._take_report is not None and context.abstract_syntax == PUSH_MODEL:
            return EventReport(number, command, context.transfer_syntax[0], self._take_report)
        if command.kind == C_STORE:
            return self._begin_image(number, context, command)
        raise BreachError("a message with a data set that is neither an image nor a report")

    def _begin_image(self, number: int, context: PresentationContext, command: Command) -> _Store:
        store = _Store(number, command, 2 * self._intake.biggest)
        if command.sop_class is None or command.instance is None or command.sop_class != context.abstract_syntax:
            store.refusal = Refusal.MISMATCH
            return store
        meta = FileMeta(command.sop_class, command.instance, str(context.transfer_syntax[0]), "", 0)
        with store:
            store.incoming = self._intake.begin(meta, self.assoc.requestor.ae_title.strip())
        return store

    def _take_data(self, body: Body, fragment: Fragment) -> None:
        if self._bytes > body.most_bytes:
            raise BreachError("a data set without end")
        body.write(fragment.data)
        if not fragment.control & LAST:
            return
        self._layer.answer(body.context, body.finish())
        self._body, self._bytes = None, 0

    def _abandon(self) -> None:
        if self._body is not None:
            self._body.drop()
        self._body = None


class _Store:
    """A C-STORE request and what became of it. As a context, it remembers why its image is not taken."""

    def __init__(self, context: int, command: Command, most_bytes: int) -> None:
        self.context, self.command, self.most_bytes = context, command, most_bytes
        self.incoming: Incoming | None = None
        self.refusal: Refusal | None = None
        self.failed = False

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if error is None:
            return False
        self.incoming = None
        if isinstance(error, RefusedError):
            self.refusal = error.refusal
            return True
        if isinstance(error, OSError):
            _LOG.error("An image could not be stored: %s", error.strerror)
            self.failed = True
            return True
        return False

    def write(self, data: memoryview) -> None:
        """Append to the image."""
        if self.incoming is not None:
            with self:
                self.incoming.write(data)

    def finish(self) -> bytes:
        """Keep the image; the response's command set."""
        if self.incoming is not None:
            with self:
                self.incoming.keep()
        status = PROCESSING_FAILURE if self.failed else STATUS[self.refusal] if self.refusal else SUCCESS
        return response(self.command, status, self.refusal or "")

    def drop(self) -> None:
        """Let the image go."""
        if self.incoming is not None:
            self.incoming.drop()
