"""An Orthanc of a test's own, from Debian's packages (`scripts/test-tools.sh`).

Its web server listens on 127.0.0.1. Its DICOM port cannot be bound to an address, so it talks to known titles at
127.0.0.1 alone.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAM = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
DICOM_WEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
TITLE = "ORTHANC"
KNOWN = ("ONCONTOUR", "STORESCU")


@dataclass(frozen=True)
class Orthanc:
    """A running server.

    Args:
        dicom, http: its ports.
    """

    dicom: int
    http: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}"

    def get(self, path: str) -> Any:
        """An answer of its REST interface."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            content = answer.read()
        return json.loads(content) if "json" in answer.headers["Content-Type"] else content

    def put(self, path: str, content: Any) -> None:
        """Set something by its REST interface."""
        data = json.dumps(content).encode()
        urllib.request.urlopen(urllib.request.Request(self.url + path, data, method="PUT"), timeout=10).close()

    def post(self, path: str, content: bytes) -> Any:
        """Send something to its REST interface."""
        with urllib.request.urlopen(
            urllib.request.Request(self.url + path, content, method="POST"), timeout=30
        ) as answer:
            return json.loads(answer.read())


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def running(
    folder: Path, modalities: Mapping[str, tuple[str, str, int]] | None = None, **further: object
) -> Iterator[Orthanc]:
    """An Orthanc that keeps its images in a folder; skips where the program is missing.

    Args:
        modalities: whom it knows: name -> title, host, port.
        further: settings.
    """
    if not Path(PROGRAM).exists() or not DICOM_WEB.exists():
        pytest.skip("Orthanc with its DICOMweb plugin is not here: nothing is tried on it")
    there = Orthanc(free_port(), free_port())
    settings = {
        "Name": "test", "StorageDirectory": str(folder / "images"), "IndexDirectory": str(folder / "index"),
        "HttpBindAddresses": ["127.0.0.1"], "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
        "HttpPort": there.http, "DicomPort": there.dicom, "DicomAet": TITLE, "DicomCheckCalledAet": True,
        "DicomCheckModalityHost": True, "DicomAlwaysAllowStore": False, "DicomAlwaysAllowEcho": False,
        "DicomModalities": {name: list(value) for name, value in (modalities or {}).items()},
        "UnknownSopClassAccepted": True, "StableAge": 1, "OverwriteInstances": False,
        "Plugins": [str(DICOM_WEB)], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}, **further,
    }  # fmt: skip
    configuration = folder / "orthanc.json"
    configuration.write_text(json.dumps(settings))
    environment = {**os.environ, "TCP_NODELAY": "1"}  # Without it, dcmtk waits for acknowledgements.
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, configuration], stdout=log, stderr=log, env=environment)
    try:
        _wait(there, process, folder / "orthanc.log")
        yield there
    finally:
        process.kill()
        process.wait()


def _wait(there: Orthanc, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            there.get("/system")
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    pytest.fail(f"Orthanc did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def orthanc() -> Iterator[Orthanc]:
    """An Orthanc that takes what `KNOWN` titles send."""
    folder = Path(tempfile.mkdtemp(prefix="oncontour-orthanc-"))
    try:
        known = {title: (title, "127.0.0.1", 104) for title in KNOWN}
        with running(folder, known) as there:
            yield there
    finally:
        shutil.rmtree(folder, ignore_errors=True)
