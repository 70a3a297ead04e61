"""From what the user gave to cases, good and bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from oncontour.core.errors import InputError, MixedPatientsError, NotAStudyError, OncontourError, SequenceError
from oncontour.core.sequence import Sequence
from oncontour.data.inputs import case_of_files, find_cases

T1, T1CE, T2, FLAIR, ADC = Sequence


@pytest.fixture
def temporary(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("unpacked")


def test_a_case_folder_a_folder_of_cases_and_both(make_files, tmp_path, temporary):
    make_files("one/t1c.nii.gz", "all/a/flair.nii.gz", "all/b/anat/t2.nii.gz", "all/labelsTr/t2.nii.gz")
    cases = find_cases([tmp_path / "one", tmp_path / "all"], temporary)
    assert [case.name for case in cases] == ["one", "a", "b"]
    assert [set(case.read().images) for case in cases] == [{T1CE}, {FLAIR}, {T2}]
    assert cases[0].files == (tmp_path / "one" / "t1c.nii.gz",)


def test_what_lies_inside_a_case_folder_is_left_alone(make_files, tmp_path, temporary):
    make_files("case/t1c.nii.gz", "case/algorithms/flair.nii.gz", "case/old/t1c.nii.gz")
    (case,) = find_cases([tmp_path / "case"], temporary)
    assert set(case.read().images) == {T1CE}


def test_cases_of_one_name_get_different_folders(make_files, tmp_path, temporary):
    make_files("x/case/t1c.nii.gz", "y/Case/t1c.nii.gz", "z/case/t1c.nii.gz")
    cases = find_cases([tmp_path / "x", tmp_path / "y", tmp_path / "z"], temporary)
    assert [case.name for case in cases] == ["case", "Case-2", "case-3"]
    assert cases[1].read().name == "Case-2"


def test_a_bad_case_stops_no_other(make_files, tmp_path, temporary):
    make_files("good/t1c.nii.gz", "bad/t1.nii.gz", "worse/t2.nii.gz")
    (tmp_path / "worse" / "t2.nii.gz").write_bytes(b"no image")
    (tmp_path / "empty").mkdir()
    cases = {case.name: case for case in find_cases([tmp_path, tmp_path / "absent"], temporary)}
    assert set(cases) == {"good", "bad", "worse", "empty", "absent"}
    assert set(cases["good"].read().images) == {T1CE}
    for name, error in (
        ("bad", SequenceError),
        ("worse", InputError),
        ("empty", NotAStudyError),
        ("absent", InputError),
    ):
        with pytest.raises(error) as caught:
            cases[name].read()
        assert all((caught.value.where, caught.value.found, caught.value.expected, caught.value.remedy))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({}, "an empty folder"),
        ({"notes.txt": b"hello"}, "1 files, none DICOM"),
        ({"a_seg.nii.gz": b"x"}, "1 NIfTI files, masks all of them"),
    ],
)
def test_a_folder_without_images_is_not_a_study(tmp_path, temporary, content, found):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, data in content.items():
        (folder / name).write_bytes(data)
    (case,) = find_cases([folder], temporary)
    with pytest.raises(NotAStudyError, match=found) as caught:
        case.read()
    assert str(folder) in caught.value.where
    assert caught.value.remedy


def test_one_nifti_file_says_how_to_name_it(make_files, tmp_path, temporary):
    make_files("t1c.nii.gz")
    (case,) = find_cases([tmp_path / "t1c.nii.gz"], temporary)
    with pytest.raises(InputError, match="--t1ce"):
        case.read()


def test_two_patients_in_one_folder(make_files, tmp_path, temporary):
    make_files("c/BraTS-GLI-00001-000-t1c.nii.gz", "c/BraTS-GLI-00002-000-t2f.nii.gz")
    (case,) = find_cases([tmp_path / "c"], temporary)
    with pytest.raises(MixedPatientsError):
        case.read()


def test_use_reaches_the_case(make_files, tmp_path, temporary):
    make_files("c/t1c.nii.gz", "c/t1c_b.nii.gz")
    (case,) = find_cases([tmp_path / "c"], temporary, {T1CE: "t1c_b"})
    assert case.read().images[T1CE].source == "t1c_b.nii.gz"


def test_files_given_one_by_one(make_files, tmp_path):
    make_files("pat7/a.nii.gz", "pat7/b.nii.gz")
    case = case_of_files({FLAIR: tmp_path / "pat7/a.nii.gz", T1: tmp_path / "pat7/b.nii.gz"})
    study = case.read()
    assert (case.name, study.name) == ("pat7", "pat7")
    assert list(study.images) == [T1, FLAIR]
    assert study.images[FLAIR].source == "a.nii.gz"
    assert [decision.reason for decision in study.decisions] == ["given with --t1", "given with --flair"]


def test_files_that_show_too_little_are_refused(make_files, tmp_path):
    make_files("a.nii.gz")
    with pytest.raises(SequenceError, match="T1 alone"):
        case_of_files({T1: tmp_path / "a.nii.gz"}).read()
    with pytest.raises(InputError, match="no such file"):
        case_of_files({T2: tmp_path / "z.nii.gz"}).read()


def test_names_lead_nowhere(make_files, tmp_path, temporary):
    make_files("a b;c/t1c.nii.gz")
    (case,) = find_cases([tmp_path / "a b;c"], temporary)
    assert case.name == "a_b_c"
    assert case_of_files({T2: tmp_path / "x"}, "../../etc").name == "etc"
    assert case_of_files({T2: tmp_path / "x"}, "..").name == "case"


@pytest.mark.shared
def test_the_real_nifti_folders(shared, temporary):
    folders = ["glioma-00000", "brats2015-t1ce-flair", "brats2018-t1-flair", "lgg-fg6692-native", "metastasis-aurora"]
    cases = find_cases([shared / folder for folder in folders], temporary)
    assert [case.name for case in cases] == [
        "glioma-00000", *(f"pat000{n}" for n in range(2, 7)), *(f"case_{n}" for n in range(5)),
        "lgg-fg6692-native", "metastasis-aurora",
    ]  # fmt: skip


@pytest.mark.shared
def test_real_masks_alone_are_no_study(shared, temporary):
    (case,) = find_cases([shared / "anatomies"], temporary)
    with pytest.raises(OncontourError):
        case.read()
