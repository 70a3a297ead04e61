"""Associations as who asks for them: with pynetdicom at the other end, and with peers that nobody should have."""

import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE, evt
from pynetdicom.dsutils import decode, encode

from oncontour.node.wire.fragments import COMMAND, LAST, Fragments, fragment, fragments
from oncontour.node.wire.link import MOST_BYTES, Caller, EndedError, RejectedError, linked

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
KINDS = [(str(MRImageStorage), str(ExplicitVRLittleEndian)), (FIND, None)]


@contextmanager
def pacs(title="PACS", most_bytes=16382, handlers=(), kinds=(MRImageStorage, FIND), callers=()):
    entity = AE(title)
    entity.maximum_pdu_size = most_bytes
    entity.require_called_aet, entity.require_calling_aet = True, list(callers)
    for kind in kinds:
        entity.add_supported_context(kind)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=list(handlers))
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


def caller(port, timeout_s=5.0):
    return Caller("127.0.0.1", port, "ONCONTOUR", "PACS", timeout_s)


def image(pixels):
    one = Dataset()
    one.SOPClassUID, one.SOPInstanceUID, one.PixelData = MRImageStorage, "1.2.3", bytes(range(256)) * (pixels // 256)
    one["PixelData"].VR = "OW"
    return one


@pytest.mark.parametrize("most_bytes", [0, 4096, 16382, 1 << 22])
def test_an_object_arrives_whole_whatever_the_peer_takes_at_once(most_bytes):
    came = []

    def take(event):
        came.append(event.dataset)
        return 0x0000 if len(came) == 1 else 0xB007

    sent = image(300_032)
    data = memoryview(encode(sent, False, True))
    with pacs(most_bytes=most_bytes, handlers=[(evt.EVT_C_STORE, take)]) as port:
        link = linked(caller(port), KINDS)
        assert link.most_bytes == (min(most_bytes, MOST_BYTES) or MOST_BYTES)
        assert [link.store(KINDS[0][0], "1.2.3", KINDS[0][1], data) for _ in range(2)] == [0x0000, 0xB007]
        link.release()
    assert came == [sent, sent]


def test_answers_come_one_by_one():
    def find(event):
        for number in range(3):
            answer = Dataset()
            answer.SOPInstanceUID = f"{event.identifier.StudyInstanceUID}.{number}"
            yield 0xFF00, answer

    query = Dataset()
    query.StudyInstanceUID = "1.2"
    with pacs(handlers=[(evt.EVT_C_FIND, find)]) as port:
        link = linked(caller(port), [(FIND, None)])
        for _ in range(2):
            found = list(link.find(FIND, encode(query, True, True)))
            assert [status for status, _ in found] == [0xFF00] * 3 + [0x0000]
            uids = [decode(BytesIO(data), True, True).SOPInstanceUID for _, data in found[:-1]]
            assert uids == ["1.2.0", "1.2.1", "1.2.2"]
        link.release()


def test_what_is_not_accepted_is_not_sent():
    with pacs(kinds=[FIND]) as port:
        link = linked(caller(port), KINDS)
        assert list(link.accepted.values()) == [(FIND, "1.2.840.10008.1.2")]
        with pytest.raises(LookupError):
            link.store(KINDS[0][0], "1.2.3", KINDS[0][1], memoryview(b""))
        link.abort()


def test_who_rejects_us():
    with pacs(callers=["ANOTHER"]) as port, pytest.raises(RejectedError):
        linked(caller(port), KINDS)


def test_who_aborts_in_the_middle():
    def abort(event):
        event.assoc.abort()
        return 0x0000

    with pacs(handlers=[(evt.EVT_C_STORE, abort)]) as port:
        link = linked(caller(port), KINDS)
        with pytest.raises(EndedError):
            link.store(KINDS[0][0], "1.2.3", KINDS[0][1], memoryview(encode(image(512), False, True)))
        link.abort()


@contextmanager
def answering(*answers):
    """A port whose first caller gets these bytes, one for each PDU that it sends, and then waits in vain."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            stream, _ = server.accept()
            with stream:
                for answer in answers:
                    length = struct.unpack(">BBL", stream.recv(6, socket.MSG_WAITALL))[2]
                    stream.recv(length, socket.MSG_WAITALL)
                    stream.sendall(answer)
                over.wait(20)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        struct.pack(">BBL", 2, 0, 1 << 31),
        struct.pack(">BBL", 7, 0, 4) + bytes(4),
        fragment(1, COMMAND | LAST, b"too early"),
    ],
    ids=["endless", "abort", "data"],
)
def test_no_association(answer):
    with answering(answer) as port, pytest.raises(EndedError):
        linked(caller(port), KINDS)


def test_who_says_nothing():
    with answering() as port, pytest.raises(TimeoutError):
        linked(caller(port, 0.3), KINDS)


@pytest.mark.parametrize(
    "answer",
    [
        fragment(1, COMMAND | LAST, b"no command"),
        fragment(1, LAST, b"a data set first"),
        fragment(1, COMMAND | LAST, struct.pack("<HHIHHHIH", 0, 0x0100, 2, 0x8001, 0, 0x0800, 2, 0x0101)),
        struct.pack(">BBL", 4, 0, 0),
    ],
    ids=["no command", "no command first", "of another request", "empty"],
)
def test_no_answer_that_anybody_may_give(answer):
    with answering(agreement(), answer) as port:
        link = linked(caller(port), [(FIND, None)])
        with pytest.raises(EndedError):
            next(link.find(FIND, b""))
        link.abort()


def test_an_answer_that_trickles_in():
    """Each byte comes in time, the answer does not."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            stream, _ = server.accept()
            with stream, suppress(OSError):
                while True:
                    stream.sendall(b"\x00")
                    time.sleep(0.1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises((TimeoutError, EndedError)):
            linked(caller(server.getsockname()[1], 0.4), KINDS)
        thread.join(10)


def test_no_answer_at_all():
    with answering(agreement()) as port:
        link = linked(caller(port, 0.3), [(FIND, None)])
        with pytest.raises(TimeoutError):
            next(link.find(FIND, b""))
        link.abort()


def agreement():
    """An A-ASSOCIATE-AC to one context, byte for byte (PS3.8 9.3.3)."""

    def item(kind, content):
        return struct.pack(">BBH", kind, 0, len(content)) + content

    syntax = item(0x40, b"1.2.840.10008.1.2")
    user = item(0x51, struct.pack(">L", 16384)) + item(0x52, b"1.2.3")
    items = (
        item(0x10, b"1.2.840.10008.3.1.1.1") + item(0x21, struct.pack(">BBBB", 1, 0, 0, 0) + syntax) + item(0x50, user)
    )
    titles = b"PACS".ljust(16) + b"ONCONTOUR".ljust(16)
    body = struct.pack(">HH", 1, 0) + titles + bytes(32) + items
    return struct.pack(">BBL", 2, 0, len(body)) + body


@given(content=st.binary(max_size=2000), most_bytes=st.integers(128, 1024), kind=st.sampled_from([0, COMMAND]))
def test_fragments_hold_all_and_keep_the_limit(content, most_bytes, kind):
    pieces = []
    for pdu in fragments(3, kind, content, most_bytes):
        assert len(pdu) - 6 <= most_bytes
        assert struct.unpack(">BBL", pdu[:6]) == (4, 0, len(pdu) - 6)
        pieces += Fragments(memoryview(pdu)[6:]).to_primitive()
    assert b"".join(piece.data for piece in pieces) == content
    assert [piece.control for piece in pieces] == [kind] * (len(pieces) - 1) + [kind | LAST]
    assert {piece.context for piece in pieces} == {3}
