"""A whole node: images in by C-STORE, results out to a real Orthanc; killed, and taken over."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from pydicom import dcmread
from pydicom.uid import generate_uid
from sqlalchemy.exc import OperationalError

from oncontour.core.errors import InputError
from oncontour.node.configuration.load import load_settings
from oncontour.node.configuration.settings import NodeSettings
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import ENDS, State
from oncontour.node.ledger.cases import list_cases
from oncontour.node.ledger.deliveries import list_deliveries
from oncontour.node.ledger.events import list_events
from oncontour.node.ledger.nodes import Listener
from oncontour.node.ledger.tables import NODES
from oncontour.node.peers.dimse import Dimse
from oncontour.node.peers.settings import DimsePeer
from oncontour.node.routing.rules import default_rules
from oncontour.node.service import run_node
from oncontour.node.shown import NodeCases
from oncontour.node.work.heartbeat import beating
from oncontour.node.work.settings import WorkSettings
from oncontour.review.results.gallery import Gallery

from ..orthanc import TITLE, Orthanc, free_port
from .pacs import report, running, tell
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

    @property
    def began(self):
        return (self.folder / f"began-{self.name}").exists()

    def send(self, files):
        peer = DimsePeer(protocol="dimse", title="ONCONTOUR", host="127.0.0.1", port=self.port)
        assert Dimse("node", peer, "MR1").store(files) == {}


@pytest.fixture
def nodes():
    started = []
    yield started
    for node in started:
        if node.process.poll() is None:
            os.kill(node.process.pid, signal.SIGCONT)
            node.kill()


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


def test_from_the_scanner_to_the_pacs(tmp_path, orthanc, nodes):
    before = instances(orthanc)
    node = Node(tmp_path, "node-1", orthanc)
    nodes.append(node)
    node.send(new_study(tmp_path / "one"))
    node.send(new_study(tmp_path / "two"))
    base = open_base(f"sqlite:///{tmp_path}/place/node.db")
    cases = wait_for(lambda: ended(base, 2), "end of two cases")
    assert {case.state for case in cases} == {State.DELIVERED}
    assert instances(orthanc) == before + 2
    node.kill(signal.SIGTERM)
    assert node.process.returncode == 0


def test_killed_in_mid_case_it_goes_on(tmp_path, orthanc, nodes):
    before = instances(orthanc)
    node = Node(tmp_path, "node-1", orthanc, takes_s=2.0)
    nodes.append(node)
    node.send(new_study(tmp_path / "one"))
    wait_for(lambda: node.began, "beginning")
    node.kill()
    node.start()
    base = open_base(f"sqlite:///{tmp_path}/place/node.db")
    (case,) = wait_for(lambda: ended(base, 1), "end of the case")
    assert case.state is State.DELIVERED
    assert instances(orthanc) == before + 1


def test_a_dead_nodes_case_is_taken_over_and_a_frozen_one_does_not_deliver_it_again(tmp_path, orthanc, postgres, nodes):
    before = instances(orthanc)
    first = Node(tmp_path, "first", orthanc, postgres, takes_s=3.0)
    nodes.append(first)
    first.send(new_study(tmp_path / "one"))
    wait_for(lambda: first.began, "beginning")
    os.kill(first.process.pid, signal.SIGSTOP)  # Frozen, as a machine that swaps: worse than dead.
    second = Node(tmp_path, "second", orthanc, postgres, takes_s=0.1)
    nodes.append(second)
    base = open_base(postgres)
    (case,) = wait_for(lambda: ended(base, 1), "end of the case")
    assert (case.state, case.node) == (State.DELIVERED, "second")
    os.kill(first.process.pid, signal.SIGCONT)
    assert first.process.wait(30) == 75
    assert instances(orthanc) == before + 1
    assert [event.kind for event in list_events(base, case.case)].count("delivered") == 1


def test_killed_while_a_promise_is_waited_for(tmp_path, nodes):
    """The PACS is asked once, and its report, which comes after the node's restart, counts."""
    with running() as pacs:
        there = Orthanc(dicom=pacs.port, http=0)
        node = Node(tmp_path, "node-1", there, title="PACS", commitment=True)
        nodes.append(node)
        node.send(new_study(tmp_path / "one"))
        wait_for(lambda: pacs.asked, "request")
        base = open_base(f"sqlite:///{tmp_path}/place/node.db")
        wait_for(lambda: [event for event in list_events(base) if event.kind == "commitment asked"], "acceptance")
        node.kill()
        node.start()
        ((transaction, instances),) = pacs.asked.items()
        (case,) = list_cases(base)
        assert case.state is State.DELIVERING
        assert tell(node.port, report(transaction, instances)) == 0
        (case,) = wait_for(lambda: ended(base, 1), "end of the case")
        assert case.state is State.DELIVERED
        assert (len(pacs.asked), len(pacs.stored)) == (1, 1)
        kinds = [event.kind for event in list_events(base, case.case)]
        assert kinds[-4:] == ["delivering", "commitment asked", "committed", "delivered"]


def test_of_three_nodes_one_is_killed_for_good_and_the_others_finish_its_cases_once(tmp_path, orthanc, postgres, nodes):
    before = instances(orthanc)
    for name in ("one", "two", "three"):
        nodes.append(Node(tmp_path, name, orthanc, postgres, takes_s=2.0, silent_s=30.0))
    for number in range(6):
        nodes[number % 3].send(new_study(tmp_path / f"study-{number}"))
    base = open_base(postgres)
    wait_for(lambda: nodes[0].began, "beginning")
    nodes[0].kill()
    at_work = {case.case for case in list_cases(base) if case.node == "one" and case.state not in ENDS}
    cases = wait_for(lambda: ended(base, 6), "end of six cases", 2 * SECONDS)
    assert {case.state for case in cases} == {State.DELIVERED}
    assert at_work
    assert {case.node for case in cases if case.case in at_work} <= {"two", "three"}
    assert instances(orthanc) == before + 6
    for case in cases:
        assert [event.kind for event in list_events(base, case.case)].count("delivered") == 1
    assert [node.process.poll() for node in nodes[1:]] == [None, None]


def test_a_data_base_that_goes_away_while_a_node_begins_is_named(tmp_path, monkeypatch):
    def start(site, url):
        raise OperationalError("SELECT", {}, ConnectionError("the server is shutting down"))

    monkeypatch.setattr("oncontour.node.service.start", start)
    settings = NodeSettings(name="a", place=tmp_path)
    with pytest.raises(InputError, match="database: found sqlite"):
        run_node(settings, default_rules(), threading.Event())


def test_a_data_base_that_is_away_does_not_keep_a_node_from_stopping(tmp_path):
    base = open_base(f"sqlite:///{tmp_path}/node.db")
    with beating(base, "a", WorkSettings(), Listener(60.0), lambda nodes: 0):
        assert "heartbeat" in [thread.name for thread in threading.enumerate()]
        NODES.drop(base)
    assert "heartbeat" not in [thread.name for thread in threading.enumerate()]


COMMAND = """
import sys
from functools import partial
import oncontour.node.service
from oncontour.cli.main import app
from oncontour.node.work.segmenter import in_own_process
waits = "import json, sys; open(json.loads(sys.stdin.readline())[1] + '.begun', 'w'); sys.stdin.read()"
program = (sys.executable, "-c", waits)
oncontour.node.service.in_own_process = partial(in_own_process, program=program)
sys.argv = ["oncontour", "node", "run", "--config", sys.argv[1]]
app()
"""


def test_told_to_stop_it_does_not_wait_for_a_segmentation(tmp_path, orthanc, nodes):
    node = Node(tmp_path, "node-1", orthanc)
    nodes.append(node)
    node.kill(signal.SIGTERM)
    node.process = subprocess.Popen([sys.executable, "-c", COMMAND, node.file])
    wait_for(lambda: listens(node.port), "listening", 3 * SECONDS)
    node.send(new_study(tmp_path / "one"))
    wait_for(lambda: list((tmp_path / "place" / "results").glob("*.begun")), "beginning")
    node.kill(signal.SIGTERM)
    assert node.process.returncode == 0
    (case,) = list_cases(open_base(f"sqlite:///{tmp_path}/place/node.db"))
    assert case.state is State.WORKING
    node.start()
    wait_for(lambda: ended(open_base(f"sqlite:///{tmp_path}/place/node.db"), 1), "end of the case")


def listens(port):
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
def test_a_real_head_through_the_real_pipeline(tmp_path, orthanc, nodes):
    """A study sent by dcmtk from several associations at once; what Orthanc then has is what the pipeline found."""
    if not shutil.which("storescu"):
        pytest.skip("dcmtk is not here: nothing is sent by it")
    made = tmp_path / "study"
    phantom = ["phantom", made, "--cases", "1", "--skull", "--dicom", "--spacing", "2", "--seed", "6"]
    phantom += ["--without", "T1", "--without", "T2"]
    subprocess.run([sys.executable, "-m", "oncontour", *phantom], check=True, capture_output=True)
    files = sorted(file for file in made.rglob("*.dcm"))
    node = Node(tmp_path, "node-1", orthanc, takes_s=None)
    nodes.append(node)
    senders = [
        subprocess.Popen(
            ["storescu", "-aet", "MR1", "-aec", "ONCONTOUR", "127.0.0.1", str(node.port), *files[n::4]],
            env={**os.environ, "TCP_NODELAY": "1"},
        )
        for n in range(4)
    ]
    assert [sender.wait(120) for sender in senders] == [0] * 4
    base = open_base(f"sqlite:///{tmp_path}/place/node.db")
    (case,) = wait_for(lambda: ended(base, 1), "end of the case", 400)
    assert (case.state, case.reason) == (State.DELIVERED, None)
    folder = tmp_path / "place" / "results" / case.result["folder"] / case.case
    for delivery in list_deliveries(base, case.case):
        there = orthanc.post("/tools/lookup", delivery.instance.encode())
        assert dcmread(BytesIO(orthanc.get(there[0]["Path"] + "/file"))) == dcmread(folder / delivery.file)
    look_at_it(node.file, base, case.case, tmp_path)


def look_at_it(config, base, name, folder):
    """The review page has the case, its images and the small picture of it."""
    (folder / "temporary").mkdir()
    gallery = Gallery(NodeCases(load_settings(config), base, folder / "temporary", days=1))
    assert gallery.results[name].error is None
    assert "T1CE" in gallery.shown(name).images
    assert gallery.thumbnail(name).startswith(b"\x89PNG")
