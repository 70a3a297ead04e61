"""`oncontour bids`: the command line of a BIDS App. The work is replaced."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from oncontour import __version__
from oncontour.cli.main import app
from oncontour.core.errors import InputError
from oncontour.pipeline.outcome import CaseOutcome


@pytest.fixture
def called(monkeypatch, tmp_path):
    calls = []

    def fake(root, out, options, *, participants, sessions, workers, progress, started, finished):
        calls.append((root, out, options, participants, sessions, workers))
        return [CaseOutcome("sub-01", tmp_path, "done", 1.0, {"WT": 1.0})]

    monkeypatch.setattr("oncontour.pipeline.bids.segment_bids", fake)
    return calls


def run(*arguments):
    return CliRunner().invoke(app, ["bids", *map(str, arguments)], env={"COLUMNS": "200", "PATH": ""})


@pytest.mark.parametrize("name", ["--participant-label", "--participant_label"])
def test_a_list_behind_a_name(called, tmp_path, name):
    done = run(tmp_path, "out", "participant", name, "01", "02", "--session-label", "a", "--bundle", "b", "-j", "2")
    assert done.exit_code == 0
    ((root, out, options, participants, sessions, workers),) = called
    assert (root, str(out), participants, sessions) == (tmp_path, "out", ["01", "02"], ["a"])
    assert (options.bundle, options.resume, workers) == ("b", False, 2)


def test_no_validator_is_said(called, tmp_path):
    assert "No bids-validator is installed" in run(tmp_path, "out", "participant").output
    assert "No bids-validator" not in run(tmp_path, "out", "participant", "--skip-bids-validator").output


def test_a_data_set_that_the_validator_refuses(called, tmp_path, monkeypatch):
    validator = tmp_path / "bids-validator"
    validator.write_text("#!/bin/sh\nexit 16\n")
    validator.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(validator) if name == validator.name else None)
    done = run(tmp_path, "out", "participant")
    assert done.exit_code == 2
    assert called == []


@pytest.mark.parametrize("wrong", [(), ("in", "out"), ("in", "out", "group"), ("in", "out", "participant", "--what")])
def test_arguments_that_cannot_be_used(called, wrong):
    assert run(*wrong).exit_code == 2
    assert called == []


def test_the_version():
    done = run("--version")
    assert (done.exit_code, done.output) == (0, f"oncontour {__version__}\n")


def test_exit_codes(called, monkeypatch, tmp_path):
    error = InputError("x", "nothing", "something", "Give it.")
    failed = [CaseOutcome("sub-01", tmp_path, "failed", 1.0, {}, error=error)]
    monkeypatch.setattr("oncontour.pipeline.bids.segment_bids", lambda *_, **__: failed)
    assert run(tmp_path, "out", "participant").exit_code == 1
