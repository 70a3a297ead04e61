"""Whole heads through a real node, one after the other, for an hour: seconds besides the segmentation, and memory.

    python benchmarks/node_soak.py [--studies 200] [--minutes 60] [--heads 4] [--write docs/node-soak.md]

Needs the extra `node` and the Debian package orthanc; all listen on 127.0.0.1. Ends with exit code 1 where a study was
not delivered, or was delivered twice.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from local_port import free_port
from soak import pacs
from soak.node import Node, running
from soak.pacs import NODE_TITLE, Pacs
from soak.page import Setting, Taken, page
from soak.studies import make_heads, renewed, size_mb
from sqlalchemy import Engine

from oncontour.data.files import read_json
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import ENDS, Case
from oncontour.node.ledger.cases import list_cases
from oncontour.node.ledger.events import list_events
from oncontour.node.ledger.tables import DELIVERIES

KEEP_MINUTES = 10.0
PATIENCE_S = 900.0

STEAL = 7
"""Place of the stolen time in a line of /proc/stat."""


def main() -> None:
    """Send, wait, look, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=60.0, help="no study is begun after these")
    parser.add_argument("--heads", type=int, default=4, help="phantom heads that take turns")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write")
    given = parser.parse_args()
    if not shutil.which("Orthanc"):
        raise SystemExit("Install the Debian package orthanc: it is the PACS here.")
    with TemporaryDirectory(prefix="oncontour-soak-") as name:
        folder = Path(name)
        print("making heads ...", file=sys.stderr)
        heads = make_heads(folder / "heads", given.heads, given.seed)
        node_port = free_port()
        (folder / "place").mkdir()
        with (
            pacs.running(folder / "pacs", node_port) as there,
            running(folder, _settings(folder / "place", node_port, there)) as node,
        ):
            base = open_base(f"sqlite:///{folder / 'place' / 'node.db'}")
            began, taken, files = time.monotonic(), [], []
            while len(taken) < given.studies and time.monotonic() - began < given.minutes * 60:
                files = renewed(heads[len(taken) % len(heads)], folder / "study")
                taken.append(_through(files, there, node, base, len(taken), folder / "place"))
                one, minutes = taken[-1], (time.monotonic() - began) / 60
                print(
                    f"{len(taken)}: {one.state}, {one.all_s:.1f} s, besides segmentation {one.besides_s:.1f} s "
                    f"(whole {one.whole_s:.1f}, rules {one.ruled_s:.1f}, delivery {one.delivered_s:.1f}), "
                    f"{one.stolen:.0%} stolen, node {one.node_mib:.0f} MiB, peak {one.peak_mib:.0f} MiB; "
                    f"{minutes:.0f} minutes",
                    flush=True,
                )
            minutes = (time.monotonic() - began) / 60
        cores = len(os.sched_getaffinity(0))
        setting = Setting(minutes, cores, len(files), size_mb(files), len(heads), KEEP_MINUTES)
    text = page(taken, setting)
    print(text)
    if given.write:
        given.write.write_text(text, "utf-8")
    if any(one.state != "delivered" or not one.once for one in taken):
        sys.exit(1)


def _settings(place: Path, port: int, there: Pacs) -> dict:
    days = KEEP_MINUTES / 60 / 24
    return {
        "name": "node-1",
        "place": str(place),
        "receive": {"scp": {"ae_title": NODE_TITLE, "port": port}},
        "peers": {"pacs": {"protocol": "dimse", "title": pacs.TITLE, "host": "127.0.0.1", "port": there.dicom}},
        "completion": {"ask": ["pacs"]},
        "delivery": {"to": ["pacs"]},
        "keep": {"images_days": days, "results_days": days, "look_every_s": 30.0},
        "watch": {"port": free_port()},
    }


def _through(files: list[Path], there: Pacs, node: Node, base: Engine, number: int, place: Path) -> Taken:
    """One study, from the PACS to the node and back.

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
        time.sleep(0.5)
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


if __name__ == "__main__":
    main()
