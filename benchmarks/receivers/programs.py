"""Starting each receiver in a process group of its own, on 127.0.0.1; counting what arrived; its memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local_port import free_port

NODELAY = {**os.environ, "TCP_NODELAY": "1", "OMP_NUM_THREADS": "1"}
"""Without it, Debian's dcmtk and Orthanc wait for the network's timers and take 20 images a second."""

_SMALLEST_IMAGE = 100_000
"""Bytes; what else the receivers write is smaller, but for Orthanc's index."""

_START_S = 60.0
_LOOK_S = 0.2


@dataclass
class Running:
    """A receiver that listens.

    Args:
        peak_mib: largest proportional set size of its process group that was seen.
    """

    port: int
    process: subprocess.Popen[bytes]
    peak_mib: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Look at its memory until it ends."""
        while not self.ended.wait(_LOOK_S):
            self.peak_mib = max(self.peak_mib, sum(map(pss_mib, group(self.process.pid))))


def oncontour(folder: Path, port: int) -> list[str]:
    """Our ear with its defaults; one process."""
    return [sys.executable, str(Path(__file__).with_name("ours.py")), str(folder), str(port)]


def storescp(folder: Path, port: int) -> list[str]:
    """dcmtk's, a process an association."""
    return ["storescp", "--fork", "-od", str(folder), str(port)]


def orthanc(folder: Path, port: int) -> list[str]:
    """Its defaults (SQLite, fsync of each file), without its web server."""
    settings = folder / "settings.json"
    content = {
        "StorageDirectory": str(folder),
        "IndexDirectory": str(folder),
        "HttpServerEnabled": False,
        "DicomPort": port,
        "DicomAlwaysAllowStore": True,
        "RemoteAccessAllowed": False,
        "Plugins": [],
    }
    settings.write_text(json.dumps(content), "utf-8")
    return ["Orthanc", str(settings)]


RECEIVERS = {"Oncontour": oncontour, "Orthanc": orthanc, "storescp": storescp}


@contextmanager
def receiver(name: str, folder: Path) -> Iterator[Running]:
    """Start one on an empty folder; it listens when the block begins."""
    port = free_port()
    folder.mkdir()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(RECEIVERS[name](folder, port), env=NODELAY, start_new_session=True, **quiet)
    running = Running(port, process)
    watcher = threading.Thread(target=running.watch)
    try:
        _wait_until_it_listens(name, running)
        watcher.start()
        yield running
    finally:
        running.ended.set()
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        if watcher.ident:
            watcher.join()


def arrived(folder: Path) -> int:
    """Images on disk: `dcmsend` and `storescu` may end well although nothing was accepted."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("index"))
    return sum(path.stat().st_size > _SMALLEST_IMAGE for path in files)


def _wait_until_it_listens(name: str, running: Running) -> None:
    deadline = time.monotonic() + _START_S
    while subprocess.run(["echoscu", "127.0.0.1", str(running.port)], capture_output=True, env=NODELAY).returncode:
        if time.monotonic() > deadline or running.process.poll() is not None:
            raise SystemExit(f"{name} does not start.")
        time.sleep(0.1)


def group(leader: int) -> list[int]:
    """Processes of a process group."""
    found = []
    for path in Path("/proc").iterdir():
        try:
            if path.name.isdigit() and os.getpgid(int(path.name)) == leader:
                found.append(int(path.name))
        except ProcessLookupError:
            continue
    return found


def pss_mib(process: int) -> float:
    """Proportional set size of a process; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0  # It ended.
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
