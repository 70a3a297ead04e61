"""The head of a DICOM file (PS3.10 7.1): preamble and file meta information, read and written byte for byte."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from oncontour.node.spool.uids import uid_of

HEAD_BYTES = 65_536
"""No real file meta information is longer."""

IMPLEMENTATION = "2.25.255478946127842331047385190563041927158"
"""Our implementation class UID (PS3.7 D.3.3.2)."""

_PREAMBLE = bytes(128) + b"DICM"
_FIRST = len(_PREAMBLE)
_LONG_VRS = (b"OB", b"OW", b"UN", b"UT", b"SQ", b"OD", b"OF", b"OL", b"OV", b"UC", b"UR", b"SV", b"UV")
_CLASS, _INSTANCE, _SYNTAX, _IMPLEMENTATION, _VERSION, _SENDER = 0x02, 0x03, 0x10, 0x12, 0x13, 0x17


@dataclass(frozen=True)
class FileMeta:
    """What is said about a data set ahead of it.

    Args:
        sender: Sending Application Entity Title (0002,0017); "" where it is not said.
        length: of all that stands before the data set, in bytes.
    """

    sop_class: str
    sop_instance: str
    transfer_syntax: str
    sender: str
    length: int


def write_meta(sop_class: str, sop_instance: str, transfer_syntax: str, sender: str) -> bytes:
    """All that stands before the data set, in explicit VR little endian.

    Args:
        sender: an AE title, at most 16 ASCII characters.
    """
    elements = (
        struct.pack("<HH2sHIH", 2, 1, b"OB", 0, 2, 0x0100)
        + _element(_CLASS, b"UI", sop_class)
        + _element(_INSTANCE, b"UI", sop_instance)
        + _element(_SYNTAX, b"UI", transfer_syntax)
        + _element(_IMPLEMENTATION, b"UI", IMPLEMENTATION)
        + _element(_VERSION, b"SH", "ONCONTOUR")
        + _element(_SENDER, b"AE", sender)
    )
    return _PREAMBLE + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(elements)) + elements


def read_meta(head: bytes) -> FileMeta | None:
    """The head of a file, from its first `HEAD_BYTES`; None where it is not all there, damaged or none."""
    if head[_FIRST - 4 : _FIRST] != b"DICM":
        return None
    values: dict[int, bytes] = {}
    offset = _FIRST
    try:
        while head[offset : offset + 2] == b"\x02\x00":
            element, vr = struct.unpack_from("<H2s", head, offset + 2)
            long = vr in _LONG_VRS
            (length,) = struct.unpack_from("<I" if long else "<H", head, offset + (8 if long else 6))
            start = offset + (12 if long else 8)
            offset = start + length
            values[element] = head[start:offset]
    except struct.error:
        return None
    uids = [uid_of(values.get(element, b"")) for element in (_CLASS, _INSTANCE, _SYNTAX)]
    if None in uids or offset + 2 > len(head):  # What follows could be more of it.
        return None
    sender = values.get(_SENDER, b"").decode("ascii", "replace").strip("\x00 ")
    return FileMeta(uids[0] or "", uids[1] or "", uids[2] or "", sender, offset)


def _element(element: int, vr: bytes, text: str) -> bytes:
    value = text.encode("ascii", "replace")
    value += (b"\x00" if vr == b"UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", 2, element, vr, len(value)) + value
