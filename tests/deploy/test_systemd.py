"""The systemd unit, judged by systemd itself."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from oncontour.node.work.site import OUSTED

UNIT = Path(__file__).parents[2] / "deploy" / "oncontour-node.service"

MOST_EXPOSED = 20
"""Tenths on systemd's scale; a service with no hardening has 96."""


def analyze(*arguments):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is missing: the unit is not judged")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=120)


def test_systemd_understands_it(tmp_path):
    text = UNIT.read_text()
    assert text.count("/opt/oncontour/bin/oncontour ") == 1
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("/opt/oncontour/bin/oncontour ", f"{sys.executable} "))
    done = analyze("verify", "--man=no", "--recursive-errors=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_little_is_exposed():
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(UNIT))
    assert done.returncode == 0, done.stdout


def test_a_node_that_lost_its_cases_is_started_again():
    unit = configparser.RawConfigParser(strict=False)
    unit.read(UNIT)
    assert unit["Service"]["RestartForceExitStatus"] == str(OUSTED)
    assert unit["Service"]["User"] == "oncontour"
    assert re.search(r"^StartLimitIntervalSec=0$", UNIT.read_text(), re.MULTILINE)
