"""Nodes in processes of their own."""

import signal
import subprocess
import sys
import time
from functools import cached_property
from pathlib import Path

import pytest
import yaml
from pydicom.uid import generate_uid

from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import ENDS
from oncontour.node.ledger.cases import list_cases
from oncontour.node.peers.dimse import Dimse
from oncontour.node.peers.settings import DimsePeer

from ..orthanc import TITLE, free_port
from .peers.conftest import write_image

SECONDS = 90

NODE = """
import json, signal, sys, threading, time
from pathlib import Path
from pydicom import dcmread
from pydicom.uid import generate_uid
sys.path.insert(0, sys.argv[2])
from tests_image import write_image
from oncontour.node.configuration.load import load_settings
from oncontour.node.service import run_node
from oncontour.node.shown import NodeCases
from oncontour.node.configuration.check import rules_of


def segmenter(study, out, bundle):
    (Path(sys.argv[2]) / ("began-" + settings.name)).touch()
    time.sleep(float(sys.argv[3]))
    place = out / study.name
    place.mkdir(parents=True, exist_ok=True)
    write_image(place / "seg.dcm", generate_uid(), generate_uid(), 1)
    (place / "measurements.json").write_text(json.dumps({"regions": [{"name": "WT", "volume_ml": 3.5}]}))
    (place / "quality.json").write_text(json.dumps({"verdict": "ok", "steps": []}))
    (place / "provenance.json").write_text(json.dumps({"bundles": {}}))


settings = load_settings(Path(sys.argv[1]))
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
run_node(settings, rules_of(settings), stop, segmenter=segmenter if sys.argv[3] != "None" else None,
         ready=lambda receiver: print("ready", flush=True))
"""


class Node:
    """A node in a process of its own, with a segmenter that only waits."""

    def __init__(self, folder, name, orthanc, database=None, takes_s=0.1, port=None, silent_s=5.0, **pacs_too):
        self.port, self.watch = port or free_port(), free_port()
        pacs = {"protocol": "dimse", "title": TITLE, "host": "127.0.0.1", "port": orthanc.dicom, "timeout_s": 10}
        pacs |= pacs_too
        (folder / "tests_image.py").write_text((Path(__file__).parent / "peers" / "conftest.py").read_text())
        (folder / "node.py").write_text(NODE)
        self.settings = {
            "name": name, "rules": "rules.yaml", "place": str(folder / "place"), "database": database,
            "receive": {"keep_free_mb": 1, "scp": {"port": self.port}},
            "peers": {"pacs": pacs},
            "completion": {"quiet_s": 1.0}, "delivery": {"to": ["pacs"], "back_off_s": 0.5},
            "work": {"beat_s": 0.5, "silent_s": silent_s}, "watch": {"port": self.watch},
        }  # fmt: skip
        (folder / "rules.yaml").write_text("rules: [{name: all, then: {process: {bundle: default}}}]")
        self.file = folder / f"{name}.yaml"
        self.file.write_text(yaml.safe_dump(self.settings))
        self.folder, self.takes_s, self.name = folder, takes_s, name
        self.start()

    def start(self):
        command = [sys.executable, self.folder / "node.py", self.file, self.folder, str(self.takes_s)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait(30)

    @cached_property
    def base(self):
        """Its ledger, where it is in SQLite."""
        return open_base(f"sqlite:///{self.folder}/place/node.db")

    @property
    def began(self):
        return (self.folder / f"began-{self.name}").exists()

    def send(self, files):
        peer = DimsePeer(protocol="dimse", title="ONCONTOUR", host="127.0.0.1", port=self.port)
        assert Dimse("node", peer, "MR1").store(files) == {}


def new_study(folder, images=3):
    uid, series = generate_uid(), generate_uid()
    folder.mkdir(exist_ok=True)
    return [write_image(folder / f"{uid}.{n}.dcm", uid, series, n) for n in range(images)]


def wait_for(condition, what, seconds=SECONDS):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    pytest.fail(f"no {what} after {seconds} s")


def ended(base, number):
    cases = list_cases(base)
    return cases if len(cases) == number and all(case.state in ENDS for case in cases) else None


def instances(orthanc):
    return len(orthanc.get("/instances"))
