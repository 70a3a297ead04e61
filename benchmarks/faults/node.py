"""`oncontour node run`, with fuses, with a clock that can be set, and with a stand-in for the segmentation."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

import oncontour.node.configuration.check
import oncontour.node.service
import oncontour.node.work.workflow
from faults.fuses import lay
from oncontour.cli.main import app
from oncontour.node.work.segmenter import in_own_process

WORKER = Path(__file__).with_name("worker.py")


UNIX_EPOCH = 2440587.5
"""As a Julian day."""


def main(settings: str, orders: str, real: bool, clock: str | None) -> None:
    """Run a node until it ends.

    Args:
        settings: its node.yaml.
        orders: folder of orders to fail.
        real: with the real pipeline.
        clock: a file that says by how many seconds it is wrong; None: it is right.
    """
    lay(Path(orders))
    if clock:
        _set(Path(clock))
    if not real:
        program = (sys.executable, "-I", "-S", str(WORKER), orders)
        oncontour.node.service.in_own_process = partial(in_own_process, program=program)
    sys.argv = ["oncontour", "node", "run", "--config", settings]
    app()


def _set(clock: Path) -> None:
    """Make this process' wall clock, and SQLite's, follow a file. (libfaketime breaks Python's sleep: EINVAL.)"""
    right = time.time

    def wrong() -> float:
        return right() + float(clock.read_text())

    time.time = wrong

    @event.listens_for(Engine, "connect")
    def connect(connection: Any, _: object) -> None:
        if hasattr(connection, "create_function"):
            connection.create_function("julianday", 1, lambda _: UNIX_EPOCH + wrong() / 86400.0)
