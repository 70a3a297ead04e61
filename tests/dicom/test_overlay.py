"""Overlay series: each picture lies where its slice does, and viewers can stack them."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, RLELossless, SecondaryCaptureImageStorage

from oncontour.core.errors import OutputError
from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.sequence import Sequence
from oncontour.core.study import Image
from oncontour.core.volume import Volume
from oncontour.dicom.find import find_studies
from oncontour.dicom.overlay import overlay_description, write_overlay
from oncontour.dicom.study import read_study
from oncontour.dicom.write_series import SyntheticStudy, write_series

from .objects import NAMES, SHAPE, change_headers, enhanced, errors, rename, series

BY = {"number": 9010, "algorithm": "Oncontour unet", "version": "1.2"}
COPIED = (
    "PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "ImagePositionPatient",
    "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SliceLocation", "InstanceNumber", "AcquisitionTime",
)  # fmt: skip


def pictures(image: Image, seed: int = 0) -> np.ndarray:
    i, j, k = image.volume.array.shape
    return np.random.default_rng(seed).integers(0, 256, (k, j, i, 3), np.uint8)


def test_each_picture_has_the_geometry_of_its_slice(tmp_path):
    image = series(tmp_path)
    drawn = pictures(image)
    files = write_overlay(drawn, image, tmp_path / "overlay", **BY)
    assert len(files) == SHAPE[2]
    assert {path.name for path in (tmp_path / "overlay").iterdir()} == {path.name for path in files}
    for k, (file, source) in enumerate(zip(files, map(pydicom.dcmread, image.files), strict=True)):
        made = pydicom.dcmread(file)
        assert made.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        assert made.SOPClassUID == SecondaryCaptureImageStorage
        assert np.array_equal(made.pixel_array, drawn[k])
        for keyword in COPIED:
            assert made.get(keyword) == source.get(keyword), keyword
        (origin,) = made.SourceImageSequence
        assert origin.ReferencedSOPInstanceUID == source.SOPInstanceUID
        assert origin.ReferencedSOPClassUID == source.SOPClassUID
        assert (made.LossyImageCompression, made.BurnedInAnnotation) == ("00", "YES")
        assert made.SeriesInstanceUID != source.SeriesInstanceUID
        assert made.SOPInstanceUID != source.SOPInstanceUID
        assert (made.Manufacturer, made.SoftwareVersions) == ("Oncontour", "1.2")
        assert errors(file, "SCImage") == []


def test_highdicom_reads_the_stack_where_the_source_lies(tmp_path):
    import highdicom

    image = series(tmp_path)
    drawn = pictures(image)
    files = write_overlay(drawn, image, tmp_path / "overlay", **BY)
    volume = highdicom.get_volume_from_series([pydicom.dcmread(file) for file in files])
    source = highdicom.get_volume_from_series([pydicom.dcmread(file) for file in image.files])
    assert np.allclose(volume.affine, source.affine, atol=1e-4)
    assert volume.array.shape == (*source.array.shape, 3)
    corner = volume.map_reference_to_indices(np.array([[-1, -1, 1] * image.volume.grid.to_world((3, 4, 5))]))
    assert np.array_equal(volume.array[tuple(np.rint(corner[0]).astype(int))], drawn[5, 4, 3])


@pytest.mark.parametrize("codes", ALL_ORIENTATIONS)
def test_orientation_and_plane_are_told_truthfully(tmp_path, codes):
    turned = Volume(np.zeros(SHAPE, np.float32), np.diag([0.8, 1.1, 3.0, 1.0])).reoriented(codes)
    image = series(tmp_path, turned.affine, turned.array.shape)
    made = pydicom.dcmread(write_overlay(pictures(image), image, tmp_path / "overlay", **BY)[0])
    assert list(made.PatientOrientation) == [letter.translate({83: "H", 73: "F"}) for letter in codes[:2]]
    plane = {"S": "axial", "A": "coronal", "R": "sagittal"}[codes[2].translate({73: "S", 80: "A", 76: "R"})]
    assert made.SeriesDescription == f"T1CE {plane} overlay, research use only"
    assert len(overlay_description(image)) <= 64


def test_a_slice_that_the_series_lacks_gets_no_picture(tmp_path):
    image = series(tmp_path)
    drawn = pictures(image)
    files = write_overlay(drawn, replace(image, files=image.files[:3] + image.files[4:]), tmp_path / "overlay", **BY)
    assert len(files) == SHAPE[2] - 1
    kept = [k for k in range(SHAPE[2]) if k != 3]
    assert all(np.array_equal(pydicom.dcmread(f).pixel_array, drawn[k]) for f, k in zip(files, kept, strict=True))


def test_the_same_result_is_the_same_series(tmp_path):
    image = series(tmp_path)

    def uids(folder, seed=0, **changes):
        read = [
            pydicom.dcmread(file)
            for file in write_overlay(pictures(image, seed), image, tmp_path / folder, **BY | changes)
        ]
        assert len({one.SeriesInstanceUID for one in read}) == 1
        return {read[0].SeriesInstanceUID, *(one.SOPInstanceUID for one in read)}

    first = uids("a")
    assert len(first) == 1 + SHAPE[2]
    assert uids("b") == first
    assert not uids("c", seed=1) & first
    assert not uids("d", version="2") & first


@pytest.mark.parametrize("character_set", NAMES)
def test_names_in_any_script_survive(tmp_path, character_set):
    image = series(tmp_path)
    name = rename(image, character_set)
    made = pydicom.dcmread(write_overlay(pictures(image), image, tmp_path / "overlay", **BY)[0])
    assert str(made.PatientName) == name


def test_a_compressed_source_gives_plain_pictures(tmp_path):
    image = series(tmp_path)

    def squeeze(dataset):
        dataset.compress(RLELossless)
        dataset.LossyImageCompression = "01"
        dataset.LossyImageCompressionRatio = "12"
        dataset.LossyImageCompressionMethod = "ISO_10918_1"

    change_headers(image, squeeze)
    (file, *_) = write_overlay(pictures(image), image, tmp_path / "overlay", **BY)
    made = pydicom.dcmread(file)
    assert made.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert (made.LossyImageCompression, made.LossyImageCompressionRatio) == ("01", 12)  # lost once, lost for ever
    assert errors(file, "SCImage") == []


def test_frames_of_an_enhanced_source_become_slices(tmp_path, factory):
    image = enhanced(tmp_path, factory)
    files = write_overlay(pictures(image), image, tmp_path / "overlay", **BY)
    read = [pydicom.dcmread(file) for file in files]
    assert [one.ImagePositionPatient[2] for one in read] == [-40, -37, -34, -31, -28]
    assert [one.SourceImageSequence[0].ReferencedFrameNumber for one in read] == [2, 4, 1, 5, 3]
    assert [one.InstanceNumber for one in read] == [2, 4, 1, 5, 3]
    assert all(list(one.PixelSpacing) == [1.1, 0.8] and one.SliceThickness == 3 for one in read)
    assert all(one.SourceImageSequence[0].ReferencedSOPClassUID == EnhancedMRImageStorage for one in read)
    assert errors(files[0], "SCImage") == []


def test_headers_that_say_little_give_valid_pictures(tmp_path):
    image = series(tmp_path)

    def change(dataset):
        for keyword in ("BodyPartExamined", "FrameOfReferenceUID", "PatientName", "StudyDate", "SliceThickness"):
            del dataset[keyword]

    change_headers(image, change)
    files = write_overlay(pictures(image), image, tmp_path / "overlay", **BY)
    assert errors(files[0], "SCImage") == []
    assert "FrameOfReferenceUID" not in pydicom.dcmread(files[0])


def test_an_overlay_beside_its_source_is_not_taken_for_a_scan(tmp_path):
    rng = np.random.default_rng(0)
    volume = Volume(rng.random((24, 24, 20)).astype(np.float32), np.diag([-1.0, -1.0, 3.0, 1.0]))
    study = SyntheticStudy("t", 1)
    for number, sequence in enumerate((Sequence.T1CE, Sequence.FLAIR), start=3):
        write_series(volume, tmp_path / "study", sequence=sequence, number=number, study=study, plane=None)
    before = read_study(find_studies(tmp_path / "study", tmp_path / "unpacked")[0])
    image = before.images[Sequence.T1CE]
    write_overlay(pictures(image), image, tmp_path / "study" / "overlay", **BY)
    after = read_study(find_studies(tmp_path / "study", tmp_path / "unpacked")[0])
    assert {sequence: one.files for sequence, one in after.images.items()} == {
        sequence: one.files for sequence, one in before.images.items()
    }


@pytest.mark.parametrize("wrong", ["shape", "dtype"])
def test_pictures_of_another_shape_are_refused(tmp_path, wrong):
    image = series(tmp_path)
    drawn = pictures(image)
    with pytest.raises(OutputError, match="uint8, shape"):
        write_overlay(drawn.astype(float) if wrong == "dtype" else drawn[:, 1:], image, tmp_path / "overlay", **BY)


def test_what_cannot_be_written_is_an_output_error(tmp_path):
    image = series(tmp_path)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="taken"):
        write_overlay(pictures(image), image, tmp_path / "taken", **BY)
    with pytest.raises(OutputError, match="NIfTI"):
        write_overlay(pictures(image), replace(image, dicom=False), tmp_path / "overlay", **BY)
