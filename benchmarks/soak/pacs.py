"""A hospital's PACS: a real Orthanc on 127.0.0.1 that sends studies to the node and gets the results."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_port import free_port
from receivers.programs import NODELAY

TITLE, NODE_TITLE = "ORTHANC", "ONCONTOUR"
_START_S = 60.0


@dataclass(frozen=True)
class Pacs:
    """A running one.

    Args:
        dicom, http: its ports.
    """

    dicom: int
    http: int

    def take(self, files: Sequence[Path]) -> str:
        """Store a study; Orthanc's own name of it."""
        parent = ""
        for file in files:
            parent = self._ask("/instances", file.read_bytes())["ParentStudy"]
        return parent

    def send(self, study: str) -> None:
        """Send a study to the node; returns when all of it was taken."""
        self._ask("/modalities/node/store", json.dumps({"Resources": [study], "Timeout": 60}).encode())

    def forget(self, study: str) -> None:
        """Remove a study."""
        self._ask(f"/studies/{study}", method="DELETE")

    def _ask(self, path: str, content: bytes | None = None, method: str | None = None) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", content, method=method)
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.loads(answer.read())


@contextmanager
def running(folder: Path, node: int) -> Iterator[Pacs]:
    """Run one.

    Args:
        folder: for its images and its log; made.
        node: DICOM port of the node.
    """
    folder.mkdir()
    there = Pacs(free_port(), free_port())
    settings = {
        "Name": "soak", "StorageDirectory": str(folder / "images"), "IndexDirectory": str(folder / "index"),
        "HttpBindAddresses": ["127.0.0.1"], "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
        "HttpPort": there.http, "DicomPort": there.dicom, "DicomAet": TITLE, "DicomCheckModalityHost": True,
        "DicomAlwaysAllowStore": False, "DicomModalities": {"node": [NODE_TITLE, "127.0.0.1", node]},
        "StableAge": 1, "OverwriteInstances": False, "Plugins": [],
    }  # fmt: skip
    configuration = folder / "orthanc.json"
    configuration.write_text(json.dumps(settings), "utf-8")
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen(["Orthanc", configuration], stdout=log, stderr=log, env={**os.environ, **NODELAY})
    try:
        _wait(there, process)
        yield there
    finally:
        process.terminate()
        process.wait()


def _wait(there: Pacs, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            there._ask("/system")
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("Orthanc does not start.") from None
            time.sleep(0.1)
