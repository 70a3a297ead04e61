"""The container files, which cannot be built in the tests: what they copy is there, what they run is ours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAIN = (ROOT / "deploy" / "Containerfile", ROOT)
GEAR = (ROOT / "deploy" / "flywheel" / "Containerfile", ROOT / "deploy" / "flywheel")


def instructions(file):
    """Each instruction and its argument, with lines joined."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    return [tuple(line.split(None, 1)) for line in "\n".join(lines).replace("\\\n", "").splitlines() if line.strip()]


@pytest.mark.parametrize(("file", "context"), [MAIN, GEAR])
def test_what_is_copied_is_there(file, context):
    copied = [text.split()[:-1] for name, text in instructions(file) if name == "COPY" and "--from" not in text]
    sources = [source for names in copied for source in names]
    assert sources
    assert [source for source in sources if not (context / source).exists()] == []


def test_the_image_runs_our_command_and_not_as_root():
    found = instructions(MAIN[0])
    assert json.loads(dict(found)["ENTRYPOINT"]) == ["/opt/oncontour/bin/oncontour"]
    (user,) = (text for name, text in found if name == "USER")
    assert int(user) > 0
    assert 'oncontour = "oncontour.cli.main:app"' in (ROOT / "pyproject.toml").read_text()


def test_bases_are_pinned():
    bases = [text.split()[0] for name, text in instructions(MAIN[0]) if name == "FROM"]
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases[0])


def test_the_gears_command_is_the_images_entry_point():
    manifest = json.loads((GEAR[1] / "manifest.json").read_text())
    found = dict(instructions(GEAR[0]))
    assert manifest["command"] == " ".join(json.loads(found["ENTRYPOINT"]))
    assert found["WORKDIR"] == "/flywheel/v0"
    assert (GEAR[1] / "run").stat().st_mode & 0o111


@pytest.mark.parametrize("file", [MAIN[0], GEAR[0]])
def test_hadolint_has_nothing_to_say(file):
    if not shutil.which("hadolint"):
        pytest.skip("hadolint is missing: the container files are not linted")
    done = subprocess.run(["hadolint", str(file)], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "")
