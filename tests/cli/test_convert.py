"""`oncontour convert` on the command line."""

from __future__ import annotations

import typer
from typer.testing import CliRunner

from oncontour.cli.convert import Layout, register
from oncontour.data.datasets.convert import TARGETS

app = typer.Typer()
register(app)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_layouts_are_those_that_can_be_written():
    assert {layout.value for layout in Layout} == set(TARGETS)


def test_a_data_set_is_converted_and_converted_again(data, tmp_path):
    result = run(data, tmp_path / "out", "--to", "nnunet", "--scheme", "whole", "--sequence", "FLAIR")
    assert result.exit_code == 0, result.output
    assert "one folder a case -> nnunet, scheme whole: 3 cases in" in result.stdout
    assert sorted(path.name for path in (tmp_path / "out" / "imagesTr").iterdir()) == [
        "case_0_0000.nii.gz", "case_1_0000.nii.gz", "case_2_0000.nii.gz",
    ]  # fmt: skip
    again = run(data, tmp_path / "out", "--to", "nnunet", "--scheme", "whole", "--sequence", "FLAIR")
    assert "3 of them from before" in again.stdout


def test_a_case_that_fails_gives_1_and_an_unusable_argument_2(data, tmp_path):
    (data / "case_0" / "seg.nii.gz").write_bytes(b"none")
    result = run(data, tmp_path / "out", "--to", "csv")
    assert result.exit_code == 1
    assert "Left out" in result.stderr
    assert "2 cases in" in result.stdout
    assert run(data, tmp_path / "out", "--to", "msd").exit_code == 2
    assert run(tmp_path / "nowhere", tmp_path / "other", "--to", "msd").exit_code == 2
    assert run(data, tmp_path / "other", "--to", "dicom").exit_code == 2
