"""An association, seen from who asks for it, in the thread that uses it and over one blocking socket.

pynetdicom gives an association two threads of its own. Every 16 KiB wait for one of them to look for work, a thousand
times a second; the other takes messages too, and where it has just begun to look as an answer comes, it takes that for
an impossible request and ends the association. Its parser and writer of association PDUs are used here.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

from oncontour.node.wire.command import A_RESPONSE, C_FIND, C_STORE, Command, read_command
from oncontour.node.wire.compose import request
from oncontour.node.wire.fragments import COMMAND, HEADER, LAST, P_DATA, SLACK, Fragment, Fragments, fragments

if TYPE_CHECKING:
    from pynetdicom.presentation import PresentationContext

MOST_BYTES = 1 << 20
"""Of a PDU that we take, and of one that we send to who takes any."""

LEAST_BYTES = 128
"""Of a PDU that a peer takes: with less, it is no peer."""

_AT_ONCE = 1 << 18
"""Bytes for one system call; each has the whole time-out."""

_MOST_MESSAGE_BYTES = 1 << 26
"""Of an answer: more than any list entry, and no way to fill our memory."""

_ACCEPTED, _REJECTED, _RELEASE, _RELEASED, _ABORT = 0x02, 0x03, 0x05, 0x06, 0x07
"""Types of PDUs (PS3.8 9.3)."""

_APPLICATION = "1.2.840.10008.3.1.1.1"


class RejectedError(Exception):
    """The peer refuses us."""


class EndedError(Exception):
    """The connection is closed, or the association was ended by an abort or by what nobody may send."""


@dataclass(frozen=True)
class Caller:
    """Who asks whom.

    Args:
        calling, called: application entity titles.
        timeout_s: without a sign of the peer.
        tls: None: plain.
    """

    host: str
    port: int
    calling: str
    called: str
    timeout_s: float
    tls: ssl.SSLContext | None = None


@dataclass
class Link:
    """An association; made by `linked`.

    Args:
        stream: of the connection.
        accepted: SOP class and transfer syntax, by ID of the presentation context.
        most_bytes: that the peer takes in a PDU.
    """

    stream: socket.socket
    accepted: Mapping[int, tuple[str, str]]
    most_bytes: int
    messages: Iterator[int] = field(default_factory=lambda: count(1))

    def store(self, sop_class: str, instance: str, syntax: str, data: memoryview) -> int | None:
        """Send an object; the answer's status.

        Args:
            data: its data set, in that transfer syntax.

        Raises:
            LookupError: that SOP class is not accepted in that syntax.
            TimeoutError: no answer.
            EndedError: the association is over.
        """
        context = next((number for number, kind in self.accepted.items() if kind == (sop_class, syntax)), None)
        if context is None:
            raise LookupError(sop_class)
        message = next(self.messages) & 0xFFFF
        self._send(context, request(C_STORE, message, sop_class, instance), data)
        answer, _ = self._answer(message)
        return answer.status

    def find(self, sop_class: str, identifier: bytes) -> Iterator[tuple[int | None, bytes]]:
        """Ask; of each answer its status and its identifier, to the last one.

        Args:
            identifier: in implicit VR little endian, as the answers'.

        Raises:
            TimeoutError, EndedError: as `store`.
        """
        message = next(self.messages) & 0xFFFF
        self._send(next(iter(self.accepted)), request(C_FIND, message, sop_class), memoryview(identifier))
        while True:
            answer, data = self._answer(message)
            yield answer.status, data
            if not answer.has_data_set:
                return

    def release(self) -> None:
        """End it in good order, as far as the peer plays along; no error."""
        try:
            self.stream.sendall(HEADER.pack(_RELEASE, 0, 4) + bytes(4))
            while read_pdu(self.stream)[0] != _RELEASED:
                pass
        except (OSError, EndedError):
            pass
        finally:
            self.stream.close()

    def abort(self) -> None:
        """End it at once; no error."""
        try:
            self.stream.sendall(HEADER.pack(_ABORT, 0, 4) + bytes(4))
        except OSError:
            pass
        finally:
            self.stream.close()

    def _send(self, context: int, command: bytes, data: memoryview) -> None:
        waiting = bytearray()
        for kind, content in ((COMMAND, memoryview(command)), (0, data)):
            for pdu in fragments(context, kind, content, self.most_bytes):
                waiting += pdu
                if len(waiting) >= _AT_ONCE:
                    self._write(waiting)
                    waiting = bytearray()
        self._write(waiting)

    def _write(self, content: bytearray) -> None:
        try:
            self.stream.sendall(content)
        except TimeoutError:
            raise
        except OSError as error:
            raise EndedError from error

    def _answer(self, message: int) -> tuple[Command, bytes]:
        """The next message, whole.

        Raises:
            TimeoutError: none came.
            EndedError: the association is over; or it is no answer to that request.
        """
        try:
            answer = read_command(_gathered(self._fragments, COMMAND))
        except ValueError as error:
            raise EndedError from error
        if not answer.kind & A_RESPONSE or answer.answered != message:
            raise EndedError
        return answer, _gathered(self._fragments, 0) if answer.has_data_set else b""

    @cached_property
    def _fragments(self) -> Iterator[Fragment]:
        """All that come: a PDU may hold the end of one message and the beginning of the next."""
        return _fragments(self.stream)


def _fragments(stream: socket.socket) -> Iterator[Fragment]:
    while True:
        kind, content = read_pdu(stream)
        if kind != P_DATA:
            raise EndedError
        try:
            yield from Fragments(memoryview(content)).to_primitive()
        except ValueError as error:
            raise EndedError from error


def read_pdu(stream: socket.socket) -> tuple[int, bytearray]:
    """A PDU's type, and what is behind its header.

    Raises:
        TimeoutError: none came, or not the whole of it, within the stream's time-out.
        EndedError: the connection is closed, or the PDU is too long.
    """
    limit = stream.gettimeout()
    assert limit is not None, "a connection with a time-out"
    try:
        deadline = time.monotonic() + limit
        kind, _, length = HEADER.unpack(_received(stream, HEADER.size, deadline))
        if length > MOST_BYTES + SLACK:
            raise EndedError
        return kind, _received(stream, length, deadline)
    finally:
        stream.settimeout(limit)


def _received(stream: socket.socket, length: int, deadline: float) -> bytearray:
    content = bytearray(length)
    view = memoryview(content)
    while view:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            stream.settimeout(left)
            got = stream.recv_into(view)
        except TimeoutError:
            raise
        except OSError as error:
            raise EndedError from error
        if not got:
            raise EndedError
        view = view[got:]
    return content


def _gathered(pieces: Iterator[Fragment], kind: int) -> bytes:
    """The next command set (COMMAND) or data set (0) of an association's fragments."""
    content = bytearray()
    for piece in pieces:
        if piece.control & COMMAND != kind or len(content) > _MOST_MESSAGE_BYTES:
            raise EndedError
        content += piece.data
        if piece.control & LAST:
            return bytes(content)
    raise EndedError


def linked(caller: Caller, contexts: Iterable[tuple[str, str | None]]) -> Link:
    """Ask for an association.

    Args:
        contexts: SOP class and transfer syntax; None: implicit VR little endian.

    Raises:
        RejectedError: the peer refuses us.
        EndedError: it closes the connection, or sends what nobody may.
        OSError: nobody listens there, there is no agreement on TLS, or no answer in time.
    """
    from pydicom.uid import ImplicitVRLittleEndian
    from pynetdicom.presentation import build_context

    asked: list[PresentationContext] = []
    for number, (sop_class, syntax) in enumerate(contexts):
        context = build_context(sop_class, syntax or ImplicitVRLittleEndian)
        context.context_id = 2 * number + 1
        asked.append(context)
    stream = socket.create_connection((caller.host, caller.port), caller.timeout_s)
    try:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if caller.tls is not None:
            stream = caller.tls.wrap_socket(stream, server_hostname=caller.host)
        stream.sendall(_request(caller, asked))
        kind, content = read_pdu(stream)
        if kind == _REJECTED:
            raise RejectedError
        if kind != _ACCEPTED:
            raise EndedError
        return _agreed(stream, HEADER.pack(kind, 0, len(content)) + content, asked)
    except BaseException:
        stream.close()
        raise


def _request(caller: Caller, contexts: list[PresentationContext]) -> bytes:
    from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, PYNETDICOM_IMPLEMENTATION_VERSION
    from pynetdicom.pdu import A_ASSOCIATE_RQ
    from pynetdicom.pdu_primitives import (
        A_ASSOCIATE,
        ImplementationClassUIDNotification,
        ImplementationVersionNameNotification,
        MaximumLengthNotification,
    )

    length, kind, version = (
        MaximumLengthNotification(),
        ImplementationClassUIDNotification(),
        ImplementationVersionNameNotification(),
    )
    length.maximum_length_received = MOST_BYTES
    kind.implementation_class_uid = PYNETDICOM_IMPLEMENTATION_UID
    version.implementation_version_name = PYNETDICOM_IMPLEMENTATION_VERSION
    asked = A_ASSOCIATE()
    asked.application_context_name = _APPLICATION
    asked.calling_ae_title, asked.called_ae_title = caller.calling, caller.called
    asked.presentation_context_definition_list = contexts
    asked.user_information = [length, kind, version]
    return A_ASSOCIATE_RQ(asked).encode()


def _agreed(stream: socket.socket, pdu: bytes, asked: list[PresentationContext]) -> Link:
    from pynetdicom.pdu import A_ASSOCIATE_AC

    answer: Any = A_ASSOCIATE_AC()
    try:
        answer.decode(pdu)
        said = answer.to_primitive()
        results = said.presentation_context_definition_results_list
        syntaxes = {int(one.context_id): str(one.transfer_syntax[0]) for one in results if one.result == 0}
        most_bytes = said.maximum_length_received or MOST_BYTES
    except Exception as error:  # Whatever a peer makes pynetdicom's parser stumble over.
        raise EndedError from error
    if most_bytes < LEAST_BYTES:
        raise EndedError
    asked_for = {int(one.context_id or 0): str(one.abstract_syntax) for one in asked}
    accepted = {number: (asked_for[number], syntax) for number, syntax in syntaxes.items() if number in asked_for}
    return Link(stream, accepted, min(most_bytes, MOST_BYTES))
