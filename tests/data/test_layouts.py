"""Folders of NIfTI files: which file becomes which sequence, and what is refused."""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pytest

from oncontour.core.errors import ImageContentError, InputError, MixedPatientsError, NotAStudyError, SequenceError
from oncontour.core.sequence import Sequence
from oncontour.data.layouts import find_nifti_cases, read_case

T1, T1CE, T2, FLAIR, ADC = Sequence
FOUR = {T1, T1CE, T2, FLAIR}


def only_case(folder):
    (case,) = find_nifti_cases(folder)
    return case


@pytest.mark.parametrize(
    ("names", "sequences"),
    [
        (["B20_t1.nii.gz", "B20_t1ce.nii.gz", "B20_t2.nii.gz", "B20_flair.nii.gz", "B20_seg.nii.gz"], FOUR),
        (["B-t1n.nii.gz", "B-t1c.nii.gz", "B-t2w.nii.gz", "B-t2f.nii.gz", "B-seg.nii.gz"], FOUR),
        (["T1.nii", "FLAIR.nii", "GT_W.nii"], {T1, FLAIR}),
        (["flair.nii.gz", "ADC.nii.gz", "T1Gd.nii.gz", "notes.nii.gz"], {T1CE, FLAIR, ADC}),
    ],
)
def test_a_folder_of_one_case(make_files, names, sequences):
    folder = make_files(*names)
    study = read_case(only_case(folder))
    assert set(study.images) == sequences
    assert list(study.images) == [sequence for sequence in Sequence if sequence in sequences]
    assert {decision.series for decision in study.decisions} == set(names)
    assert {decision.series for decision in study.decisions if decision.used} == {
        image.source for image in study.images.values()
    }
    assert all(decision.reason and 0 <= decision.confidence <= 1 for decision in study.decisions)


def test_a_folder_without_images_holds_no_case(make_files, tmp_path):
    assert find_nifti_cases(tmp_path) == ()
    assert find_nifti_cases(make_files("a_seg.nii.gz", "brainmask.nii.gz")) == ()


def test_two_files_for_one_sequence_are_refused_and_either_can_be_stated(make_files):
    case = only_case(make_files("t1c.nii.gz", "t1c_bet.nii.gz", "flair.nii.gz"))
    with pytest.raises(SequenceError, match=r"2 files for T1CE: t1c.nii.gz, t1c_bet.nii.gz.*--use T1CE=t1c.nii.gz"):
        read_case(case)
    study = read_case(case, {T1CE: "t1c_bet.nii.gz"})
    assert study.images[T1CE].source == "t1c_bet.nii.gz"
    stated = {decision.series: decision for decision in study.decisions}
    assert stated["t1c_bet.nii.gz"].reason == "stated with --use"
    assert not stated["t1c.nii.gz"].used
    assert "--use" in stated["t1c.nii.gz"].reason


def test_a_stated_file_is_taken_for_nothing_else(make_files):
    case = only_case(make_files("t2.nii.gz", "t1.nii.gz"))
    study = read_case(case, {FLAIR: "t2"})
    assert set(study.images) == {T1, FLAIR}
    with pytest.raises(SequenceError, match=r"no file 'x' for FLAIR; expected one of t1.nii.gz, t2.nii.gz"):
        read_case(case, {FLAIR: "x"})


@pytest.mark.parametrize(
    ("names", "error", "found"),
    [
        (["head.nii.gz", "scan.nii.gz"], NotAStudyError, "2 images whose names say no sequence"),
        (["t1.nii.gz"], SequenceError, "T1 alone"),
        (["t1.nii.gz", "adc.nii.gz"], SequenceError, "T1 and ADC alone"),
        (["BraTS-GLI-00001-000-t1c.nii.gz", "BraTS-GLI-00002-000-t2f.nii.gz"], MixedPatientsError, "2 patients"),
        (["pat001_t1c.nii.gz", "pat002_flair.nii.gz"], MixedPatientsError, "2 patients"),
    ],
)
def test_what_is_no_study_is_refused(make_files, names, error, found):
    with pytest.raises(error, match=found) as caught:
        read_case(only_case(make_files(*names)))
    assert caught.value.remedy
    assert caught.value.expected


def test_msd_takes_the_order_of_its_dataset_json(make_files, tmp_path):
    make_files("imagesTr/BRATS_001.nii.gz", "imagesTr/BRATS_002.nii.gz", channels=4)
    modality = {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}
    (tmp_path / "dataset.json").write_text(json.dumps({"modality": modality}))
    cases = find_nifti_cases(tmp_path / "imagesTr")
    assert [case.name for case in cases] == ["BRATS_001", "BRATS_002"]
    study = read_case(cases[1])
    stored = np.asarray(nibabel.load(tmp_path / "imagesTr/BRATS_002.nii.gz").dataobj)
    for sequence, channel in ((FLAIR, 0), (T1, 1), (T1CE, 2), (T2, 3)):
        np.testing.assert_array_equal(study.images[sequence].volume.array, stored[..., channel])
    assert study.decisions[0].reason == 'dataset.json calls the channel "FLAIR"'


def test_nnunet_raw_takes_the_names_of_its_dataset_json(make_files, tmp_path):
    make_files(*[f"imagesTs/case_7_{n:04d}.nii.gz" for n in range(3)])
    (tmp_path / "dataset.json").write_text(json.dumps({"channel_names": {"0": "T1", "1": "T1ce", "2": "FLAIR"}}))
    study = read_case(only_case(tmp_path / "imagesTs"))
    assert study.name == "case_7"
    assert {s: image.source for s, image in study.images.items()} == {
        T1: "case_7_0000.nii.gz", T1CE: "case_7_0001.nii.gz", FLAIR: "case_7_0002.nii.gz",
    }  # fmt: skip


def test_a_damaged_dataset_json_is_named(make_files, tmp_path):
    make_files("case_0000.nii.gz")
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(InputError, match=r"dataset.json: found a dataset.json that cannot be used"):
        find_nifti_cases(tmp_path)


def test_four_dimensions_without_a_dataset_json_are_refused(make_files):
    case = only_case(make_files("t1ce.nii.gz", channels=4))
    with pytest.raises(ImageContentError, match="4 images in one file"):
        read_case(case)


@pytest.mark.parametrize(
    ("folder", "name"), [("sub-01/ses-02/anat", "sub-01_ses-02"), ("sub-01/anat", "sub-01"), ("pat/NIFTI", "pat")]
)
def test_the_case_is_named_after_the_folder_that_says_something(make_files, tmp_path, folder, name):
    make_files(f"{folder}/sub-01_FLAIR.nii.gz")
    assert only_case(tmp_path / folder).name == name


EXPECTED_SHARED = {
    "glioma-00000": FOUR,
    "glioma-00001-algorithm-masks": FOUR,
    "brats2015-t1ce-flair/pat0002": {T1CE, FLAIR},
    "brats2015-t1ce-flair/pat0006": {T1CE, FLAIR},
    "brats2018-t1-flair/case_0": {T1, FLAIR},
    "lgg-fg6692-native": FOUR,
    "lgg-fg6692-registered": FOUR,
    "metastasis-aurora": FOUR,
}


@pytest.mark.shared
@pytest.mark.parametrize("folder", EXPECTED_SHARED)
def test_real_folders(shared, folder):
    study = read_case(only_case(shared / folder))
    assert set(study.images) == EXPECTED_SHARED[folder]
    assert all(image.volume.array.std() > 0 for image in study.images.values())


@pytest.mark.shared
def test_real_folders_of_masks_hold_no_case(shared):
    assert find_nifti_cases(shared / "anatomies") == ()
