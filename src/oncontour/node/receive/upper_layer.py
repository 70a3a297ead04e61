"""pynetdicom's upper layer with bounds: the one place that leans on its inside.

pynetdicom 3 reads as many bytes as a peer announces for a PDU, waits for them as long as a byte trickles in, and looks
for work a thousand times a second. `BoundedUpperLayer` reads with a cap and a deadline, waits on the socket, and hands
the fragments of P-DATA PDUs on as views of one buffer, with few system calls. `tests/node/receive/test_upper_layer.py`
fails where pynetdicom no longer has what is overridden here.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from pynetdicom.dul import DULServiceProvider

from oncontour.node.wire.fragments import COMMAND, HEADER, LAST, P_DATA, SLACK, Fragments, fragment

if TYPE_CHECKING:
    from pynetdicom.association import Association

MOST_BYTES_OTHER = 1 << 20
"""Of a PDU that is no P-DATA; an association request with all 128 presentation contexts has some 300,000."""

_WAIT_S = 0.01
"""How long a look at the socket waits: the delay of what we send unasked (answers to associations and releases)."""

_CLOSED, _INVALID = "Evt17", "Evt19"
"""Events of the state machine: the connection is closed; an invalid PDU came (PS3.8 Table 9-10)."""

_DRAIN_BYTES = 65_536

_LOG = logging.getLogger(__name__)


class BoundedUpperLayer(DULServiceProvider):
    """Takes the place of the upper layer that pynetdicom made for an association.

    Args:
        association: not yet started.
        maximum_pdu: bytes of a P-DATA PDU.

    Attributes:
        busy: whether a message is being worked on.
        ended: called when the connection is closed, however it came to that.
    """

    def __init__(self, association: Association, maximum_pdu: int) -> None:
        super().__init__(association)
        self.socket = association.dul.socket
        self.event_queue = association.dul.event_queue  # It holds that the connection is open.
        self._maximum_pdu = maximum_pdu
        self._run_loop_delay = 0
        self.busy = False
        self.ended: Callable[[], object] = lambda: None
        # Both setters hand their value to the timers of `association.dul`.
        association.dul = self
        association.acse_timeout, association.network_timeout = association.acse_timeout, association.network_timeout
        raw = self._raw
        if raw is not None and not isinstance(raw, ssl.SSLSocket):
            # With a limit of Python's a call gives what is there, with the kernel's it waits for all that is asked for.
            raw.settimeout(None)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _time_value(self.network_timeout or 0.0))

    def run_reactor(self) -> None:
        """Work until the connection is closed, then call `ended`."""
        try:
            super().run_reactor()
        except Exception as error:  # The state machine lets through what an impossible message makes it stumble over.
            _LOG.warning("An association was ended: %s", type(error).__name__)
            if self.socket is not None:
                self.socket.close()
        finally:
            self.ended()

    def idle_timer_expired(self) -> bool:
        """Whether the peer was silent too long; never while we work on what it sent."""
        return not self.busy and super().idle_timer_expired()

    def restart_idle(self) -> None:
        """Count the peer's silence from now."""
        self._idle_timer.restart()

    def answer(self, context: int, command: bytes) -> None:
        """Send a command set in a PDU of its own; for the thread that reads, which alone sends too.

        Args:
            context: ID of its presentation context.
        """
        if self.socket is not None:
            self.socket.send(fragment(context, COMMAND | LAST, command))

    def _is_transport_event(self) -> bool:
        """Read PDUs until none is there, or one has to be acted upon; whether any was read."""
        if self._raw is None:
            time.sleep(_WAIT_S)
        if self._raw is None or self._leaving:
            return super()._is_transport_event()
        read = False
        while self._readable(0 if read else _WAIT_S):
            read = True
            self._read_pdu_data()
            if self.event_queue.queue or self.to_provider_queue.queue or self._kill_thread:
                break
        return read

    @property
    def _leaving(self) -> bool:
        """Whether we wait for the peer to close: nothing that it says counts any more."""
        return self.state_machine.current_state == "Sta13"

    def _readable(self, wait_s: float) -> bool:
        raw = self._raw
        if isinstance(raw, ssl.SSLSocket) and raw.pending():
            return True
        try:
            return raw is not None and bool(select.select([raw], [], [], wait_s)[0])
        except (OSError, ValueError):  # Closed meanwhile.
            self.event_queue.put(_CLOSED)
            return False

    def _read_pdu_data(self) -> None:
        """Read one PDU. Data is handed on at once, of others the event is put into the queue."""
        if self._leaving:
            self._drain()
            return
        state = self.state_machine.current_state
        limit = self.network_timeout if state not in ("Sta1", "Sta2") else self.assoc.acse_timeout
        try:
            pdu = self._receive(time.monotonic() + (limit or 0.0))
        except ValueError:
            self.event_queue.put(_INVALID)
            return
        except OSError:
            self.event_queue.put(_CLOSED)
            return
        try:
            decoded, event = (Fragments(pdu[6:]), "Evt10") if pdu[0] == P_DATA else self._decode_pdu(bytearray(pdu))
        except Exception:  # Whatever a peer makes pynetdicom's parser stumble over.
            self.event_queue.put(_INVALID)
            return
        if isinstance(decoded, Fragments) and state == "Sta6":  # As action DT-2 (PS3.8 Table 9-8).
            self.assoc.dimse.receive_primitive(cast(Any, decoded.to_primitive()))
            return
        self._recv_pdu.put(decoded)
        self.event_queue.put(event)
        if event != "Evt10":
            self.assoc.dimse.msg_queue.put((None, None))  # Wakes who waits for messages: a release is due, or an abort.

    def _receive(self, deadline: float) -> memoryview:
        """One PDU, whole.

        Raises:
            ValueError: of an unknown type, or longer than its kind may be.
            OSError: the connection was closed, or the deadline passed.
        """
        raw = self._raw
        if raw is None:
            raise ConnectionError("closed")
        header = bytearray(HEADER.size)
        self._receive_into(raw, memoryview(header), deadline)
        kind, _, length = HEADER.unpack(header)
        if not 1 <= kind <= 7 or length > (self._maximum_pdu + SLACK if kind == P_DATA else MOST_BYTES_OTHER):
            raise ValueError("an unknown or too long PDU")
        pdu = memoryview(bytearray(len(header) + length))
        pdu[: len(header)] = header
        self._receive_into(raw, pdu[len(header) :], deadline)
        return pdu

    def _receive_into(self, raw: socket.socket, view: memoryview, deadline: float) -> None:
        """Fill a buffer. A plain socket does so in one system call: each lets other associations have Python's lock,
        and to come by it again takes longer than the call."""
        plain = not isinstance(raw, ssl.SSLSocket)
        while view:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the peer is too slow")
            if plain:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _time_value(left))
            else:
                raw.settimeout(left)
            received = raw.recv_into(view, 0, socket.MSG_WAITALL if plain else 0)
            if not received:
                raise ConnectionError("closed by the peer")
            view = view[received:]
        if not plain:
            raw.settimeout(self.network_timeout)

    def _drain(self) -> None:
        raw = self._raw
        try:
            if raw is not None and raw.recv(_DRAIN_BYTES):
                return
        except OSError:
            pass
        self.event_queue.put(_CLOSED)

    @property
    def _raw(self) -> socket.socket | None:
        return self.socket.socket if self.socket is not None else None


def _time_value(seconds: float) -> bytes:
    """A C timeval; at least 1 us, for 0 would be no limit."""
    return struct.pack("@ll", *divmod(max(int(seconds * 1e6), 1), 1_000_000))
