"""Command sets, read byte for byte: pydicom's reader took longer than all else that Python does for an image."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from oncontour.node.spool.uids import uid_of

C_STORE, C_FIND, N_EVENT_REPORT = 0x0001, 0x0020, 0x0100
"""Requests with a data set that we take, or make."""

A_RESPONSE = 0x8000
"""What is added to the Command Field of a request."""

SUCCESS = 0x0000
"""Status of every service (PS3.7 C.1)."""

_SOP_CLASS, _FIELD, _MESSAGE, _DATA_SET_TYPE, _INSTANCE, _EVENT = 0x0002, 0x0100, 0x0110, 0x0800, 0x1000, 0x1002
_ANSWERED, _STATUS = 0x0120, 0x0900

NO_DATA_SET = 0x0101
"""Command Data Set Type; any other value says that one follows."""


@dataclass(frozen=True)
class Command:
    """What of a command set we act upon (PS3.7 E.1).

    Args:
        kind: Command Field.
        message: Message ID; 0 where it is not said.
        sop_class, instance: Affected SOP Class and Instance UID; None where it is not said, or no UID.
        event: Event Type ID.
        answered: of a response, Message ID Being Responded To.
        status: of a response.
        has_data_set: whether a data set follows.
    """

    kind: int
    message: int
    sop_class: str | None
    instance: str | None
    event: int | None
    has_data_set: bool
    answered: int | None = None
    status: int | None = None


def read_command(content: bytes) -> Command:
    """Read a command set, in implicit VR little endian (PS3.7 6.3.1).

    Raises:
        ValueError: it is cut off, holds what is no command element, or does not say what it asks.
    """
    values: dict[int, bytes] = {}
    offset = 0
    while offset < len(content):
        if offset + 8 > len(content):
            raise ValueError("an element's header is cut off")
        group, element, length = struct.unpack_from("<HHI", content, offset)
        offset += 8 + length
        if group or offset > len(content):
            raise ValueError("not a command element, or one that is cut off")
        values[element] = content[offset - length : offset]
    kind, data_set = _number(values, _FIELD), _number(values, _DATA_SET_TYPE)
    if kind is None or data_set is None:
        raise ValueError("no Command Field, or no Command Data Set Type")
    sop_class, instance = (uid_of(values.get(element, b"")) for element in (_SOP_CLASS, _INSTANCE))
    message, event = _number(values, _MESSAGE) or 0, _number(values, _EVENT)
    answered, status = _number(values, _ANSWERED), _number(values, _STATUS)
    return Command(kind, message, sop_class, instance, event, data_set != NO_DATA_SET, answered, status)


def _number(values: dict[int, bytes], element: int) -> int | None:
    """Of VR US."""
    value = values.get(element, b"")
    return int.from_bytes(value, "little") if len(value) == 2 else None
