"""DIMSE messages of one association: data sets go to the spool fragment by fragment, everything else to pynetdicom."""

from __future__ import annotations

import logging
import queue
import time
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.pdu_primitives import P_DATA

from oncontour.node.receive.intake import Incoming, Intake
from oncontour.node.receive.response import store_response
from oncontour.node.receive.statuses import PROCESSING_FAILURE, STATUS, SUCCESS
from oncontour.node.receive.upper_layer import BoundedUpperLayer, Fragment
from oncontour.node.spool.meta import FileMeta
from oncontour.node.spool.refusal import Refusal, RefusedError
from oncontour.node.spool.uids import uid_of

MOST_COMMAND_BYTES = 16_384
"""A C-STORE command has some 300."""

SLOWEST = 1024.0
"""Bytes a second that a message must make after the network timeout's time; a modem makes four times as much."""

_WAIT_S = 0.05
"""How long the association's thread waits for a message before it looks after its timers."""

_MOST_UNANSWERED = 8
"""Echoes that wait for their answers; no more than one should, as we agree to no other window (PS3.7 D.3.3.3)."""

_COMMAND, _LAST = 1, 2
_WHOLE_COMMAND = bytes((_COMMAND | _LAST,))

_LOG = logging.getLogger(__name__)


class BreachError(Exception):
    """A peer did what no peer may. Its text holds nothing of the peer's."""


class Ear(DIMSEServiceProvider):
    """Takes the place of the message provider that pynetdicom made for an association.

    A data set is stored by the thread that reads the connection: while the disk is slow, the peer waits.
    """

    def __init__(self, layer: BoundedUpperLayer, intake: Intake) -> None:
        super().__init__(layer.assoc)
        self._layer, self._intake = layer, intake
        self._store: _Store | None = None
        self._began, self._bytes = 0.0, 0
        layer.assoc.dimse = self
        layer.ended = self._abandon

    def get_msg(self, block: bool = False) -> Any:  # noqa: ARG002 - pynetdicom's own.
        """The next message that is no C-STORE; waits a little, where pynetdicom would ask again and again."""
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
        if self._store is None:
            self._take_command(fragment)
        elif fragment.control & _COMMAND or fragment.context != self._store.context:
            raise BreachError("another message within a data set")
        else:
            self._take_data(self._store, fragment)

    def _take_command(self, fragment: Fragment) -> None:
        if not fragment.control & _COMMAND or self._bytes > MOST_COMMAND_BYTES:
            raise BreachError("no command, or a command without end")
        piece = P_DATA()
        piece.presentation_data_value_list.append((fragment.context, bytes((fragment.control,)) + fragment.data))
        super().receive_primitive(piece)
        if not fragment.control & _LAST:
            return
        if self.message is None:  # It has no data set, and waits in the queue.
            self._bytes = 0
            if self.msg_queue.qsize() > _MOST_UNANSWERED:
                raise BreachError("more and more messages, and no waiting for answers")
        elif isinstance(self.message, C_STORE_RQ):
            self._store = self._begin(fragment.context, self.message.command_set)
        else:
            raise BreachError("a message with a data set that is no C-STORE request")

    def _begin(self, number: int, command: Dataset) -> _Store:
        contexts = {context.context_id: context for context in self.assoc.accepted_contexts}
        if number not in contexts:
            raise BreachError("a presentation context that was not accepted")
        sop_class, instance = (_uid(command, keyword) for keyword in ("AffectedSOPClassUID", "AffectedSOPInstanceUID"))
        store = _Store(number, int(command.MessageID), sop_class, instance)
        if sop_class is None or instance is None or sop_class != contexts[number].abstract_syntax:
            store.refusal = Refusal.MISMATCH
            return store
        meta = FileMeta(sop_class, instance, str(contexts[number].transfer_syntax[0]), "", 0)
        with store:
            store.incoming = self._intake.begin(meta, self.assoc.requestor.ae_title.strip())
        return store

    def _take_data(self, store: _Store, fragment: Fragment) -> None:
        if self._bytes > 2 * self._intake.biggest:
            raise BreachError("a data set without end")
        if store.incoming is not None:
            with store:
                store.incoming.write(fragment.data)
        if not fragment.control & _LAST:
            return
        if store.incoming is not None:
            with store:
                store.incoming.keep()
        self._store, self.message, self._bytes = None, None, 0
        answer = P_DATA()
        answer.presentation_data_value_list.append((store.context, _WHOLE_COMMAND + store.answer()))
        self._layer.send_pdu(answer)

    def _abandon(self) -> None:
        if self._store is not None and self._store.incoming is not None:
            self._store.incoming.drop()
        self._store = None


class _Store:
    """A C-STORE request and what became of it. As a context, it remembers why its image is not taken."""

    def __init__(self, context: int, number: int, sop_class: str | None, instance: str | None) -> None:
        self.context, self.number, self.sop_class, self.instance = context, number, sop_class, instance
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

    def answer(self) -> bytes:
        """The response's command set."""
        status = PROCESSING_FAILURE if self.failed else STATUS[self.refusal] if self.refusal else SUCCESS
        return store_response(self.number, status, self.sop_class or "", self.instance or "", self.refusal or "")


def _uid(command: Dataset, keyword: str) -> str | None:
    """A UID of a command, None where it is none. As it came: pydicom would put into a warning what is no UID."""
    value = command.get_item(keyword).value
    return uid_of(value if isinstance(value, bytes) else str(value).encode("utf-8", "replace"))
