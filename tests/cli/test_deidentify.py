"""`oncontour deidentify`."""

import numpy as np
import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.dicom.write_series import SyntheticStudy, write_series


@pytest.fixture
def study(tmp_path):
    volume = Volume(np.random.default_rng(0).random((20, 24, 6)), np.eye(4))
    write_series(volume, tmp_path / "study", sequence=Sequence.FLAIR, number=1, study=SyntheticStudy("meier", 1))
    (tmp_path / "study" / "notes.txt").write_text("Meier")
    return tmp_path / "study"


def run(tmp_path, study, *more):
    return CliRunner().invoke(
        app, ["deidentify", str(study), "--out", str(tmp_path / "out"), "--key", str(tmp_path / "key"), *more]
    )


def test_export_says_what_it_did_and_not_the_key(tmp_path, study):
    done = run(tmp_path, study)
    assert done.exit_code == 0
    assert "Key made" in done.output
    assert "6 files in 1 series of 1 patient" in done.output
    assert "Refused: 1 file: no readable DICOM image" in done.output
    assert (tmp_path / "key").read_text().strip() not in done.output
    assert "meier" not in done.output
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 6


def test_a_crosswalk_elsewhere_is_unusable(tmp_path, study):
    done = run(tmp_path, study, "--crosswalk", str(study / "crosswalk.csv"))
    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()
