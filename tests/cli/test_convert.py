"""`oncontour convert` on the command line."""

from __future__ import annotations

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from oncontour.cli.convert import Layout, register
from oncontour.core.volume import Volume
from oncontour.data.datasets.convert import TARGETS
from oncontour.data.nifti import write_nifti

app = typer.Typer()
register(app)


@pytest.fixture
def source(tmp_path):
    for number in range(2):
        folder = tmp_path / "data" / f"case_{number}"
        folder.mkdir(parents=True)
        for name in ("t1ce", "flair", "seg"):
            array = np.random.default_rng(number).integers(0, 4, (4, 5, 6))
            write_nifti(Volume(array.astype(np.float32), np.eye(4)), folder / f"{name}.nii.gz")
    return tmp_path / "data"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_layouts_are_those_that_can_be_written():
    assert {layout.value for layout in Layout} == set(TARGETS)


def test_a_data_set_is_converted_and_converted_again(source, tmp_path):
    result = run(source, tmp_path / "out", "--to", "nnunet", "--scheme", "whole", "--sequence", "FLAIR")
    assert result.exit_code == 0, result.output
    assert "one folder a case -> nnunet, scheme whole: 2 cases in" in result.stdout
    assert sorted(path.name for path in (tmp_path / "out" / "imagesTr").iterdir()) == [
        "case_0_0000.nii.gz", "case_1_0000.nii.gz",
    ]  # fmt: skip
    again = run(source, tmp_path / "out", "--to", "nnunet", "--scheme", "whole", "--sequence", "FLAIR")
    assert "2 of them from before" in again.stdout


def test_a_case_that_fails_gives_1_and_an_unusable_argument_2(source, tmp_path):
    (source / "case_0" / "seg.nii.gz").write_bytes(b"none")
    result = run(source, tmp_path / "out", "--to", "csv")
    assert result.exit_code == 1
    assert "Left out" in result.stderr
    assert "1 case in" in result.stdout
    assert run(source, tmp_path / "out", "--to", "msd").exit_code == 2
    assert run(tmp_path / "nowhere", tmp_path / "other", "--to", "msd").exit_code == 2
    assert run(source, tmp_path / "other", "--to", "dicom").exit_code == 2
