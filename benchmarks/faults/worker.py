"""Stands in for the segmentation: `python -I -S worker.py ORDERS` writes four small objects at once, when it is told
which study on its standard input, as the real one is.

Its place in the node is the real one: a process of its own that is waited for, limited in time, and may be killed.
Every result has UIDs that no other has, so that a result that is made twice and delivered twice is seen. Nothing but
the standard library is imported, so that it begins in milliseconds.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faults.orders import take

SYNTAX = "1.2.840.10008.1.2.1"
OBJECTS = {
    "seg.dcm": "1.2.840.10008.5.1.4.1.1.66.4",
    "sr.dcm": "1.2.840.10008.5.1.4.1.1.88.34",
    "report.dcm": "1.2.840.10008.5.1.4.1.1.104.1",
    "overlay/T1CE/1.dcm": "1.2.840.10008.5.1.4.1.1.4",
}
"""Files of a result, and their SOP classes."""

PAYLOAD = 40_000
"""Bytes in each object: more than one PDU, so that a transfer can end in the middle."""

_HEAD_BYTES = 20_000


def main(orders: Path, study: Path, out: Path) -> int:
    """Write a result, or fail as ordered; exit code as the real one's."""
    token, place = study.name.split("-")[0], out / study.name
    uid = _study_uid(study)
    if take(orders, f"worker-hangs-{token}"):
        sys.stdin.read()  # Until the node is gone, as the real one ends with it.
    if take(orders, f"worker-babbles-{token}"):
        print("no JSON")
        return 3
    (place / "overlay" / "T1CE").mkdir(parents=True, exist_ok=True)
    for number, (name, sop_class) in enumerate(OBJECTS.items()):
        if number == len(OBJECTS) // 2:
            if take(orders, f"worker-killed-{token}"):
                os.kill(os.getpid(), signal.SIGKILL)
            if take(orders, "node-killed-while-segmenting"):
                os.kill(os.getppid(), signal.SIGKILL)
            if take(orders, f"worker-leaves-half-{token}"):
                return 0
        (place / name).write_bytes(_object(uid, sop_class))
    told = {
        "measurements.json": {"regions": [{"name": "WT", "volume_ml": 1.0}]},
        "quality.json": {"verdict": "ok", "seconds": 0.0, "steps": [{"name": "stand-in", "seconds": 0.0}]},
        "provenance.json": {"bundles": {}},
    }
    for name, content in told.items():
        (place / name).write_text(json.dumps(content), "utf-8")
    return 0


def _study_uid(study: Path) -> str:
    """From the header of an image of the study, in explicit VR little endian."""
    with min(study.iterdir()).open("rb") as file:
        head = file.read(_HEAD_BYTES)
    at = head.index(b"\x20\x00\x0d\x00UI") + 6
    (length,) = struct.unpack_from("<H", head, at)
    return head[at + 2 : at + 2 + length].decode("ascii").rstrip("\x00 ")


def _object(study: str, sop_class: str) -> bytes:
    instance, series = _new_uid(), _new_uid()
    meta = _element(0x0002, 0x0002, "UI", sop_class) + _element(0x0002, 0x0003, "UI", instance)
    meta += _element(0x0002, 0x0010, "UI", SYNTAX)
    data_set = (
        _element(0x0008, 0x0016, "UI", sop_class)
        + _element(0x0008, 0x0018, "UI", instance)
        + _element(0x0020, 0x000D, "UI", study)
        + _element(0x0020, 0x000E, "UI", series)
        + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, PAYLOAD)
        + os.urandom(PAYLOAD)
    )
    group = struct.pack("<HH2sHI", 0x0002, 0x0000, b"UL", 4, len(meta))
    return bytes(128) + b"DICM" + group + meta + data_set


def _element(group: int, element: int, vr: str, text: str) -> bytes:
    value = text.encode("ascii")
    value += b"\x00" * (len(value) % 2)
    return struct.pack("<HH2sH", group, element, vr.encode(), len(value)) + value


def _new_uid() -> str:
    return f"2.25.{int.from_bytes(os.urandom(16), 'big')}"


if __name__ == "__main__":
    told = sys.stdin.readline()
    sys.exit(main(Path(sys.argv[1]), *map(Path, json.loads(told)[:2])) if told else 0)
