"""P-DATA PDUs (PS3.8 9.3.5): messages, cut into fragments."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

HEADER = struct.Struct(">BBL")
"""Of every PDU: type, nothing, length of what follows."""

P_DATA = 0x04

SLACK = 64
"""Some peers count the headers of a PDU to its length, some do not."""

COMMAND, LAST = 1, 2
"""Bits of a fragment's message control header (PS3.8 E.2)."""

_VALUE = struct.Struct(">LBB")
"""Of a fragment: length of the rest, presentation context, message control header."""


@dataclass(frozen=True)
class Fragment:
    """A presentation data value (PS3.8 9.3.5.1).

    Args:
        context: ID of its presentation context.
        control: COMMAND: of a command, not of a data set; LAST: the last.
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
            if offset + _VALUE.size > len(values):
                raise ValueError("a fragment's header is cut off")
            length, context, control = _VALUE.unpack_from(values, offset)
            end = offset + 4 + length
            if length < 2 or end > len(values):
                raise ValueError("a fragment is longer than its PDU, or has no header")
            self._fragments.append(Fragment(context, control, values[offset + _VALUE.size : end]))
            offset = end

    def to_primitive(self) -> list[Fragment]:
        """What it holds; at least one."""
        return self._fragments


def fragment(context: int, control: int, data: bytes | memoryview) -> bytes:
    """A PDU of one fragment."""
    length = len(data) + 2
    return b"".join((HEADER.pack(P_DATA, 0, length + 4), _VALUE.pack(length, context, control), data))


def fragments(context: int, kind: int, content: bytes | memoryview, most_bytes: int) -> Iterator[bytes]:
    """A command set or a data set as PDUs.

    Args:
        kind: COMMAND, or 0 for a data set.
        most_bytes: that the receiver takes in a PDU, behind its header (PS3.8 D.1).
    """
    view, size = memoryview(content), most_bytes - _VALUE.size
    for first in range(0, max(len(view), 1), size):
        yield fragment(context, kind | (LAST if first + size >= len(view) else 0), view[first : first + size])
