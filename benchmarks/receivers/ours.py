"""Our ear in a process of its own: `python ours.py FOLDER PORT`, until it is ended."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from oncontour.node.receive.receiver import receiving
from oncontour.node.receive.settings import ReceiveSettings, ScpSettings
from oncontour.node.spool.store import Spool

if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    settings = ReceiveSettings(scp=ScpSettings(port=int(sys.argv[2])), keep_free_mb=100)
    with receiving(settings, Spool(Path(sys.argv[1])), lambda _: None):
        signal.sigwait({signal.SIGTERM})
