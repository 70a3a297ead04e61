"""Every line of "bad input": what is told, what is left behind, and that the other cases go on.

Finding and reading are real; models and the work on a good case are replaced.
"""

from __future__ import annotations

import errno
import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.files import write_json
from oncontour.data.nifti import write_nifti
from oncontour.dicom.write_series import SyntheticStudy, write_series
from oncontour.pipeline.folders import result_folder
from oncontour.pipeline.models import Models
from oncontour.pipeline.outcome import CaseResult

PATIENT = "Doe^Jane"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


def noise(shape=(16, 16, 30)) -> np.ndarray:
    return np.random.default_rng(0).normal(100, 20, shape).astype(np.float32)


def dicom(folder: Path, name: str = "one", number: int = 1, **header) -> Path:
    """A T1CE series of noise, with some of its header overwritten."""
    study = SyntheticStudy(name, 1)
    volume = Volume(noise(), np.diag([10.0, 10.0, 5.0, 1.0]))
    files = write_series(volume, folder / f"series{number}", sequence=Sequence.T1CE, number=number, study=study)
    for file in files:
        dataset = pydicom.dcmread(file)
        dataset.PatientName = PATIENT
        for keyword, value in header.items():
            setattr(dataset, keyword, value)
        dataset.save_as(file)
    return folder


def nifti(folder: Path, array: np.ndarray, affine: np.ndarray | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(array, np.eye(4))
    image.set_sform(np.eye(4) if affine is None else affine, 1)
    image.set_qform(None, 0)
    nibabel.save(image, folder / "t1c.nii.gz")
    return folder


def text(folder: Path) -> Path:
    folder.mkdir()
    (folder / "letter.txt").write_text("Dear colleague")
    return folder


def empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def two_patients(folder: Path) -> Path:
    dicom(folder, "one", 1, PatientID="1")
    return dicom(folder, "one", 2, PatientID="2", PatientName="Roe^Richard")


def with_nan() -> np.ndarray:
    array = noise()
    array[2:5] = np.nan
    return array


SINGULAR = np.array([[1.0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])

BAD = {
    "not a study": (text, "NotAStudyError", "none DICOM"),
    "empty": (empty, "NotAStudyError", "an empty folder"),
    "ct": (lambda f: dicom(f, Modality="CT", SOPClassUID=CT_IMAGE), "NotAStudyError", "CT, 30 slices"),
    "knee": (lambda f: dicom(f, BodyPartExamined="KNEE", ProtocolName="t1 knee", SeriesDescription="t1 knee"),
             "NotAStudyError", "knee"),
    "localisers": (lambda f: dicom(f, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SeriesDescription="localizer",
                                   ProtocolName="localizer"), "SequenceError", "none of which can be used"),
    "zeros": (lambda f: nifti(f, np.zeros((8, 8, 8), np.float32)), "ImageContentError", "nothing but zeros"),
    "nan": (lambda f: nifti(f, with_nan()), "ImageContentError", "NaN or infinite"),
    "4-D": (lambda f: nifti(f, noise((8, 8, 8, 5))), "ImageContentError", "5 images in one file"),
    "singular affine": (lambda f: nifti(f, noise(), SINGULAR), "GeometryError", "singular affine"),
    "huge affine": (lambda f: nifti(f, noise(), np.diag([1e4, 1e4, 1e4, 1])), "GeometryError", "1e+04"),
    "two patients": (two_patients, "MixedPatientsError", "2 patients"),
}  # fmt: skip


@pytest.fixture
def work(monkeypatch):
    """Replaces models and the work on a case."""

    def fake(study, folder, options, *, models, clock, record):
        with result_folder(folder) as part:
            write_json(part / "provenance.json", record)
        return CaseResult(study.name, folder, Sequence.T1CE, (), (), (), (), 1.0, study.decisions, study.notes)

    monkeypatch.setattr("oncontour.pipeline.segment.segment_case", fake)
    monkeypatch.setattr(Models, "record", {"tumour": {"name": "default", "sha256": "0"}})


@pytest.fixture
def good(tmp_path):
    """A case without fault."""
    (tmp_path / "good").mkdir()
    write_nifti(Volume(noise(), np.eye(4)), tmp_path / "good" / "flair.nii.gz")
    return tmp_path / "good"


def run(*arguments):
    return CliRunner().invoke(app, ["segment", *map(str, arguments)], env={"COLUMNS": "300"})


@pytest.mark.parametrize("what", BAD)
def test_bad_input_says_what_and_stops_no_other(tmp_path, good, work, what):
    make, kind, found = BAD[what]
    done = run(make(tmp_path / "bad"), good, "--out", tmp_path / "out")
    assert done.exit_code == 1, done.output
    assert [path.name for path in (tmp_path / "out" / "bad").iterdir()] == ["error.json"]
    error = json.loads((tmp_path / "out" / "bad" / "error.json").read_text())
    assert error["kind"] == kind, error
    assert found in error["found"]
    assert "bad" in error["where"]
    assert error["expected"]
    assert error["remedy"].endswith(".")
    for part in ("found", "expected", "remedy"):
        assert error[part] in done.stderr
    assert "Doe" not in done.output + str(error)
    assert (tmp_path / "out" / "good" / "provenance.json").is_file()
    run_record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert [case["status"] for case in run_record["cases"]] == ["failed", "done"]


def test_a_good_dicom_study_is_read(tmp_path, work):
    """The counterpart of the cases above: what they changed in the header is what was refused."""
    done = run(dicom(tmp_path / "case"), "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "Doe" not in done.output


def test_a_folder_of_dicom_cases_and_one_ct(tmp_path, work):
    for name in ("a", "b"):
        dicom(tmp_path / "all" / name, name, PatientID=name)
    dicom(tmp_path / "all" / "c", "c", Modality="CT", SOPClassUID=CT_IMAGE)
    done = run(tmp_path / "all", "--out", tmp_path / "out", "--json")
    assert done.exit_code == 1
    cases = json.loads(done.stdout)["cases"]
    assert [(case["case"], case["status"]) for case in cases] == [("a", "done"), ("b", "done"), ("c", "failed")]


def test_folders_around_folders_and_the_truth_beside_them(tmp_path, work):
    for name in ("a", "b"):
        dicom(tmp_path / "cohort" / "cases" / name, name, PatientID=name)
    nifti(tmp_path / "cohort" / "truth", noise()).joinpath("t1c.nii.gz").rename(tmp_path / "cohort/truth/a-seg.nii.gz")
    dicom(tmp_path / "one" / "DICOM" / "S1")
    done = run(tmp_path / "cohort", tmp_path / "one", "--out", tmp_path / "out", "--json")
    assert [case["case"] for case in json.loads(done.stdout)["cases"]] == ["a", "b", "one"]
    assert done.exit_code == 0


@pytest.mark.parametrize(("number", "found"), [(errno.ENOSPC, "no space left"), (errno.EACCES, "no permission")])
def test_a_disk_that_refuses_in_the_middle(good, tmp_path, work, monkeypatch, number, found):
    real = Path.write_text

    def refuse(self, *args, **kwargs):
        if self.name.startswith("provenance.json"):
            raise OSError(number, "no")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", refuse)
    done = run(good, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert found in done.stderr
    assert "--out" in done.stderr
    assert [path.name for path in (tmp_path / "out" / "good").iterdir()] == ["error.json"]


def test_an_output_that_refuses_from_the_start(good, tmp_path, work, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise OSError(errno.EACCES, "no")

    monkeypatch.setattr(Path, "mkdir", refuse)
    done = run(good, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "no permission to write" in done.stderr
