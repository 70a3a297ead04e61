"""A node as `oncontour node run` starts it, and what it holds of memory, files and threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from receivers.programs import group, pss_mib

NODE = (sys.executable, "-m", "oncontour", "node", "run", "--config")
STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in.py")))
"""Commands, less the configuration: the real node, and one whose segmentation is a stand-in."""

_START_S = 120.0
_LOOK_S = 0.5


@dataclass
class Node:
    """A running one.

    Args:
        peak_mib: largest proportional set size of the node and its segmentation together since it was last asked.
    """

    process: subprocess.Popen[bytes]
    peak_mib: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)

    def holds(self) -> tuple[float, int, int]:
        """Memory of the node's own in MiB (RssAnon: what it shares with no program), its open files, its threads."""
        place = Path(f"/proc/{self.process.pid}")
        lines = (place / "status").read_text("utf-8").splitlines()
        own = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon:"))
        return own, len(list((place / "fd").iterdir())), len(list((place / "task").iterdir()))

    def peak(self) -> float:
        """Since the last call, in MiB."""
        peak, self.peak_mib = self.peak_mib, 0.0
        return peak

    def watch(self) -> None:
        """Look at the memory of its process group until it ends."""
        while not self.ended.wait(_LOOK_S):
            self.peak_mib = max(self.peak_mib, sum(map(pss_mib, group(self.process.pid))))


@contextmanager
def running(folder: Path, program: Sequence[str], settings: dict[str, Any]) -> Iterator[Node]:
    """Run one until the block ends.

    Args:
        program: `NODE` or `STAND_IN`.
        settings: of node.yaml.
    """
    file = folder / "node.yaml"
    file.write_text(yaml.safe_dump(settings), "utf-8")
    with (folder / "node.log").open("wb") as log:
        process = subprocess.Popen(
            [*program, str(file)], stdout=log, stderr=log, start_new_session=True, env=dict(os.environ)
        )
    node = Node(process)
    watcher = threading.Thread(target=node.watch, daemon=True)
    try:
        _wait(process, settings["watch"]["port"], folder / "node.log")
        watcher.start()
        yield node
    finally:
        node.ended.set()
        process.terminate()
        process.wait(60)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The node does not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.2)
