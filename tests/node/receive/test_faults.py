"""Peers that lie, dawdle or vanish, disks that fill, and a node that is killed."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE
from pynetdicom.pdu_primitives import P_DATA

from oncontour.node.receive.disk import Disk, free_bytes
from oncontour.node.receive.intake import Intake
from oncontour.node.spool.store import HELD_BYTES, Spool

from ..images import encoded, mr_image, save
from .ears import BIG, dcmtk, scp


@pytest.fixture
def ear(tmp_path):
    with scp(tmp_path / "spool", network_timeout_s=2.0, request_timeout_s=2.0) as listening:
        yield listening


def alive(ear):
    """Whether the next one is served."""
    return dcmtk("echoscu", "127.0.0.1", ear.port).returncode == 0


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def closes(connection: socket.socket, within: float) -> bool:
    """Whether the other side closes."""
    connection.settimeout(within)
    try:
        while connection.recv(1000):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBL", kind, 0, len(body)) + body


def item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(body)) + body


def association_request(sop_class: str) -> bytes:
    """Spelt by hand (PS3.8 9.3.2)."""
    context = bytes((1, 0, 0, 0)) + item(0x30, sop_class.encode()) + item(0x40, ExplicitVRLittleEndian.encode())
    return (
        struct.pack(">HH16s16s32x", 1, 0, b"ONCONTOUR       ", b"RAW             ")
        + item(0x10, b"1.2.840.10008.3.1.1.1")
        + item(0x20, context)
        + item(0x50, item(0x51, struct.pack(">L", 16_384)) + item(0x52, b"1.2.3.4"))
    )


REQUEST = association_request(MRImageStorage)


def associated(ear, request: bytes = REQUEST) -> socket.socket:
    """A bare connection on which an association was accepted."""
    connection = socket.create_connection(("127.0.0.1", ear.port))
    connection.sendall(pdu(1, request))
    connection.settimeout(10)
    assert connection.recv(10_000)[0] == 2
    return connection


def command(image) -> bytes:
    """A C-STORE request as one P-DATA PDU, encoded by pynetdicom."""
    from pynetdicom.dimse_messages import C_STORE_RQ
    from pynetdicom.dimse_primitives import C_STORE
    from pynetdicom.pdu import P_DATA_TF

    request = C_STORE()
    request.MessageID, request.Priority = 1, 0
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    message.command_set.CommandDataSetType = 1
    (piece,) = message.encode_msg(1, 16382)
    assert isinstance(piece, P_DATA)
    return P_DATA_TF(piece).encode()


def echo() -> bytes:
    """A C-ECHO request as one P-DATA PDU, spelt by hand (PS3.7 9.3.5)."""
    uid = b"1.2.840.10008.1.1\0"
    elements = struct.pack("<HHI", 0, 2, len(uid)) + uid
    for element, value in ((0x100, 0x30), (0x110, 1), (0x800, 0x101)):
        elements += struct.pack("<HHIH", 0, element, 2, value)
    content = struct.pack("<HHII", 0, 0, 4, len(elements)) + elements
    return pdu(4, struct.pack(">LBB", len(content) + 2, 1, 3) + content)


def data(content: bytes, last: bool) -> bytes:
    return pdu(4, struct.pack(">LBB", len(content) + 2, 1, 2 if last else 0) + content)


@pytest.mark.parametrize("kind", range(1, 8))
def test_a_pdu_of_4_gib_is_not_waited_for(ear, kind):
    """Announced on a bare connection, 50 MB of it sent."""
    with socket.create_connection(("127.0.0.1", ear.port)) as connection:
        connection.sendall(struct.pack(">BBL", kind, 0, 0xFFFFFFFF))
        before = resident_mb()
        with suppress(OSError):
            for _ in range(50):
                connection.sendall(bytes(1_000_000))
        assert closes(connection, 5)
        assert resident_mb() - before < 30
    assert alive(ear)


def test_a_pdu_longer_than_agreed_ends_the_association(ear, tmp_path):
    with associated(ear) as connection:
        connection.sendall(struct.pack(">BBL", 4, 0, 262_144 + 1000))
        assert connection.recv(1)[0] == 7  # A-ABORT
    assert alive(ear)


def test_a_connection_that_says_nothing_is_closed(ear):
    with socket.create_connection(("127.0.0.1", ear.port)) as connection:
        assert closes(connection, 60)


def dribble(connection, content, every=0.1, most=8.0):
    """Send byte by byte; how long until the other side has enough."""
    began = time.monotonic()
    for byte in content:
        try:
            connection.sendall(bytes((byte,)))
        except OSError:
            break
        time.sleep(every)
        if time.monotonic() - began > most:
            pytest.fail("still listening")
    return time.monotonic() - began


def test_an_association_request_byte_by_byte_ends(ear):
    with socket.create_connection(("127.0.0.1", ear.port)) as connection:
        assert dribble(connection, pdu(1, bytes(200))) < 5
    assert alive(ear)


def test_a_pdu_byte_by_byte_ends(ear):
    connection = associated(ear)
    assert dribble(connection, data(bytes(500), last=False)) < 5


def test_a_data_set_in_tiny_pdus_ends(ear):
    """Each PDU is whole and in time; the whole never ends."""
    image = mr_image()
    connection = associated(ear)
    connection.sendall(command(image))
    began = time.monotonic()
    for byte in encoded(image)[:200]:
        try:
            connection.sendall(data(bytes((byte,)), last=False))
        except OSError:
            break
        time.sleep(0.1)
    assert time.monotonic() - began < 8
    assert list(ear.spool.incoming.iterdir()) == []
    assert alive(ear)


def test_echoes_are_answered_but_not_hoarded(ear):
    with associated(ear, association_request("1.2.840.10008.1.1")) as connection:
        connection.sendall(echo())
        assert connection.recv(1000)[0] == 4
        with suppress(OSError):
            for _ in range(20):
                connection.sendall(echo() * 500)
        assert closes(connection, 10)
    assert alive(ear)


def test_slow_ones_do_not_keep_others_out(tmp_path):
    with scp(tmp_path / "spool", maximum_associations=2, network_timeout_s=2.0, request_timeout_s=2.0) as ear:
        silent = [socket.create_connection(("127.0.0.1", ear.port)) for _ in range(10)]
        assert alive(ear)
        busy = [associated(ear) for _ in range(2)]
        assert not alive(ear)
        time.sleep(3)
        assert alive(ear)
        for connection in [*silent, *busy]:
            connection.close()


@settings(max_examples=40)
@given(body=st.binary(max_size=60), kind=st.integers(0, 9))
def test_noise_ends_one_association_only(noise_ear, body, kind):
    with associated(noise_ear) as connection:
        connection.sendall(pdu(kind, body) + body)
        connection.shutdown(socket.SHUT_WR)
        assert closes(connection, 10)


@pytest.fixture(scope="module")
def noise_ear(tmp_path_factory):
    with scp(tmp_path_factory.mktemp("noise"), network_timeout_s=1.0, request_timeout_s=5.0) as ear:
        yield ear
        assert alive(ear)
        assert ear.files == []


def test_a_sender_that_vanishes_leaves_nothing(tmp_path):
    image = mr_image(pixels=bytes(HELD_BYTES))  # A smaller one has no file before it is whole.
    content = encoded(image)
    pieces = [data(content[start : start + 50_000], last=False) for start in range(0, len(content), 50_000)]
    with scp(tmp_path / "spool") as ear:
        connection = associated(ear)
        connection.sendall(command(image) + b"".join(pieces))
        assert soon(lambda: len(list(ear.spool.incoming.iterdir())) == 1)
        connection.close()
        assert soon(lambda: not list(ear.spool.incoming.iterdir()))
    assert ear.files == []


def soon(condition) -> bool:
    """Whether it comes true within 20 s."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def status_of(ear, path) -> str:
    return dcmtk("storescu", "-v", "127.0.0.1", ear.port, path).stderr


def test_a_disk_that_fills_is_said_to_each_image_then_to_each_caller(tmp_path, monkeypatch):
    monkeypatch.setattr("oncontour.node.receive.disk.LOOK_EVERY_S", 0.0)
    path, left = save(mr_image(), tmp_path / "a.dcm"), [BIG]
    with scp(tmp_path / "spool", free=lambda _: left[0]) as ear:
        entity = AE()
        entity.add_requested_context(MRImageStorage, ExplicitVRLittleEndian)
        association = entity.associate("127.0.0.1", ear.port)
        assert association.send_c_store(path).Status == 0x0000
        left[0] = 10
        refused = association.send_c_store(save(mr_image(), tmp_path / "b.dcm"))
        assert (refused.Status, refused.ErrorComment) == (0xA700, "no room to store it: disk full, or not writable")
        association.release()
        assert "Temporary Congestion" in dcmtk("echoscu", "-v", "127.0.0.1", ear.port).stderr
        left[0] = BIG
        assert "Success" in status_of(ear, save(mr_image(), tmp_path / "b.dcm"))
        assert len(ear.files) == 2


def test_a_disk_that_fills_within_an_image(tmp_path, monkeypatch):
    monkeypatch.setattr("oncontour.node.receive.disk.LOOK_EVERY_S", 0.0)
    path = save(mr_image(pixels=bytes(1_000_000)), tmp_path / "a.dcm")
    asked = iter([BIG] * 5)
    with scp(tmp_path / "spool", free=lambda _: next(asked, 0)) as ear:
        assert "OutOfResources" in status_of(ear, path)
        assert list(ear.spool.incoming.iterdir()) == []


@contextmanager
def read_only(folder):
    """Bound read-only onto itself, as the system does with a disk that fails."""
    if os.geteuid() != 0 or subprocess.run(["mount", "--bind", folder, folder], capture_output=True).returncode:
        pytest.skip("mount is not allowed here: a read-only file system is not tried")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True, capture_output=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize(("free", "said"), [(lambda _: BIG, "OutOfResources"), (free_bytes, "Temporary Congestion")])
def test_a_read_only_spool_is_said(tmp_path, monkeypatch, free, said):
    monkeypatch.setattr("oncontour.node.receive.disk.LOOK_EVERY_S", 0.0)
    path = save(mr_image(), tmp_path / "a.dcm")
    with scp(tmp_path / "spool", free=free) as ear:
        with read_only(tmp_path / "spool"):
            assert said in status_of(ear, path)
        assert "Success" in status_of(ear, path)


def test_too_big_an_object_is_refused(tmp_path):
    path = save(mr_image(pixels=bytes(150_000)), tmp_path / "a.dcm")
    with scp(tmp_path / "spool", biggest=100_000) as ear:
        assert "OutOfResources" in status_of(ear, path)
        assert "Success" in status_of(ear, save(mr_image(), tmp_path / "b.dcm"))


NODE = """
import sys
from pathlib import Path
from oncontour.node.receive.receiver import receiving
from oncontour.node.receive.settings import ReceiveSettings, ScpSettings
from oncontour.node.spool.store import Spool
settings = ReceiveSettings(scp=ScpSettings(port=0), keep_free_mb=1)
with receiving(settings, Spool(Path(sys.argv[1])), lambda arrival: None) as receiver:
    print(receiver.scp_port, flush=True)
    sys.stdin.read()
"""


def test_killed_in_the_middle_it_has_no_half_image_and_takes_a_resend(tmp_path):
    for n in range(20):
        save(mr_image(pixels=os.urandom(400_000)), tmp_path / "out" / f"{n}.dcm")
    command = [sys.executable, "-c", NODE, str(tmp_path / "spool")]
    spool = Spool(tmp_path / "spool")
    originals = {encoded_file(path) for path in (tmp_path / "out").iterdir()}

    def start():
        node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return node, int(node.stdout.readline())

    def send(port):
        return ["storescu", "127.0.0.1", str(port), "+sd", str(tmp_path / "out")]

    def images():
        return [encoded_file(path) for path in spool.studies.rglob("*.dcm")]

    dcmtk("storescu", "--version")
    node, port = start()
    sender = subprocess.Popen(send(port), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not images() and time.monotonic() < deadline:
        time.sleep(0.005)
    node.send_signal(signal.SIGKILL)
    node.wait()
    sender.wait(20)
    survived = images()
    assert survived
    assert set(survived) <= originals
    node, port = start()
    try:
        assert subprocess.run(send(port), stderr=subprocess.DEVNULL, timeout=60).returncode == 0
    finally:
        node.communicate()
    assert node.returncode == 0
    assert sorted(images()) == sorted(originals)


def encoded_file(path) -> bytes:
    """The data set of a file."""
    from oncontour.node.spool.meta import read_meta

    content = path.read_bytes()
    return content[read_meta(content[:1000]).length :]


def test_memory_stays_flat_with_eight_large_objects(tmp_path):
    """Eight associations of 20 MB each, at once."""
    piece = data(bytes(200_000), last=False)
    with scp(tmp_path / "spool", free=lambda _: BIG) as ear:
        sessions = [associated(ear) for _ in range(8)]
        for connection in sessions:
            connection.sendall(command(mr_image()))
        before = resident_mb()
        for _ in range(100):
            for connection in sessions:
                connection.sendall(piece)
        assert resident_mb() - before < 30
        for connection in sessions:
            connection.close()


def test_the_disk_is_looked_at_once_a_second(tmp_path):
    looks = []
    disk = Disk(tmp_path, 10, lambda _: looks.append(1) or 100)
    intake = Intake(Spool(tmp_path), disk, print, 100)
    for _ in range(1000):
        intake.check_room()
    assert len(looks) == 1
