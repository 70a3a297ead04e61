"""Command sets, written byte for byte, in implicit VR little endian (PS3.7 6.3.1): pydicom's writer is slow beside all
else that is done for an image."""

from __future__ import annotations

import struct

from oncontour.node.wire.command import A_RESPONSE, NO_DATA_SET, SUCCESS, Command

_MEDIUM = 0x0000
"""Priority."""

_DATA_SET = 0x0000


def request(kind: int, message: int, sop_class: str, instance: str | None = None) -> bytes:
    """Of C-STORE or C-FIND (PS3.7 Tables 9.3-1 and 9.3-3); a data set follows.

    Args:
        kind: C_STORE or C_FIND.
        instance: to be stored.
    """
    return _whole(
        _text(0x0002, sop_class, b"\x00")
        + _short(0x0100, kind)
        + _short(0x0110, message)
        + _short(0x0700, _MEDIUM)
        + _short(0x0800, _DATA_SET)
        + (_text(0x1000, instance, b"\x00") if instance else b"")
    )


def response(to: Command, status: int, comment: str = "") -> bytes:
    """The answer (PS3.7 Tables 9.3-2 and 10.3-2).

    Args:
        to: a C-STORE or an N-EVENT-REPORT.
        status: of PS3.4 Table B.2-1, of PS3.7 10.1.1.1.8.
        comment: why not, in at most 64 ASCII characters.
    """
    return _whole(
        (_text(0x0002, to.sop_class, b"\x00") if to.sop_class else b"")
        + _short(0x0100, to.kind | A_RESPONSE)
        + _short(0x0120, to.message)
        + _short(0x0800, NO_DATA_SET)
        + _short(0x0900, status)
        + (_text(0x0902, comment, b" ") if status != SUCCESS and comment else b"")
        + (_text(0x1000, to.instance, b"\x00") if to.instance else b"")
    )


def _whole(command: bytes) -> bytes:
    """With its group's length."""
    return struct.pack("<HHII", 0, 0, 4, len(command)) + command


def _short(element: int, value: int) -> bytes:
    return struct.pack("<HHIH", 0, element, 2, value)


def _text(element: int, text: str, padding: bytes) -> bytes:
    value = text.encode("ascii")
    value += padding * (len(value) % 2)
    return struct.pack("<HHI", 0, element, len(value)) + value
