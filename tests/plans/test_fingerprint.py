"""The fingerprint of a data set."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.sequence import Sequence
from oncontour.data.datasets import read_case, read_dataset
from oncontour.plans.fingerprint import PERCENTILES, fingerprint, load_fingerprint, save_fingerprint


def test_it_says_what_the_cases_hold(brats_folder):
    calls = []
    found = fingerprint(read_dataset(brats_folder), progress=lambda *call: calls.append(call))
    assert [case.cropped for case in found.cases] == [(16, 14, 10 + n % 2) for n in range(5)]
    assert found.cases[0].shape == (24, 20, 16)
    np.testing.assert_allclose(found.spacings, [[2, 2, 3]] * 5)
    assert found.cases[0].sequences == (Sequence.T1, Sequence.T1CE, Sequence.T2, Sequence.FLAIR)
    assert found.cases[0].regions_ml == pytest.approx({"WT": 144 * 0.012, "TC": 8 * 0.012, "ET": 8 * 0.012})
    assert found.cases[0].brain_ml == pytest.approx(16 * 14 * 10 * 0.012)
    assert found.prevalence("ET") == 0.8
    assert found.median_ml("ET") == pytest.approx(8 * 0.012)
    assert found.having(Sequence.ADC) == 0
    assert calls == [(n, 5) for n in range(1, 6)]


def test_intensities_are_those_of_the_brain(brats_folder):
    found = fingerprint(read_dataset(brats_folder)).intensities[Sequence.T2]
    assert found.cases == 5
    assert found.mean == pytest.approx(300, abs=1)
    assert found.deviation == pytest.approx(5, abs=0.2)
    assert found.percentiles[PERCENTILES.index(50.0)] == pytest.approx(300, abs=1)


def test_a_background_that_is_not_zero_is_background(brats_folder):
    import nibabel

    for path in brats_folder.glob("*/*_t[12]*.nii.gz"):
        image = nibabel.load(path)
        array = np.asarray(image.dataobj)
        nibabel.Nifti1Image(np.where(array == 0, -9, array - 100).astype(np.float32), image.affine).to_filename(path)
    found = fingerprint(read_dataset(brats_folder))
    assert found.cases[0].cropped == (16, 14, 10)
    assert found.intensities[Sequence.T2].mean == pytest.approx(200, abs=1)


def test_a_bad_case_is_named_and_left_out(brats_folder):
    bad = brats_folder / "BraTS2021_00002" / "BraTS2021_00002_t2.nii.gz"
    bad.write_bytes(bad.read_bytes()[:100])
    found = fingerprint(read_dataset(brats_folder))
    assert len(found.cases) == 4
    assert list(found.skipped) == ["BraTS2021_00002"]
    assert "BraTS2021_00002_t2.nii.gz" in found.skipped["BraTS2021_00002"]


def test_a_part_of_the_cases(brats_folder):
    found = fingerprint(read_dataset(brats_folder), only=frozenset({"BraTS2021_00001", "BraTS2021_00003"}))
    assert [case.name for case in found.cases] == ["BraTS2021_00001", "BraTS2021_00003"]


def test_no_case_is_an_error(brats_folder):
    with pytest.raises(InputError, match="no case with a mask"):
        fingerprint(read_dataset(brats_folder), only=frozenset())


@pytest.mark.slow
def test_workers_find_the_same(brats_folder):
    dataset = read_dataset(brats_folder)
    assert fingerprint(dataset, workers=2) == fingerprint(dataset)


def test_it_survives_saving(brats_folder, tmp_path):
    found = fingerprint(read_dataset(brats_folder))
    save_fingerprint(found, tmp_path / "fingerprint.json")
    assert load_fingerprint(tmp_path / "fingerprint.json") == found
    (tmp_path / "fingerprint.json").write_text("{}")
    with pytest.raises(InputError, match=r"fingerprint\.json"):
        load_fingerprint(tmp_path / "fingerprint.json")


@pytest.mark.peers
def test_cases_are_cropped_as_nnunet_crops_them(brats_folder):
    from nnunetv2.preprocessing.cropping.cropping import crop_to_nonzero

    dataset = read_dataset(brats_folder)
    for case, facts in zip(dataset.cases, fingerprint(dataset).cases, strict=True):
        images, _ = read_case(case, dataset)
        stack = np.stack([volume.array.T for volume in images.values()])
        cropped, _, _ = crop_to_nonzero(stack)
        assert facts.cropped == cropped.shape[:0:-1]
