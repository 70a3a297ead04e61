"""Ears to speak into: ours, running, and other people's programs that speak."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from oncontour.node.receive.disk import Disk
from oncontour.node.receive.intake import Intake
from oncontour.node.receive.scp import listening
from oncontour.node.receive.settings import ScpSettings
from oncontour.node.spool.arrival import Arrival
from oncontour.node.spool.store import Spool
from oncontour.node.spool.studies import study_images, study_tokens

BIG = 100_000_000


@dataclass
class Listening:
    """An SCP of ours that listens."""

    port: int
    spool: Spool
    arrivals: list[Arrival] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """Images that have their name."""
        return [path for study in study_tokens(self.spool) for path in study_images(self.spool, study)]

    @property
    def kinds(self) -> list[str]:
        return [arrival.kind for arrival in self.arrivals]


@contextmanager
def scp(folder: Path, biggest: int = BIG, free=lambda _: BIG, heard=None, take=None, **given) -> Iterator[Listening]:
    """Listen at a free port."""
    spool = Spool(folder)
    ear = Listening(0, spool)
    intake = Intake(spool, Disk(folder, 1000, free), heard or ear.arrivals.append, biggest)
    with listening(ScpSettings(port=0, **given), intake, take) as ear.port:
        yield ear


def dcmtk(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run one of dcmtk's programs."""
    if not shutil.which(program):
        pytest.skip(f"{program} (Debian package dcmtk) is missing: nothing of another program's is received")
    command = [program, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={"TCP_NODELAY": "1", "PATH": "/usr/bin:/bin"}
    )
