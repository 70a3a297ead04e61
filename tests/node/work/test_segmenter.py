"""A process for each study, and the next one's begun ahead."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oncontour.core.errors import InputError, OncontourError
from oncontour.node.work.child import ORPHANED
from oncontour.node.work.segmenter import CHILD, in_own_process

STUDY, OUT = Path("case-1"), Path("out")


def program(body, begins="pass"):
    lines = (
        "import json, os, signal, sys, time",
        begins,
        "study, out, bundle = json.loads(sys.stdin.readline())",
        body,
    )
    return (sys.executable, "-c", "\n".join(lines))


def test_each_study_has_a_process_of_its_own_which_began_before_it_was_told(tmp_path):
    begins = "began = time.time()"
    segment = in_own_process(60, program("open(out, 'w').write(f'{os.getpid()} {began} {study} {bundle}')", begins))
    segment(STUDY, tmp_path / "1", "default")
    time.sleep(1.0)
    told = time.time()
    segment(Path("case-2"), tmp_path / "2", "other")
    first, second = ((tmp_path / name).read_text().split() for name in "12")
    assert first[0] != second[0]
    assert (first[2:], second[2:]) == (["case-1", "default"], ["case-2", "other"])
    assert float(second[1]) < told


def test_a_process_that_was_killed_while_it_waited_costs_nothing(tmp_path):
    pids = tmp_path / "pids"
    begins = f"print(os.getpid(), file=open({str(pids)!r}, 'a'))"
    segment = in_own_process(60, program("open(out, 'w')", begins))
    segment(STUDY, tmp_path / "1", "default")
    while len(pids.read_text().split()) < 2:
        time.sleep(0.05)
    os.kill(int(pids.read_text().split()[1]), 9)
    time.sleep(0.2)
    segment(STUDY, tmp_path / "2", "default")
    assert (tmp_path / "2").exists()
    assert len(pids.read_text().split()) >= 3


def test_what_it_says_is_told(tmp_path):
    said = "print(json.dumps(dict(kind='InputError', where='x', found='y', expected='z', remedy='w'))); sys.exit(1)"
    with pytest.raises(InputError, match="found y; expected z"):
        in_own_process(60, program(said))(STUDY, OUT, "default")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by signal 9"),
        ("print('no JSON'); sys.exit(3)", "exit code 3"),
        ("time.sleep(60)", "no end after 0.5 s"),
    ],
)
def test_how_it_ended_is_told(body, found):
    with pytest.raises(OncontourError, match=found):
        in_own_process(0.5 if "sleep" in body else 60, program(body))(STUDY, OUT, "default")


def test_one_that_cannot_even_begin_is_told():
    with pytest.raises(OncontourError, match="exit code 4"):
        in_own_process(60, program("pass", "sys.exit(4)"))(STUDY, OUT, "default")


def test_the_real_one_ends_when_nobody_tells_it_anything():
    assert subprocess.run(CHILD, stdin=subprocess.DEVNULL, timeout=120).returncode == ORPHANED
