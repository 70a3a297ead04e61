"""Cohorts on disk: names, truth, records, resuming, DICOM."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from oncontour.core.errors import InputError, OutputError
from oncontour.core.labels import SCHEMES
from oncontour.core.sequence import Sequence
from oncontour.data.inputs import find_cases
from oncontour.data.names import BRATS_NAMES
from oncontour.data.nifti import read_mask, read_nifti
from oncontour.data.phantom import write
from oncontour.data.phantom.cohort import write_cohort
from oncontour.data.phantom.settings import Settings


@pytest.fixture(autouse=True)
def _quick_head(monkeypatch, anatomy):
    monkeypatch.setattr(write, "load_mni", lambda: anatomy)
    write._anatomy.cache_clear()
    yield
    write._anatomy.cache_clear()


COARSE = Settings(spacing_mm=4.0)


def test_brats_names_and_record(tmp_path):
    done = []
    manifest = write_cohort(tmp_path, 2, seed=3, settings=COARSE, progress=done.append)
    assert done == [0, 1, 2]
    cases = json.loads(manifest.read_text())["cases"]
    assert [case["case"] for case in cases] == ["adult-00003", "adult-00004"]
    for case in cases:
        folder = tmp_path / "cases" / case["case"]
        ends = ("seg", "t1c", "t1n", "t2f", "t2w")
        assert sorted(path.name for path in folder.iterdir()) == [f"{case['case']}-{end}.nii.gz" for end in ends]
        mask = read_mask(folder / f"{case['case']}-seg.nii.gz")
        whole = np.count_nonzero(mask.array) * 0.064
        assert case["volume_ml"]["regions"]["WT"] == pytest.approx(whole, abs=1e-3)
        assert sum(case["volume_ml"]["labels"].values()) == pytest.approx(whole, abs=1e-2)
        for name, digest in case["sha256"].items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_finished_cases_are_kept_and_others_refused(tmp_path):
    write_cohort(tmp_path, 1, settings=COARSE)
    path = tmp_path / "cases" / "adult-00000" / "adult-00000-t1c.nii.gz"
    before, first = path.stat().st_mtime_ns, path.read_bytes()
    (tmp_path / "cases" / "adult-00001.part").mkdir()
    write_cohort(tmp_path, 2, settings=COARSE)
    assert path.stat().st_mtime_ns == before
    assert not list((tmp_path / "cases").glob("*.part"))
    with pytest.raises(OutputError, match="other settings"):
        write_cohort(tmp_path, 1, settings=Settings(spacing_mm=5.0))
    again = tmp_path / "again"
    write_cohort(again, 1, settings=COARSE)
    assert (again / "cases" / "adult-00000" / "adult-00000-t1c.nii.gz").read_bytes() == first


def test_second_reader_and_missing_sequences(tmp_path):
    settings = Settings(spacing_mm=4.0, second_rater=True, without=(Sequence.T2,), drop_rate=1.0)
    cases = json.loads(write_cohort(tmp_path, 4, settings=settings).read_text())["cases"]
    for case in cases:
        assert set(case["sequences"]) < {"T1", "T1CE", "FLAIR"}
        assert {"T1CE", "FLAIR"} & set(case["sequences"])
        assert f"{case['case']}-seg2.nii.gz" in case["sha256"]


@pytest.mark.parametrize("kind", ["adult", "adc"])
def test_dicom_reads_back_as_the_same_study(tmp_path, kind):
    settings = Settings(kind, spacing_mm=3.0, skull=True, format="dicom", native=True)
    record = json.loads(write_cohort(tmp_path, 1, seed=2, settings=settings).read_text())["cases"][0]
    (case,) = find_cases([tmp_path / "cases"], tmp_path)
    study = case.read()
    assert {str(sequence) for sequence in study.images} == set(record["sequences"])
    for sequence, image in study.images.items():
        geometry = record["series"][sequence]
        assert sorted(image.volume.grid.spacing) == pytest.approx(sorted(geometry["spacing_mm"]), abs=1e-3)
        assert image.volume.array.any()
    mask = read_mask(tmp_path / "truth" / f"{record['case']}-seg.nii.gz")
    assert not list((tmp_path / "cases").rglob("*.nii.gz"))
    reference = study.images[Sequence.T1CE].volume.reoriented("RAS")
    assert reference.grid.same_as(mask.reoriented("RAS").grid)
    regions = SCHEMES[record["scheme"]].encode(mask.array.astype(np.uint8))
    assert regions.any()
    assert reference.array[mask.reoriented("RAS").array > 0].mean() > 0.2 * reference.array.mean()


def test_native_series_show_one_head_when_motion_is_undone(tmp_path):
    """The brain's middle is at the same place in every series once the recorded motion is taken back."""
    settings = Settings(spacing_mm=3.0, native=True)
    record = json.loads(write_cohort(tmp_path, 1, seed=4, settings=settings).read_text())["cases"][0]
    centres = {}
    for sequence, geometry in record["series"].items():
        path = tmp_path / "cases" / record["case"] / f"{record['case']}-{BRATS_NAMES[Sequence(sequence)]}.nii.gz"
        volume = read_nifti(path)
        inside = volume.array > np.percentile(volume.array, 99) * 0.25
        centre = volume.grid.to_world(np.argwhere(inside).mean(0))
        centres[sequence] = (np.linalg.inv(geometry["head_to_scanner"]) @ np.append(centre, 1))[:3]
    middle = np.median(list(centres.values()), axis=0)
    for sequence, centre in centres.items():
        assert np.linalg.norm(centre - middle) < 8, sequence


def test_arguments_are_checked(tmp_path):
    with pytest.raises(InputError, match="only T1 left"):
        Settings(without=(Sequence.T1CE, Sequence.T2, Sequence.FLAIR))
    with pytest.raises(InputError, match="spacing"):
        Settings(spacing_mm=0.0)
    with pytest.raises(InputError, match="cases"):
        write_cohort(tmp_path, 0)
