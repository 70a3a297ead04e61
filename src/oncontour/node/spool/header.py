"""The four UIDs of a data set, read from its first elements: bounded, raises nothing, decodes nothing else.

A data set may come from anyone: a parser that builds every element of it can be made to build millions. This one steps
over what it does not need.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from oncontour.node.spool.uids import uid_of

_CLASS, _INSTANCE, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_WANTED = frozenset((_CLASS, _INSTANCE, _STUDY, _SERIES))

_MOST_ELEMENTS = 200_000
"""Elements stepped over at most, those in sequences too; an enhanced MR object may name thousands of source images
ahead of its study."""

_MOST_DEPTH = 64
"""Sequences within sequences; real ones end at about 10."""

_WINDOW = 65_536
"""Bytes read at a time; the UIDs of nearly every MR image are in the first."""

_LONGEST_UID = 64

_IMPLICIT = "1.2.840.10008.1.2"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

ReadAt = Callable[[int, int], bytes]
"""Offset and count -> as many bytes, fewer at the end."""


@dataclass(frozen=True)
class Identity:
    """Which image a data set is."""

    sop_class: str
    sop_instance: str
    study: str
    series: str


def read_identity(read: ReadAt, transfer_syntax: str) -> Identity | None:
    """The UIDs of a data set that is not deflated; None where one is missing or no UID, or the data set is damaged.

    Args:
        read: gives the bytes of the data set, from 0.
    """
    try:
        found = _find(read, transfer_syntax)
    except (struct.error, OSError):
        return None
    uids = [uid_of(found.get(tag, b"")) for tag in (_CLASS, _INSTANCE, _STUDY, _SERIES)]
    return None if None in uids else Identity(*(uid or "" for uid in uids))


def _find(read: ReadAt, transfer_syntax: str) -> dict[int, bytes]:
    """Values of the wanted elements outside sequences.

    Raises:
        struct.error: the data set ends within an element.
    """
    order = ">" if transfer_syntax == _BIG_ENDIAN else "<"
    tag_of, short_of, long_of = (struct.Struct(order + form).unpack_from for form in ("HH", "H", "I"))
    implicit = [transfer_syntax == _IMPLICIT]  # One entry a sequence that we are in: UN holds implicit VR (CP-246).
    found: dict[int, bytes] = {}
    window, start, offset = read(0, _WINDOW), 0, 0
    for _ in range(_MOST_ELEMENTS):
        at = offset - start
        if at + 12 > len(window):
            window, start, at = read(offset, _WINDOW), offset, 0
        group, element = tag_of(window, at)
        tag, vr = group << 16 | element, window[at + 4 : at + 6]
        if len(implicit) == 1 and tag > _SERIES:
            break
        if group == 0xFFFE or implicit[-1]:
            (length,), header = long_of(window, at + 4), 8
        elif vr in _LONG_VRS:
            (length,), header = long_of(window, at + 8), 12
        else:
            (length,), header = short_of(window, at + 6), 8
        offset += header
        if tag in (_ITEM_END, _SEQUENCE_END):
            if len(implicit) == 1:
                break
            implicit.pop()
        elif length == _UNDEFINED:
            if len(implicit) > _MOST_DEPTH:
                break
            implicit.append(implicit[-1] or (vr == b"UN" and tag != _ITEM))
        else:
            if tag in _WANTED and len(implicit) == 1:
                value = read(offset, min(length, _LONGEST_UID + 1))
                if len(value) < min(length, _LONGEST_UID):
                    break  # Cut off: half of a UID is another UID.
                found[tag] = value
                if len(found) == len(_WANTED):
                    break
            offset += length
    return found
