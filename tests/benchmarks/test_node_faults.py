"""benchmarks/node_faults.py in small: nodes that are killed, a peer that lies; nothing is lost, nothing comes twice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_ten_faults(benchmarks: Path):
    command = [sys.executable, benchmarks / "node_faults.py", "--faults", "10", "--worlds", "one node", "--seed", "11"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=550)
    assert ran.returncode == 0, ran.stdout


def test_an_order_is_carried_out_once(benchmarks, tmp_path):
    from faults.orders import FIRED, fired_at, give, take, withdraw

    (tmp_path / FIRED).mkdir()
    give(tmp_path, "here", 1)
    give(tmp_path, "here", 2)
    assert (take(tmp_path, "there"), fired_at(tmp_path, 1)) == (False, None)
    assert take(tmp_path, "here")
    assert fired_at(tmp_path, 1) is not None
    withdraw(tmp_path, "here", 2)
    assert not take(tmp_path, "here")


def test_every_fuse_has_its_place_in_the_nodes_code(benchmarks, tmp_path):
    """A function that was renamed would leave a fuse that never burns."""
    lay = (
        "import sys; sys.path.insert(0, sys.argv[1]); from faults import fuses; fuses.lay(fuses.Path()); print('laid')"
    )
    laid = subprocess.run([sys.executable, "-c", lay, benchmarks], capture_output=True, text=True, timeout=120)
    assert (laid.returncode, laid.stdout) == (0, "laid\n"), laid.stderr


def test_the_stand_in_writes_what_the_node_reads(benchmarks, tmp_path):
    from faults.orders import FIRED
    from faults.studies import make_study
    from faults.worker import OBJECTS
    from pydicom import dcmread

    (tmp_path / FIRED).mkdir()
    study = make_study(tmp_path / "made", 1, 1)
    folder = tmp_path / "made" / "1"
    worker = benchmarks / "faults" / "worker.py"
    told = json.dumps([str(folder), str(tmp_path / "out"), "default"])
    subprocess.run(
        [sys.executable, "-I", "-S", worker, tmp_path], input=f"{told}\n", text=True, check=True, timeout=120
    )
    made = sorted((tmp_path / "out").rglob("*.dcm"))
    assert len(made) == len(OBJECTS)
    assert {str(dcmread(file).StudyInstanceUID) for file in made} == {study.uid}
    shutil.rmtree(tmp_path / "out")
