"""`oncontour node run`, with fuses and with a stand-in for the segmentation."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import oncontour.node.configuration.check
import oncontour.node.service
import oncontour.node.work.workflow  # noqa: F401 - here, so that a node that is forked begins at once
from faults.fuses import lay
from oncontour.cli.main import app
from oncontour.node.work.segmenter import in_own_process

WORKER = Path(__file__).with_name("worker.py")


def main(settings: str, orders: str, real: bool) -> None:
    """Run a node until it ends.

    Args:
        settings: its node.yaml.
        orders: folder of orders to fail.
        real: with the real pipeline.
    """
    lay(orders)
    if not real:
        program = (sys.executable, "-I", "-S", str(WORKER), orders)
        oncontour.node.service.in_own_process = partial(in_own_process, program=program)
    sys.argv = ["oncontour", "node", "run", "--config", settings]
    app()
