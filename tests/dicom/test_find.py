"""Studies are found in any folder or zip, foreign files passed over, and what is no brain MR said in counts."""

import zipfile

import numpy as np
import pytest

from oncontour.core.errors import InputError, MixedPatientsError, NotAStudyError
from oncontour.dicom.find import find_studies

ZERO = np.zeros((4, 4, 6), np.uint16)


@pytest.fixture
def write(factory, tmp_path):
    """Write a series under tmp_path/root, return that root."""

    def make(folder="a", study=None, **headers):
        planes = factory.series_planes(ZERO, **((study or factory.new_study()) | headers))
        factory.save_series(tmp_path / "root" / folder, planes)
        return tmp_path / "root"

    return make


def find(root):
    return find_studies(root, root.parent / "unpacked")


def test_nested_and_mixed_with_foreign_files(write):
    root = write("deep/er/still")
    (root / "readme.txt").write_text("hello")
    (root / "empty.dcm").touch()
    (root / "deep" / "odd.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 40)
    (study,) = find(root)
    assert len(study.series) == 1
    assert "2 files that are not DICOM left out" in study.notes
    assert "1 DICOM files with a damaged header left out" in study.notes
    assert study.alone


def test_zip_inside_a_folder(write, tmp_path):
    root = write()
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "x.zip", "w") as archive:
        for file in sorted(root.rglob("*.dcm")):
            archive.write(file, f"sub/{file.name}")
    (study,) = find_studies(tmp_path / "in", tmp_path / "unpacked")
    assert len(study.series[0].frames) == 6


def test_truncated_header_is_counted_not_fatal(write):
    root = write()
    file = sorted(root.rglob("*.dcm"))[0]
    file.write_bytes(file.read_bytes()[:400])
    (study,) = find(root)
    assert len(study.series[0].frames) == 5
    assert "1 DICOM files with a damaged header left out" in study.notes


def test_two_studies_in_order_of_time(write, factory):
    write("late", factory.new_study() | {"AcquisitionDate": "20240601"})
    root = write("early", factory.new_study() | {"AcquisitionDate": "20240401"})
    early, late = find(root)
    assert early.series[0].acquired < late.series[0].acquired
    assert not early.alone


def test_two_patients_are_refused_without_names(write, factory):
    write("a", factory.new_study())
    root = write("b", factory.new_study() | {"PatientID": "P-2", "PatientName": "Other^Person"})
    with pytest.raises(MixedPatientsError, match="2 patients in 12 DICOM files") as caught:
        find(root)
    assert not any(word in str(caught.value) for word in ("P-1", "P-2", "Secret", "Other"))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"PatientName": "SECRET Name"}, True),
        ({"PatientID": "p-1", "PatientName": "Maiden^Name"}, True),
        ({"PatientID": None, "PatientName": None, "PatientBirthDate": None}, True),
        ({"PatientID": None, "PatientName": "Name^Secret"}, True),
        ({"PatientID": None, "PatientName": "Other^Person"}, False),
        ({"PatientBirthDate": "19990101"}, False),
    ],
)
def test_who_is_the_same_patient(write, factory, other, same):
    write("a", factory.new_study())
    root = write("b", factory.new_study() | other)
    if same:
        assert len(find(root)) == 2
    else:
        with pytest.raises(MixedPatientsError):
            find(root)


def test_no_dicom_at_all(tmp_path):
    for n in range(3):
        (tmp_path / f"{n}.txt").write_text("x")
    with pytest.raises(NotAStudyError, match="3 files, none DICOM"):
        find_studies(tmp_path, tmp_path / "unpacked")


def test_empty_folder(tmp_path):
    with pytest.raises(NotAStudyError, match="0 files"):
        find_studies(tmp_path, tmp_path / "unpacked")


def test_no_such_path(tmp_path):
    with pytest.raises(InputError, match="nothing"):
        find_studies(tmp_path / "absent", tmp_path / "unpacked")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"Modality": "CT"}, "CT, 6 slices"),
        ({"BodyPartExamined": "KNEE"}, "MR of the knee, 6 slices"),
        ({"SeriesDescription": "t2 Knie links"}, "MR of another body part, 6 slices"),
    ],
)
def test_no_brain_mr(write, headers, found):
    with pytest.raises(NotAStudyError, match=found) as caught:
        find(write(**headers))
    assert "links" not in str(caught.value)


def test_other_studies_beside_a_brain_are_noted(write, factory):
    write("a")
    (study,) = find(write("b", factory.new_study(), Modality="CT"))
    assert any("no brain MR and were left out (CT, 6 slices)" in note for note in study.notes)


def test_a_single_file_and_a_dicomdir(write, factory):
    from pydicom.fileset import FileSet

    root = write()
    assert len(find(sorted(root.rglob("*.dcm"))[0])) == 1
    files = FileSet()
    for n, file in enumerate(sorted(root.rglob("*.dcm"))):
        import pydicom

        dataset = pydicom.dcmread(file)
        dataset.InstanceNumber, dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = n, "1010", "1", ""
        files.add(dataset)
    files.write(root.parent / "disc")
    (study,) = find(root.parent / "disc")
    assert len(study.series[0].frames) == 6
