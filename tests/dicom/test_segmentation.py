"""A SEG must show every reader the masks where they were drawn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from oncontour.core.errors import OutputError
from oncontour.core.labels import BRATS
from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.sequence import Sequence
from oncontour.core.study import Image
from oncontour.core.volume import Volume
from oncontour.dicom.find import find_studies
from oncontour.dicom.segmentation import write_segmentation
from oncontour.dicom.study import read_study

from .objects import AFFINE, NAMES, SHAPE, change_headers, errors, nested, rename, series
from .readers import assert_same_voxels, by_dcmqi, by_highdicom


def write(regions: Volume, image: Image, path: Path, **changes):
    return write_segmentation(regions, BRATS, image, path, **({"algorithm": "unet", "version": "1.2"} | changes))


@pytest.mark.parametrize("codes", ALL_ORIENTATIONS)
def test_every_orientation_reads_back(tmp_path, codes):
    straight = np.diag([0.8, 1.1, 3.0, 1.0])
    straight[:3, 3] = (-40, 22, 13)
    turned = Volume(np.zeros(SHAPE, np.float32), straight).reoriented(codes)
    image = series(tmp_path, turned.affine, turned.array.shape)
    regions = nested(image)
    checks = write(regions, image, tmp_path / "seg.dcm")
    assert [check.verdict for check in checks] == ["ok"] * 3
    assert max(check.value for check in checks) < 1e-3
    for n in range(3):
        assert_same_voxels(by_highdicom(tmp_path / "seg.dcm", n + 1), regions, n)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    angles=st.tuples(*[st.floats(-180, 180)] * 3),
    spacing=st.tuples(st.floats(0.3, 2), st.floats(0.3, 2), st.floats(0.5, 8)),
    voxel=st.tuples(st.integers(0, 12), st.integers(0, 8), st.integers(0, 7)),
)
def test_a_marked_voxel_of_an_oblique_series_keeps_its_place(tmp_path, angles, spacing, voxel):
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * np.array(spacing)
    affine[:3, 3] = (13.3, -47.1, 88.8)
    image = series(tmp_path, affine)
    array = np.zeros((3, *SHAPE), dtype=bool)
    array[(slice(None), *voxel)] = True
    write(Volume(array, affine), image, tmp_path / "seg.dcm")
    for number in (1, 2, 3):
        found = by_highdicom(tmp_path / "seg.dcm", number)
        assert found.shape == (1, 3)
        assert np.abs(found[0] - image.volume.grid.to_world(voxel)).max() < 1e-3


def test_dcmqi_reads_the_same_voxels(tmp_path):
    image = series(tmp_path)
    regions = nested(image)
    write(regions, image, tmp_path / "seg.dcm")
    for n, positions in enumerate(by_dcmqi(tmp_path / "seg.dcm", tmp_path / "dcmqi")):
        assert_same_voxels(positions, regions, n)


@pytest.mark.parametrize("empty", [(), (2,), (1, 2), (0, 1, 2)])
def test_the_object_is_valid_whatever_is_empty(tmp_path, empty):
    image = series(tmp_path)
    regions = nested(image)
    regions.array[list(empty)] = False
    checks = write(regions, image, tmp_path / "seg.dcm")
    assert [check.value is None for check in checks] == [n in empty for n in range(3)]
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    assert [segment.SegmentLabel for segment in dataset.SegmentSequence] == [r.title for r in BRATS.regions]
    assert errors(tmp_path / "seg.dcm", "Segmentation") == []
    for n, positions in enumerate(by_dcmqi(tmp_path / "seg.dcm", tmp_path / "dcmqi")):
        assert_same_voxels(positions, regions, n)


@pytest.mark.parametrize("k", [0, 3, SHAPE[2] - 1])
def test_a_tumour_in_one_slice_still_tells_the_slice_spacing(tmp_path, k):
    image = series(tmp_path)
    array = np.zeros((3, *SHAPE), dtype=bool)
    array[:, 4:7, 2:5, k] = True
    regions = Volume(array, image.volume.affine)
    write(regions, image, tmp_path / "seg.dcm")
    assert pydicom.dcmread(tmp_path / "seg.dcm").NumberOfFrames == 3 * 2
    assert_same_voxels(by_dcmqi(tmp_path / "seg.dcm", tmp_path / "dcmqi")[0], regions, 0)


def test_a_single_slice_can_be_segmented(tmp_path):
    image = series(tmp_path, shape=(13, 9, 1))
    regions = Volume(np.ones((3, 13, 9, 1), dtype=bool), AFFINE)
    assert [check.verdict for check in write(regions, image, tmp_path / "seg.dcm")] == ["ok"] * 3


def test_a_tilted_stack_is_written_frame_by_frame(tmp_path):
    tilted = AFFINE.copy()
    tilted[:3, 2] += 0.5 * tilted[:3, 1]
    image = series(tmp_path, tilted)
    regions = nested(image)
    checks = write(regions, image, tmp_path / "seg.dcm")
    assert max(check.value for check in checks) < 1e-3
    assert f"{np.count_nonzero(regions.array[0]) * 0.8 * 1.1 * 3 / 1000:.2f} mL" in checks[0].message


def frame_references(path: Path) -> list[tuple[list[float], str | None, int | None]]:
    """(position, instance, frame number) of each frame."""
    found = []
    for frame in pydicom.dcmread(path).PerFrameFunctionalGroupsSequence:
        position = [float(value) for value in frame.PlanePositionSequence[0].ImagePositionPatient]
        items = [source for item in frame.DerivationImageSequence for source in item.SourceImageSequence]
        uid = items[0].ReferencedSOPInstanceUID if items else None
        found.append((position, uid, items[0].get("ReferencedFrameNumber") if items else None))
    return found


def test_each_frame_names_the_slice_it_lies_on(tmp_path):
    image = series(tmp_path)
    shuffled = replace(image, files=image.files[::-1])
    write(nested(image), shuffled, tmp_path / "seg.dcm")
    places = {d.SOPInstanceUID: d.ImagePositionPatient for d in map(pydicom.dcmread, image.files)}
    for position, uid, number in frame_references(tmp_path / "seg.dcm"):
        assert np.abs(np.array(places[uid], dtype=float) - position).max() < 1e-6
        assert number is None


def test_a_slice_that_the_series_lacks_names_no_source(tmp_path):
    image = series(tmp_path)
    gap = replace(image, files=image.files[:3] + image.files[4:])
    regions = nested(image)
    checks = write(regions, gap, tmp_path / "seg.dcm")
    assert [check.verdict for check in checks] == ["ok"] * 3
    lost = image.volume.affine[:3, :3] @ (0, 0, 3) + image.volume.affine[:3, 3]
    for position, uid, _ in frame_references(tmp_path / "seg.dcm"):
        assert (uid is None) == bool(np.abs(position * np.array([-1, -1, 1]) - lost).max() < 1e-3)
    assert errors(tmp_path / "seg.dcm", "Segmentation") == []


def test_files_that_do_not_hold_the_volume_are_refused(tmp_path):
    image = series(tmp_path)
    moved = image.volume.affine.copy()
    moved[:3, 3] += 1
    elsewhere = replace(image, volume=Volume(image.volume.array, moved))
    with pytest.raises(OutputError, match="8 of 8 slices"):
        write(Volume(nested(image).array, moved), elsewhere, tmp_path / "seg.dcm")
    assert not (tmp_path / "seg.dcm").exists()


def test_what_the_segments_say(tmp_path):
    image = series(tmp_path)
    write(nested(image), image, tmp_path / "seg.dcm")
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    source = pydicom.dcmread(image.files[0])
    assert dataset.SegmentationType == "BINARY"
    assert dataset.SegmentsOverlap == "YES"
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert dataset[keyword].value == source[keyword].value
    for segment, region in zip(dataset.SegmentSequence, BRATS.regions, strict=True):
        kind = segment.SegmentedPropertyTypeCodeSequence[0]
        assert (kind.CodeValue, kind.CodingSchemeDesignator) == (region.type.value, region.type.scheme)
        assert segment.SegmentAlgorithmType == "AUTOMATIC"
        algorithm = segment.SegmentationAlgorithmIdentificationSequence[0]
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("unet", "1.2")
    assert len({segment.TrackingUID for segment in dataset.SegmentSequence}) == 3


def test_the_codes_are_those_of_the_standard():
    from pydicom.sr._cid_dict import cid_concepts
    from pydicom.sr._concepts_dict import concepts

    def listed(cid: int) -> set[tuple[str, str]]:
        """(scheme, code) of a context group's own members, and of those it includes."""
        return {
            (scheme, value)
            for scheme, keywords in cid_concepts[cid].items()
            for keyword in keywords
            for value, (_, groups) in concepts[scheme][keyword].items()
            if cid in groups
        }

    for region in BRATS.regions:
        assert (region.category.scheme, region.category.value) in listed(7150)
        assert (region.type.scheme, region.type.value) in listed(7194)


def test_the_same_result_is_the_same_object(tmp_path):
    image = series(tmp_path)

    def uids(name: str, regions: Volume, **changes) -> tuple[str, ...]:
        write(regions, image, tmp_path / name, **changes)
        dataset = pydicom.dcmread(tmp_path / name)
        return dataset.SOPInstanceUID, dataset.SeriesInstanceUID, dataset.SegmentSequence[0].TrackingUID

    first = uids("a.dcm", nested(image))
    assert uids("b.dcm", nested(image)) == first
    assert not set(uids("c.dcm", nested(image, seed=1))) & set(first)
    assert not set(uids("d.dcm", nested(image), version="2")) & set(first)


@pytest.mark.filterwarnings("ignore:The value length")
def test_anonymised_and_odd_headers_are_carried_over(tmp_path):
    image = series(tmp_path)

    def change(dataset):
        for keyword in ("PatientBirthDate", "AccessionNumber", "StudyID", "StudyTime", "SliceThickness"):
            del dataset[keyword]
        dataset.SpacingBetweenSlices = "77"
        with pydicom.config.disable_value_validation():
            dataset.PatientID = "x" * 70
            dataset.PatientAge = "fifty"
            dataset.PatientSex = "W"

    change_headers(image, change)
    write(nested(image), image, tmp_path / "seg.dcm")
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    assert dataset.PatientID == "x" * 70
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert float(measures.SpacingBetweenSlices) == pytest.approx(3)


@pytest.mark.parametrize("character_set", NAMES)
def test_names_in_any_script_survive(tmp_path, character_set):
    image = series(tmp_path)
    name = rename(image, character_set)
    write(nested(image), image, tmp_path / "seg.dcm")
    assert str(pydicom.dcmread(tmp_path / "seg.dcm").PatientName) == name


def test_a_series_without_frame_of_reference_gets_a_warning(tmp_path):
    image = series(tmp_path)
    change_headers(image, lambda dataset: dataset.pop("FrameOfReferenceUID"))
    checks = write(nested(image), image, tmp_path / "seg.dcm")
    assert [check.verdict for check in checks] == ["ok", "ok", "ok", "warn"]
    assert errors(tmp_path / "seg.dcm", "Segmentation") == []


def test_a_nifti_source_is_refused(tmp_path):
    image = series(tmp_path)
    with pytest.raises(OutputError, match="NIfTI"):
        write(nested(image), replace(image, dicom=False), tmp_path / "seg.dcm")


@pytest.mark.parametrize("wrong", ["grid", "shape", "channels", "dtype"])
def test_regions_of_another_grid_are_refused(tmp_path, wrong):
    image = series(tmp_path)
    regions = nested(image)
    affine = image.volume.affine.copy()
    affine[0, 3] += 0.5
    bad = {
        "grid": Volume(regions.array, affine),
        "shape": Volume(regions.array[:, :, :, 1:], image.volume.affine),
        "channels": Volume(regions.array[:2], image.volume.affine),
        "dtype": Volume(regions.array.astype(np.float32), image.volume.affine),
    }[wrong]
    with pytest.raises(OutputError, match="regions"):
        write(bad, image, tmp_path / "seg.dcm")


def test_nothing_is_left_of_a_file_that_cannot_be_written(tmp_path):
    image = series(tmp_path)
    with pytest.raises(OutputError, match="operating system"):
        write(nested(image), image, tmp_path / "no such folder" / "seg.dcm")
    (tmp_path / "seg.dcm").mkdir()
    with pytest.raises(OutputError, match="operating system"):
        write(nested(image), image, tmp_path / "seg.dcm")
    assert not list(tmp_path.glob("*.part"))


def ball(image: Image) -> Volume:
    """Three concentric balls off the centre, radii 30, 20 and 10 mm."""
    grid = image.volume.grid
    centre = grid.to_world(np.array(grid.shape) * (0.6, 0.4, 0.45))
    index = np.moveaxis(np.indices(grid.shape, dtype=np.float32), 0, -1)
    distance = np.linalg.norm(grid.to_world(index) - centre, axis=-1)
    return Volume(np.stack([distance < radius for radius in (30, 20, 10)]), grid.affine)


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["dicom-volunteer-t1-t2.zip", "dicom-siemens-enhanced"])
def test_real_studies(shared, tmp_path, folder):
    """Classic series with a slice missing, oblique and not square; an enhanced multi-frame object."""
    (study,) = find_studies(shared / folder, tmp_path / "unpacked")
    images = read_study(study).images
    assert len(images) == 2
    for name, image in images.items():
        regions, path = ball(image), tmp_path / f"{name}.dcm"
        assert max(check.value for check in write(regions, image, path)) < 1e-3
        assert errors(path, "Segmentation") == []
        for n, positions in enumerate(by_dcmqi(path, tmp_path / name)):
            assert_same_voxels(positions, regions, n, tolerance_mm=1e-2)


@pytest.mark.shared
def test_frames_of_a_real_enhanced_object_are_named_by_number(shared, tmp_path):
    (study,) = find_studies(shared / "dicom-siemens-enhanced", tmp_path)
    image = read_study(study).images[Sequence.T1]
    write(ball(image), image, tmp_path / "seg.dcm")
    header = pydicom.dcmread(image.files[0], stop_before_pixels=True)
    frames = header.PerFrameFunctionalGroupsSequence
    places = np.array([frame.PlanePositionSequence[0].ImagePositionPatient for frame in frames], dtype=float)
    for position, uid, number in frame_references(tmp_path / "seg.dcm"):
        assert uid == header.SOPInstanceUID
        assert np.abs(places[number - 1] - position).max() < 1e-3
