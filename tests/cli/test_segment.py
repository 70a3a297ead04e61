"""`oncontour segment`: arguments, exit codes, and what is shown. The work on a case is replaced."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.checks import Check
from oncontour.core.errors import BundleError
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.files import write_json
from oncontour.data.nifti import write_nifti
from oncontour.measure.regions import RegionMeasurement
from oncontour.pipeline.folders import result_folder
from oncontour.pipeline.models import Models
from oncontour.pipeline.outcome import CaseResult

WT = RegionMeasurement("WT", "whole tumour", 12.34, 1.0, 1, None, None, 30.0)
MIRROR = Check("mirror T2", "warn", 0.2, "", "at least 0.5", "T2 may be mirrored.")


@pytest.fixture
def seen(monkeypatch):
    """Replaces models and the work on a case; returns the options and studies it was called with."""
    called = []

    def fake(study, folder, options, *, models, clock, record):
        called.append((study, options))
        with result_folder(folder) as part:
            write_json(part / "measurements.json", {"regions": [{"name": "WT", "volume_ml": 12.34}]})
            write_json(part / "provenance.json", record)
        steps = tuple(clock.steps)
        return CaseResult(
            study.name, folder, Sequence.T1CE, (), (WT,), (MIRROR,), steps, 1.0, study.decisions, ("A note.",)
        )

    monkeypatch.setattr("oncontour.pipeline.segment.segment_case", fake)
    monkeypatch.setattr(Models, "record", {"tumour": {"name": "default", "sha256": "0"}})
    return called


@pytest.fixture
def case(tmp_path):
    """A folder of two small images."""
    (tmp_path / "pat1").mkdir()
    for n, name in enumerate(("t1c.nii.gz", "flair.nii.gz")):
        array = np.random.default_rng(n).normal(100, 10, (6, 7, 8)).astype(np.float32)
        write_nifti(Volume(array, np.eye(4)), tmp_path / "pat1" / name)
    return tmp_path / "pat1"


def run(*arguments):
    return CliRunner().invoke(app, ["segment", *map(str, arguments)], env={"COLUMNS": "200"})


def test_a_good_case(case, tmp_path, seen):
    done = run(case, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "12.3" in done.stdout
    assert f"pat1: {tmp_path / 'out' / 'pat1' / 'report.html'}\n" in done.stdout
    for text in ("t1c.nii.gz", 'the name holds "t1c"', "0.95", "A note.", "warn: T2 may be mirrored."):
        assert text in done.stderr


def test_options_arrive(case, tmp_path, seen):
    mask = tmp_path / "mask.nii.gz"
    write_nifti(Volume(np.ones((6, 7, 8), bool), np.eye(4)), mask, "bool")
    done = run(
        case, "--out", tmp_path / "out", "--use", "flair=t1c.nii.gz", "--no-bias-field", "--skull-stripped",
        "--brain-mask", mask, "--normalisation", "minmax", "--bundle", "mine", "--dicom", "--resume",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    ((study, options),) = seen
    assert dict(options.use) == {Sequence.FLAIR: "t1c.nii.gz"}
    assert study.images[Sequence.FLAIR].source == "t1c.nii.gz"
    assert (options.bias_field, options.skull_stripped, options.brain_mask) == (False, True, mask)
    assert (options.normalisation, options.bundle, options.dicom, options.resume) == ("minmax", "mine", True, True)


def test_files_one_by_one(case, tmp_path, seen):
    done = run("--t1ce", case / "flair.nii.gz", "--t2", case / "t1c.nii.gz", "--name", "x", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    ((study, _),) = seen
    assert {s: image.source for s, image in study.images.items()} == {
        Sequence.T1CE: "flair.nii.gz",
        Sequence.T2: "t1c.nii.gz",
    }
    assert (tmp_path / "out" / "x").is_dir()


def test_json_is_all_that_standard_output_holds(case, tmp_path, seen):
    done = run(case, tmp_path / "absent", "--out", tmp_path / "out", "--json")
    content = json.loads(done.stdout)
    assert [(entry["case"], entry["status"]) for entry in content["cases"]] == [("pat1", "done"), ("absent", "failed")]
    assert content["cases"][0]["volumes_ml"] == {"WT": 12.34}
    assert content["cases"][1]["error"]["found"] == "nothing of that name"
    assert done.exit_code == 1


def test_a_failed_case_is_told_and_the_others_are_done(case, tmp_path, seen):
    (tmp_path / "empty").mkdir()
    done = run(tmp_path / "empty", case, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert len(seen) == 1
    assert "empty failed" in done.stderr
    for text in ("found    an empty folder", "expected a study", "remedy   Give the folder"):
        assert text in done.stderr
    assert "failed" in done.stdout
    assert (tmp_path / "out" / "empty" / "error.json").is_file()


def test_resumed_cases_keep_their_volumes(case, tmp_path, seen):
    run(case, "--out", tmp_path / "out")
    done = run(case, "--out", tmp_path / "out", "--resume")
    assert done.exit_code == 0
    assert len(seen) == 1
    assert "skipped" in done.stdout
    assert "12.3" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--out", "OUT"],
        ["CASE"],
        ["CASE", "--t1ce", "CASE/t1c.nii.gz", "--out", "OUT"],
        ["CASE", "--out", "OUT", "--use", "T9=4"],
        ["CASE", "--out", "OUT", "--use", "T1CE"],
        ["CASE", "--out", "OUT", "--normalisation", "none"],
        ["CASE", "--out", "OUT", "--nonsense"],
        ["CASE", "--out", "FILE"],
    ],
)
def test_unusable_arguments_are_told_apart_from_bad_cases(case, tmp_path, seen, arguments):
    (tmp_path / "file").write_text("")
    places = {"CASE": str(case), "OUT": str(tmp_path / "out"), "FILE": str(tmp_path / "file")}
    done = run(*(re.sub("^(CASE|OUT|FILE)", lambda name: places[name.group()], text) for text in arguments))
    assert done.exit_code == 2, done.output
    assert seen == []


def test_a_missing_bundle_is_unusable(case, tmp_path, monkeypatch):
    def refuse(name, *_):
        raise BundleError(name, "no plan.yaml", "a bundle's folder", "Give --bundle a name or a folder.")

    monkeypatch.setattr("oncontour.inference.bundle.load_bundle", refuse)
    done = run(case, "--out", tmp_path / "out", "--bundle", "nowhere")
    assert done.exit_code == 2
    assert "nowhere" in done.stderr
    assert "Give --bundle" in done.stderr


def test_an_interrupt_says_what_is_kept(case, tmp_path, seen, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("oncontour.pipeline.segment.segment_case", interrupt)
    done = run(case, "--out", tmp_path / "out")
    assert done.exit_code == 130
    assert "what is finished is kept" in done.stderr
