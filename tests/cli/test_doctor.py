"""`oncontour doctor` on the command line."""

from __future__ import annotations

import json

import numpy as np
import typer
from typer.testing import CliRunner

from oncontour.cli.doctor import register
from oncontour.core.volume import Volume
from oncontour.data.datasets import read_dataset
from oncontour.data.folds import save_folds, split_folds
from oncontour.data.nifti import write_nifti

app = typer.Typer()
register(app)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_sound_data_set(data, tmp_path):
    result = run(data, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "Nothing wrong, nothing doubtful." in result.stdout
    assert (tmp_path / "out" / "overlay.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads((tmp_path / "out" / "doctor.json").read_text())["problems"] == []


def test_what_is_wrong_gives_1_and_what_is_doubtful_when_strict(data):
    (data / "case_1" / "flair.nii.gz").unlink()
    assert run(data).exit_code == 0
    assert run(data, "--strict").exit_code == 1
    write_nifti(Volume(np.zeros((12, 14, 8), np.float32), np.eye(4)), data / "case_2" / "t1ce.nii.gz")
    result = run(data)
    assert result.exit_code == 1
    assert "1 wrong, 1 doubtful" in result.stdout
    assert "constant image" in result.stdout


def test_json_is_all_that_is_printed(data):
    (data / "cases.csv").write_text("case,patient\ncase_0,SECRET\n")
    result = run(data, "--json")
    content = json.loads(result.stdout)
    assert (content["scheme"], content["cases"], content["labels"][2]["cases"]) == ("brats", 3, 3)
    assert "SECRET" not in result.output


def test_folds_are_checked(data, tmp_path):
    save_folds(split_folds(read_dataset(data), 3), tmp_path / "folds.json")
    assert run(data, "--folds", tmp_path / "folds.json").exit_code == 0
    (data / "cases.csv").write_text("case,patient\ncase_0,p\ncase_1,p\n")
    result = run(data, "--folds", tmp_path / "folds.json")
    assert result.exit_code == 1
    assert "leakage" in result.stdout
    assert run(data, "--folds", tmp_path / "none.json").exit_code == 2


def test_no_data_set_gives_2(tmp_path):
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "no layout that fits" in result.stderr
