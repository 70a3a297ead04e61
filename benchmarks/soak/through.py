"""A study's way from the PACS to the node and back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from local_port import free_port
from sqlalchemy import Engine

from oncontour.data.files import read_json
from oncontour.node.ledger.case import ENDS, Case
from oncontour.node.ledger.cases import list_cases
from oncontour.node.ledger.events import list_events
from oncontour.node.ledger.tables import DELIVERIES
from soak.node import Node
from soak.pacs import NODE_TITLE, TITLE, Pacs
from soak.page import Taken

PATIENCE_S = 900.0

STEAL = 7
"""Place of the stolen time in a line of /proc/stat."""


def node_settings(place: Path, port: int, there: Pacs, keep_minutes: float) -> dict[str, Any]:
    """Of a node that gets its studies from one PACS and sends their results back to it.

    Args:
        keep_minutes: of images and results after delivery.
    """
    days = keep_minutes / 60 / 24
    return {
        "name": "node-1",
        "place": str(place),
        "receive": {"scp": {"ae_title": NODE_TITLE, "port": port}},
        "peers": {"pacs": {"protocol": "dimse", "title": TITLE, "host": "127.0.0.1", "port": there.dicom}},
        "completion": {"ask": ["pacs"]},
        "delivery": {"to": ["pacs"]},
        "keep": {"images_days": days, "results_days": days, "look_every_s": 30.0},
        "watch": {"port": free_port()},
    }


def through(files: list[Path], there: Pacs, node: Node, base: Engine, number: int, place: Path) -> Taken:
    """One study, from the PACS to the node and back.

    Args:
        number: of studies that ended before it.
        place: the node's.

    Raises:
        SystemExit: it did not end.
    """
    study = there.take(files)
    began, before = time.monotonic(), _processor_times()
    there.send(study)
    sent_s = time.monotonic() - began
    while len(ended := [case for case in list_cases(base) if case.state in ENDS]) <= number:
        if time.monotonic() - began > PATIENCE_S:
            raise SystemExit(f"study {number + 1} did not end within {PATIENCE_S:.0f} s")
        time.sleep(0.3)
    case = max(ended, key=lambda case: case.changed_at)
    with base.connect() as connection:
        times = [row.sent for row in connection.execute(DELIVERIES.select().where(DELIVERIES.c.case == case.case))]
    spent = [after - then for after, then in zip(_processor_times(), before, strict=True)]
    stolen = spent[STEAL] / max(sum(spent), 1)
    at = {event.kind: event.at for event in list_events(base, case.case)}
    there.forget(study)
    memory_mib, open_files, threads = node.holds()
    return Taken(
        str(case.state),
        sent_s,
        case.complete_at - case.last_at,
        at.get("working", case.changed_at) - case.complete_at,
        at["delivered"] - at["delivering"] if "delivered" in at else 0.0,
        case.changed_at - case.last_at,
        _pipeline_s(place, case),
        all(sent == 1 for sent in times),
        memory_mib,
        open_files,
        threads,
        node.peak(),
        sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) / 1e6,
        stolen,
    )


def _processor_times() -> list[int]:
    """Of all cores since the start, by kind, as /proc/stat has them."""
    return [int(number) for number in Path("/proc/stat").read_text("utf-8").split("\n", 1)[0].split()[1:9]]


def _pipeline_s(place: Path, case: Case) -> float:
    """From the reading of its images to its files: wall time, in which some steps run side by side."""
    if case.result is None:
        return 0.0
    return read_json(place / "results" / case.result["folder"] / case.case / "quality.json")["seconds"]
