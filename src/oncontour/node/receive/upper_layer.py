"""pynetdicom's upper layer with bounds: the one place that leans on its inside.

pynetdicom 3 reads as many bytes as a peer announces for a PDU, waits for them as long as a byte trickles in, and looks
for work a thousand times a second. `BoundedUpperLayer` reads with a cap and a deadline, waits on the socket, and hands
out the fragments of P-DATA PDUs as views of one buffer. `tests/node/receive/test_upper_layer.py` fails where pynetdicom
no longer has what is overridden here.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pynetdicom.dul import DULServiceProvider

if TYPE_CHECKING:
    from pynetdicom.association import Association

MOST_BYTES_OTHER = 1 << 20
"""Of a PDU that is no P-DATA; an association request with all 128 presentation contexts has some 300,000."""

_SLACK = 64
"""Some peers count the headers of a PDU to its length, some do not."""

_WAIT_S = 0.01
"""How long a look at the socket waits: the delay of what we send unasked (answers to associations and releases)."""

_NEAR = 0.9
"""A socket's own limit is changed where less than this share of it is left."""

_HEADER = struct.Struct(">BBL")
_PDV = struct.Struct(">LBB")
_P_DATA = 0x04
_CLOSED, _INVALID = "Evt17", "Evt19"
"""Events of the state machine: the connection is closed; an invalid PDU came (PS3.8 Table 9-10)."""

_DRAIN_BYTES = 65_536

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fragment:
    """A presentation data value (PS3.8 9.3.5.1).

    Args:
        context: ID of its presentation context.
        control: bit 0: of a command, not of a data set; bit 1: the last.
    """

    context: int
    control: int
    data: memoryview


class Fragments:
    """A P-DATA PDU, in the form in which pynetdicom hands it on.

    Args:
        values: of the PDU, behind its header.

    Raises:
        ValueError: it is empty, or its lengths contradict each other.
    """

    def __init__(self, values: memoryview) -> None:
        self._fragments: list[Fragment] = []
        offset = 0
        while offset < len(values) or not self._fragments:
            if offset + _PDV.size > len(values):
                raise ValueError("a fragment's header is cut off")
            length, context, control = _PDV.unpack_from(values, offset)
            end = offset + 4 + length
            if length < 2 or end > len(values):
                raise ValueError("a fragment is longer than its PDU, or has no header")
            self._fragments.append(Fragment(context, control, values[offset + _PDV.size : end]))
            offset = end

    def to_primitive(self) -> list[Fragment]:
        """What it holds; at least one."""
        return self._fragments


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

    def _is_transport_event(self) -> bool:
        raw = self._raw
        if raw is None:
            time.sleep(_WAIT_S)
        elif not (isinstance(raw, ssl.SSLSocket) and raw.pending()) and self.state_machine.current_state != "Sta13":
            with suppress(OSError, ValueError):  # Closed meanwhile, which super() says next.
                select.select([raw], [], [], _WAIT_S)
        return super()._is_transport_event()

    def _read_pdu_data(self) -> None:
        """Read one PDU, and put it and its event into the queues."""
        if self.state_machine.current_state == "Sta13":  # Waiting for the peer to close: nothing counts any more.
            self._drain()
            return
        established = self.state_machine.current_state not in ("Sta1", "Sta2")
        limit = self.network_timeout if established else self.assoc.acse_timeout
        try:
            pdu = self._receive(time.monotonic() + (limit or 0.0))
        except ValueError:
            self.event_queue.put(_INVALID)
            return
        except OSError:
            self.event_queue.put(_CLOSED)
            return
        try:
            decoded, event = (Fragments(pdu[6:]), "Evt10") if pdu[0] == _P_DATA else self._decode_pdu(bytearray(pdu))
        except Exception:  # Whatever a peer makes pynetdicom's parser stumble over.
            self.event_queue.put(_INVALID)
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
        header = self._receive_exactly(_HEADER.size, deadline)
        kind, _, length = _HEADER.unpack(header)
        if not 1 <= kind <= 7 or length > (self._maximum_pdu + _SLACK if kind == _P_DATA else MOST_BYTES_OTHER):
            raise ValueError("an unknown or too long PDU")
        return memoryview(self._receive_exactly(length, deadline, header))

    def _receive_exactly(self, count: int, deadline: float, before: bytes | bytearray = b"") -> bytearray:
        raw, buffer = self._raw, bytearray(len(before) + count)
        if raw is None:
            raise ConnectionError("closed")
        buffer[: len(before)] = before
        view, limit = memoryview(buffer)[len(before) :], raw.gettimeout()
        while view:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the peer is too slow")
            if limit is None or left < _NEAR * limit:  # Each change is a system call, and a PDU takes milliseconds.
                limit = left
                raw.settimeout(limit)
            received = raw.recv_into(view)
            if not received:
                raise ConnectionError("closed by the peer")
            view = view[received:]
        if limit != self.network_timeout:
            raw.settimeout(self.network_timeout)
        return buffer

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
