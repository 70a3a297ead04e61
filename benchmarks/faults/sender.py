"""A scanner: sends a study until the node has taken all of it, and a few that mean ill."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import deepcopy

from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import build_context

PATIENCE_S = 90.0
PAUSE_S = 0.3

Ports = Callable[[], int]
"""Where a node listens now."""


class NotTakenError(Exception):
    """A study was not taken within a sender's patience."""


def send(ports: Ports, images: Sequence[FileDataset], *, breaks_off: bool = False) -> None:
    """Send images as a scanner does: again and again, until each is answered with success.

    Args:
        breaks_off: at the first try, in the middle of an image.

    Raises:
        NotTakenError: they were not taken for long.
    """
    left, end = list(images), time.monotonic() + PATIENCE_S
    while left:
        if time.monotonic() > end:
            raise NotTakenError(f"{len(left)} images")
        association = _associate(ports())
        if association is None:
            time.sleep(PAUSE_S)
            continue
        try:
            while left:
                if breaks_off and len(left) <= len(images) // 2:
                    breaks_off = False
                    _half(association, left[0])
                    break
                answer = association.send_c_store(left[0])
                if answer.get("Status") != 0:
                    break
                left.pop(0)
        except (RuntimeError, ValueError):
            pass
        finally:
            association.release() if association.is_established else association.abort()
        if left:
            time.sleep(PAUSE_S)


def send_at_once(ports: Ports, images: Sequence[FileDataset], senders: int) -> None:
    """The same images by several senders side by side."""
    failed: list[Exception] = []

    def run(order: int) -> None:
        try:
            send(ports, deepcopy(list(images[:: -1 if order % 2 else 1])))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def _associate(port: int) -> Association | None:
    entity = AE("MR1")
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
    entity.connection_timeout = 5
    entity.add_requested_context(MRImageStorage, ExplicitVRLittleEndian)
    entity.add_requested_context("1.2.840.10008.5.1.4.1.1.2", ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", port, ae_title="ONCONTOUR")
    return association if association.is_established else None


def _half(association: Association, image: FileDataset) -> None:
    """The connection breaks within a data set."""
    raw = association.dul.socket.socket if association.dul.socket else None
    if raw is not None:
        body = image.PixelData
        with suppress(OSError):
            raw.sendall(struct.pack(">BBL", 4, 0, len(body) + 6) + struct.pack(">LBB", len(body) + 2, 1, 0) + body[:99])
            raw.shutdown(socket.SHUT_RDWR)


def bad_path(port: int, study: FileDataset) -> bool:
    """An instance UID that is a path; whether it was refused."""
    image = deepcopy(study)
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = "../../../../tmp/oncontour-escaped"
    return _refused(port, image)


def without_uids(port: int, study: FileDataset) -> bool:
    """No Study Instance UID; whether it was refused."""
    image = deepcopy(study)
    del image.StudyInstanceUID
    return _refused(port, image)


def _refused(port: int, image: FileDataset) -> bool:
    association = _associate(port)
    if association is None:
        return True
    try:
        return association.send_c_store(image).get("Status") != 0
    except (ValueError, RuntimeError, AttributeError):
        return True
    finally:
        association.release() if association.is_established else association.abort()


def deflated(port: int, _: FileDataset) -> bool:
    """Only a deflated transfer syntax is offered; whether no context is accepted."""
    entity = AE("MR1")
    entity.acse_timeout = 20
    entity.add_requested_context(MRImageStorage, "1.2.840.10008.1.2.1.99")
    association = entity.associate("127.0.0.1", port, ae_title="ONCONTOUR")
    accepted = bool(association.accepted_contexts) and association.is_established
    association.abort()
    return not accepted


def pdu_bomb(port: int, _: FileDataset) -> bool:
    """A PDU that says it has four gigabytes; whether the connection was closed."""
    with _raw_association(port) as connection:
        connection.sendall(struct.pack(">BBL", 4, 0, 0xFFFFFFF0) + bytes(1000))
        return _closed(connection, 10.0)


def slow_loris(port: int, _: FileDataset) -> bool:
    """An association request that comes byte by byte; whether the connection was closed."""
    request = _request()
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        for n in range(len(request)):
            try:
                connection.sendall(request[n : n + 1])
            except OSError:
                return True
            if _closed(connection, 0.2):
                return True
        return False


def endless_commands(port: int, _: FileDataset) -> bool:
    """Fragments of a command that never ends; whether the connection was closed."""
    with _raw_association(port) as connection:
        body = bytes(4000)
        fragment = struct.pack(">LBB", len(body) + 2, 1, 1) + body
        for _n in range(50):
            try:
                connection.sendall(struct.pack(">BBL", 4, 0, len(fragment)) + fragment)
            except OSError:
                return True
        return _closed(connection, 10.0)


def cut_off(port: int, study: FileDataset) -> bool:
    """A data set that ends within its header, all of it announced as whole; whether it was refused."""
    image = deepcopy(study)
    for element in list(image):
        if element.tag > 0x0020000D:
            del image[element.tag]
    return _refused(port, image)


ATTACKS: dict[str, Callable[[int, FileDataset], bool]] = {
    "instance UID is a path": bad_path,
    "no study UID": without_uids,
    "deflate bomb": deflated,
    "PDU bomb": pdu_bomb,
    "slow-loris": slow_loris,
    "command without end": endless_commands,
    "data set cut off": cut_off,
}


def _request() -> bytes:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title, primitive.called_ae_title = "MR1", "ONCONTOUR"
    context = build_context(MRImageStorage, ExplicitVRLittleEndian)
    context.context_id = 1
    primitive.presentation_context_definition_list = [context]
    from pynetdicom.pdu_primitives import ImplementationClassUIDNotification, MaximumLengthNotification

    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received, implementation.implementation_class_uid = 16384, generate_uid()
    primitive.user_information = [length, implementation]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(primitive)
    return pdu.encode()


def _raw_association(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), 10)
    connection.sendall(_request())
    connection.settimeout(10)
    with suppress(OSError):
        connection.recv(4096)
    return connection


def _closed(connection: socket.socket, within: float) -> bool:
    connection.settimeout(within)
    try:
        while connection.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True
