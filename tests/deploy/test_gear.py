"""The Flywheel gear on a folder as Flywheel makes it; `oncontour` is replaced by a small program."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.main import get_command

from oncontour.cli.main import app

GEAR = Path(__file__).parents[2] / "deploy" / "flywheel"
MANIFEST = json.loads((GEAR / "manifest.json").read_text())


@pytest.fixture
def gear(monkeypatch):
    """The module `run`."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = SourceFileLoader("gear", str(GEAR / "run"))
    module = module_from_spec(spec_from_loader("gear", loader))
    loader.exec_module(module)
    return module


def settings(inputs, **config):
    files = {name: {"base": "file", "location": {"name": file}} for name, file in inputs.items()}
    return {"config": config, "inputs": {**files, "api-key": {"base": "api-key", "key": "secret"}}}


def told(gear, inputs, **config):
    return gear.command(Path("/f"), settings(inputs, **config), Path("/out"))[3:]


def test_a_zip_of_dicom(gear):
    assert told(gear, {"study": "s.zip"}) == [
        "segment", "/f/input/study/s.zip", "--out", "/out", "--json", "--bundle", "default", "--bias-field", "--dicom",
    ]  # fmt: skip


def test_sequences_as_files(gear):
    inputs = {"flair": "b.nii.gz", "t1ce": "../a.nii.gz"}  # Flywheel's word for a name; it must lead nowhere.
    assert told(gear, inputs, bundle="paediatric", bias_field=False, dicom=False) == [
        "segment", "--t1ce", "/f/input/t1ce/a.nii.gz", "--flair", "/f/input/flair/b.nii.gz",
        "--out", "/out", "--json", "--bundle", "paediatric", "--no-bias-field",
    ]  # fmt: skip


def test_the_command_line_knows_every_argument(gear):
    every = dict.fromkeys(MANIFEST["inputs"], "x")
    options = {
        option for one in get_command(app).commands["segment"].params for option in (*one.opts, *one.secondary_opts)
    }
    for config in ({}, {"bias_field": False}):
        assert {part for part in told(gear, every, **config) if part.startswith("--")} <= options


def test_the_manifest_says_what_the_gear_reads(gear):
    assert set(MANIFEST["inputs"]) == {"study", *gear.SEQUENCES}
    defaults = {name: one["default"] for name, one in MANIFEST["config"].items()}
    assert told(gear, {"study": "s"}, **defaults) == told(gear, {"study": "s"})
    assert MANIFEST["custom"]["gear-builder"]["image"].endswith(f":{MANIFEST['version']}")


@pytest.mark.parametrize(("code", "result"), [(0, {"cases": ["c"]}), (1, {"cases": ["c"]}), (2, None)])
def test_the_contract(gear, tmp_path, monkeypatch, code, result):
    program = tmp_path / "program.py"
    program.write_text(
        "import json, pathlib, sys\n"
        "case = pathlib.Path(sys.argv[1]) / 'case-1'\n"
        "(case / 'overlay').mkdir(parents=True)\n"
        "(case / 'overlay' / '1.dcm').write_text('image')\n"
        "(case / 'report.html').write_text('report')\n"
        f"print({json.dumps(json.dumps(result))}) if {code} < 2 else None\n"
        f"sys.exit({code})\n"
    )
    monkeypatch.setattr(gear, "command", lambda folder, settings, out: [sys.executable, str(program), str(out)])
    folder = tmp_path / "v0"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(settings({"study": "s.zip"})))
    assert gear.main(folder) == code
    output = folder / "output"
    assert sorted(path.name for path in output.iterdir()) == ["case-1-overlay.zip", "case-1-report.html", "result.json"]
    assert ZipFile(output / "case-1-overlay.zip").namelist() == ["1.dcm"]
    assert json.loads((output / "result.json").read_text()) == (result or {"status": "failed", "cases": []})


def test_it_runs_as_a_program(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(settings({})))
    done = subprocess.run([sys.executable, GEAR / "run", tmp_path], capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "give either studies or the files of one study" in done.stderr
    assert json.loads((tmp_path / "output" / "result.json").read_text())["status"] == "failed"
