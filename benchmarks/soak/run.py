"""Studies one after the other, from a real Orthanc through a node and back."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from local_port import free_port

from oncontour.node.ledger.base import open_base
from soak import pacs
from soak.node import running
from soak.page import Taken
from soak.studies import make_heads, renewed, size_mb
from soak.through import node_settings, through


@dataclass(frozen=True)
class Soak:
    """What came of it.

    Args:
        minutes: it took.
        images, size_mb: of the last study.
    """

    taken: Sequence[Taken]
    minutes: float
    images: int
    size_mb: float


def soaked(program: Sequence[str], studies: int, minutes: float, heads: int, seed: int, keep_minutes: float) -> Soak:
    """Run them, with a line for each.

    Args:
        program: the node's, as `soak.node.running` has it.
        studies: at most.
        minutes: no study is begun after these.
        heads: phantom heads that take turns.
        keep_minutes: of images and results after delivery.

    Raises:
        SystemExit: Orthanc is not there, or a study did not end.
    """
    if not shutil.which("Orthanc"):
        raise SystemExit("Install the Debian package orthanc: it is the PACS here.")
    with TemporaryDirectory(prefix="oncontour-soak-") as name:
        folder = Path(name)
        place = folder / "place"
        print("making heads ...", file=sys.stderr)
        made = make_heads(folder / "heads", heads, seed)
        port = free_port()
        place.mkdir()
        with (
            pacs.running(folder / "pacs", port) as there,
            running(folder, program, node_settings(place, port, there, keep_minutes)) as node,
        ):
            base = open_base(f"sqlite:///{place / 'node.db'}")
            began, taken, files = time.monotonic(), [], []
            while len(taken) < studies and time.monotonic() - began < minutes * 60:
                files = renewed(made[len(taken) % len(made)], folder / "study")
                taken.append(through(files, there, node, base, len(taken), place))
                _tell(len(taken), taken[-1], (time.monotonic() - began) / 60)
            return Soak(taken, (time.monotonic() - began) / 60, len(files), size_mb(files))


def end(text: str, file: Path | None, taken: Sequence[Taken]) -> None:
    """Print a page, write it where a file is given, and end the program; 1 where a study was not delivered once."""
    print(text)
    if file:
        file.write_text(text, "utf-8")
    sys.exit(any(one.state != "delivered" or not one.once for one in taken))


def _tell(number: int, one: Taken, minutes: float) -> None:
    print(
        f"{number}: {one.state}, {one.all_s:.1f} s, besides segmentation {one.besides_s:.1f} s "
        f"(whole {one.whole_s:.1f}, rules {one.ruled_s:.1f}, delivery {one.delivered_s:.1f}), "
        f"{one.stolen:.0%} stolen, node {one.node_mib:.0f} MiB, peak {one.peak_mib:.0f} MiB; {minutes:.0f} minutes",
        flush=True,
    )
