"""Command sets that pynetdicom wrote."""

import struct
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pynetdicom.dimse_messages import C_ECHO_RQ, C_STORE_RQ, N_EVENT_REPORT_RQ
from pynetdicom.dimse_primitives import C_ECHO, C_STORE, N_EVENT_REPORT
from pynetdicom.dsutils import encode

from oncontour.node.wire.command import Command, read_command

UIDS = st.from_regex(r"[1-9](\.[1-9][0-9]{0,8}){0,6}", fullmatch=True)


def command_set(kind, request):
    message = kind()
    message.primitive_to_message(request)
    return b"".join(
        value[1:]
        for piece in message.encode_msg(1, 0)
        for _, value in piece.presentation_data_value_list
        if value[0] & 1
    )


@given(number=st.integers(0, 65535), uid=UIDS)
def test_an_image(number, uid):
    request = C_STORE()
    request.MessageID, request.Priority, request.DataSet = number, 2, BytesIO(b"\x08\x00\x60\x00\x02\x00\x00\x00MR")
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = uid, f"{uid}.1"
    assert read_command(command_set(C_STORE_RQ, request)) == Command(1, number, uid, f"{uid}.1", None, True)


def test_a_report():
    request = N_EVENT_REPORT()
    request.MessageID, request.EventTypeID, request.EventInformation = (
        7,
        2,
        BytesIO(b"\x08\x00\x60\x00\x00\x00\x00\x00"),
    )
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
    read = read_command(command_set(N_EVENT_REPORT_RQ, request))
    assert (read.kind, read.message, read.event, read.has_data_set) == (0x0100, 7, 2, True)


def test_an_echo_has_no_data_set():
    request = C_ECHO()
    request.MessageID, request.AffectedSOPClassUID = 1, "1.2.840.10008.1.1"
    assert not read_command(command_set(C_ECHO_RQ, request)).has_data_set


def test_no_uid_is_none():
    commands = Dataset()
    commands.CommandField, commands.MessageID, commands.CommandDataSetType = 1, 1, 1
    content = (encode(commands, True, True) or b"") + struct.pack("<HHI8s", 0, 0x1000, 8, b"../../x\x00")
    assert read_command(content).instance is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        struct.pack("<HHIH", 0, 0x0100, 2, 1),
        struct.pack("<HHIH", 0, 0x0800, 2, 1),
        struct.pack("<HHIHHHIH", 0, 0x0100, 2, 1, 0, 0x0800, 2, 1)[:-1],
        struct.pack("<HHIHHHIH", 0, 0x0100, 2, 1, 8, 0x0800, 2, 1),
        struct.pack("<HHIHHHI", 0, 0x0100, 2, 1, 0, 0x0800, 0xFFFFFFFF),
    ],
)
def test_damage_is_an_error(content):
    with pytest.raises(ValueError, match=r"element|Command"):
        read_command(content)


@given(st.binary(max_size=200))
def test_whatever_comes_nothing_else_is_raised(content):
    with suppress(ValueError):
        assert 0 <= read_command(content).kind <= 0xFFFF
