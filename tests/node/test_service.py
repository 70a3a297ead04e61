"""A whole node: images in by C-STORE, results out to a real Orthanc; killed, and taken over."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy.exc import OperationalError

from oncontour.core.errors import InputError
from oncontour.node.configuration.settings import NodeSettings
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import ENDS, State
from oncontour.node.ledger.cases import list_cases
from oncontour.node.ledger.events import list_events
from oncontour.node.ledger.nodes import Listener
from oncontour.node.ledger.tables import NODES
from oncontour.node.routing.rules import default_rules
from oncontour.node.service import run_node
from oncontour.node.work.heartbeat import beating
from oncontour.node.work.settings import WorkSettings

from ..orthanc import Orthanc
from .nodes import SECONDS, Node, ended, instances, new_study, wait_for
from .pacs import report, running, tell


def test_from_the_scanner_to_the_pacs(tmp_path, orthanc, nodes):
    before = instances(orthanc)
    node = Node(tmp_path, "node-1", orthanc)
    nodes.append(node)
    node.send(new_study(tmp_path / "one"))
    node.send(new_study(tmp_path / "two"))
    base = node.base
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
    base = node.base
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
        base = node.base
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


def test_a_node_that_was_frozen_in_the_middle_of_a_beat_ends(tmp_path, monkeypatch):
    base, ended = open_base(f"sqlite:///{tmp_path}/node.db"), threading.Event()
    takes = iter((0.0, 1.0))
    monkeypatch.setattr("oncontour.node.work.heartbeat.beat", lambda base, node: time.sleep(next(takes, 0.0)))

    def lost():
        ended.set()
        sys.exit()

    with beating(base, "a", WorkSettings(beat_s=0.05, silent_s=1.0), Listener(60.0), lambda nodes: 0, lost):
        assert ended.wait(10)


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
    (case,) = list_cases(node.base)
    assert case.state is State.WORKING
    node.start()
    wait_for(lambda: ended(node.base, 1), "end of the case")


def listens(port):
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0
