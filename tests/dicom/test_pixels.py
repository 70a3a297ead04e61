"""A marked voxel must come out where its header puts it, however the series lies and is encoded."""

from itertools import permutations, product

import gdcm
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)
from scipy.spatial.transform import Rotation

from oncontour.core.errors import ImageContentError, IncompleteSeriesError
from oncontour.dicom.find import find_studies
from oncontour.dicom.group import group_series
from oncontour.dicom.header import read_header
from oncontour.dicom.pixels import read_series, read_volume

SHAPE = (7, 5, 6)
MARK = (5, 1, 4)
RANDOM = np.random.default_rng(0).integers(0, 4000, SHAPE).astype(np.uint16)


@pytest.fixture(scope="module")
def read(factory, tmp_path_factory):
    """Write planes and read them back as the one series that they are."""

    def through_disk(planes, syntax=ExplicitVRLittleEndian):
        folder = tmp_path_factory.mktemp("series")
        files = factory.save_series(folder, planes, syntax)
        (series,) = group_series([header for file in files if (header := read_header(file))])
        return read_series(series)

    return through_disk


def marked() -> np.ndarray:
    array = np.zeros(SHAPE, dtype=np.uint16)
    array[MARK] = 1000
    return array


def world_of_mark(volume) -> np.ndarray:
    (index,) = np.argwhere(volume.array == 1000)
    return volume.grid.to_world(index)


def expected_world(orientation, spacing, origin, step) -> np.ndarray:
    """PS3.3 C.7.6.2.1.1, written out, then LPS -> RAS."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    lps = np.array(origin) + row * spacing[1] * MARK[0] + column * spacing[0] * MARK[1] + np.array(step) * MARK[2]
    return lps * (-1, -1, 1)


angles = st.tuples(*[st.floats(-180, 180)] * 3)
spacings = st.tuples(st.floats(0.3, 2), st.floats(0.3, 2), st.floats(0.5, 8))
tilts = st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))


@settings(max_examples=40, deadline=None)
@given(angles=angles, spacing=spacings, tilt=tilts, origin=st.tuples(*[st.floats(-200, 200)] * 3))
def test_marked_voxel_keeps_its_place_oblique_anisotropic_tilted(read, factory, angles, spacing, tilt, origin):
    matrix = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    orientation = (*matrix[:, 0], *matrix[:, 1])
    step = (matrix[:, 2] + matrix[:, 0] * tilt[0] + matrix[:, 1] * tilt[1]) * spacing[2]
    planes = factory.series_planes(marked(), orientation, spacing, origin, step)
    volume = read(planes).volume
    assert volume.array.shape == SHAPE
    assert np.abs(world_of_mark(volume) - expected_world(orientation, spacing, origin, step)).max() < 1e-4
    assert volume.grid.voxel_volume_mm3 == pytest.approx(np.prod(spacing), rel=1e-5)


UNITS = [sign * np.eye(3)[axis] for axis in range(3) for sign in (1, -1)]
IN_PLANE = [(row, column) for row, column in permutations(UNITS, 2) if not row @ column]


@pytest.mark.parametrize(("plane", "backwards"), list(product(range(len(IN_PLANE)), (False, True))))
def test_marked_voxel_keeps_its_place_in_all_48_orientations(read, factory, plane, backwards):
    row, column = IN_PLANE[plane]
    spacing, origin = (0.5, 0.75, 3.0), (11.0, -22.0, 33.0)
    step = np.cross(row, column) * spacing[2] * (-1 if backwards else 1)
    planes = factory.series_planes(marked(), (*row, *column), spacing, origin, step)
    volume = read(planes).volume
    expected = expected_world((*row, *column), spacing, origin, step)
    assert np.abs(world_of_mark(volume) - expected).max() < 1e-6
    in_ras = volume.reoriented("RAS")
    assert np.abs(world_of_mark(in_ras) - expected).max() < 1e-6


def test_files_follow_the_slices(read, factory):
    reading = read(factory.series_planes(RANDOM))
    assert len(reading.files) == SHAPE[2]
    for k, file in enumerate(reading.files):
        dataset = pydicom.dcmread(file)
        assert np.array_equal(dataset.pixel_array.T, reading.volume.array[:, :, k])
        lps = np.array(dataset.ImagePositionPatient, dtype=float)
        assert np.allclose(reading.volume.grid.to_world((0, 0, k)), lps * (-1, -1, 1))


def test_gantry_tilt_is_noted(read, factory):
    reading = read(factory.series_planes(RANDOM, step=(0, 1.0, 5.0)))
    assert any("11.3 degrees" in note for note in reading.notes)
    assert reading.volume.grid.voxel_volume_mm3 == pytest.approx(5.0)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_native_transfer_syntaxes(read, factory, syntax):
    assert np.array_equal(read(factory.series_planes(RANDOM), syntax).volume.array, RANDOM)


def recompressed(file, syntax) -> None:
    if syntax == "RLE":
        dataset = pydicom.dcmread(file)
        dataset.compress(RLELossless)
        dataset.save_as(file)
        return
    reader = gdcm.ImageReader()
    reader.SetFileName(str(file))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFile(reader.GetFile())
    writer.SetFileName(str(file))
    writer.SetImage(change.GetOutput())
    assert writer.Write()


@pytest.mark.parametrize("syntax", ["RLE", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless"])
def test_compressed_transfer_syntaxes(factory, tmp_path, syntax):
    array = np.random.default_rng(1).integers(0, 4000, (16, 12, 6)).astype(np.uint16)
    for file in factory.save_series(tmp_path / "in", factory.series_planes(array, **factory.new_study())):
        recompressed(file, syntax)
        assert pydicom.dcmread(file).file_meta.TransferSyntaxUID.is_compressed
    ((study),) = find_studies(tmp_path / "in", tmp_path / "unpacked")
    assert np.array_equal(read_volume(study.series[0]).array, array)


def test_a_file_without_preamble_is_read(factory, tmp_path):
    planes = factory.series_planes(RANDOM, **factory.new_study())
    for n, dataset in enumerate(planes):
        with (tmp_path / f"{n}").open("wb") as file:
            pydicom.dcmwrite(file, dataset, implicit_vr=True, little_endian=True)
    (study,) = find_studies(tmp_path, tmp_path / "unpacked")
    assert np.array_equal(read_volume(study.series[0]).array, RANDOM)


def test_rescale_of_each_slice(read, factory):
    planes = factory.series_planes(RANDOM)
    for k, one in enumerate(planes):
        one.RescaleSlope, one.RescaleIntercept = 1.0 + k, -10.0 * k
    expected = RANDOM * (1.0 + np.arange(SHAPE[2])) - 10.0 * np.arange(SHAPE[2])
    assert np.allclose(read(planes).volume.array, expected)


def test_signed_values(read, factory):
    signed = (RANDOM.astype(np.int32) - 2000).astype(np.int16)
    assert np.array_equal(read(factory.series_planes(signed)).volume.array, signed)


def test_overlay_in_the_high_bits_is_cleared(read, factory):
    drawn = RANDOM.copy()
    drawn[2, 2] |= 0x8000
    planes = factory.series_planes(drawn)
    for one in planes:
        one.BitsStored, one.HighBit = 12, 11
        one.add_new((0x6000, 0x0102), "US", 15)
    assert np.array_equal(read(planes).volume.array, RANDOM)


def test_enhanced_multi_frame(factory, tmp_path):
    order = [3, 0, 5, 1, 4, 2]
    stored = RANDOM.transpose(2, 1, 0)[order]
    dataset = factory.enhanced(
        stored,
        [(-20, -30, 4.0 * k) for k in order],
        spacing=(0.5, 0.75),
        per_frame=lambda n: {"slope": 1.0 + order[n], "intercept": 2.0},
        SeriesNumber=3,
        SeriesDescription="T2",
        ImageType=["ORIGINAL", "PRIMARY", "M", "NONE"],
        EchoPulseSequence="SPIN",
        **factory.new_study(),
    )
    file = factory.save(dataset, tmp_path / "in" / "enhanced.dcm")
    (study,) = find_studies(tmp_path / "in", tmp_path / "unpacked")
    reading = read_series(study.series[0])
    assert reading.files == (file,)
    assert np.allclose(reading.volume.array, RANDOM * (1.0 + np.arange(6)) + 2)
    assert reading.volume.grid.spacing == pytest.approx((0.75, 0.5, 4.0))
    assert np.allclose(reading.volume.grid.to_world((1, 0, 2)), (20 - 0.75, 30, 8.0))


def test_enhanced_echoes_are_two_series(factory, tmp_path):
    stored = np.concatenate([RANDOM.transpose(2, 1, 0)] * 2)
    dataset = factory.enhanced(
        stored,
        [(0, 0, 4.0 * (n % 6)) for n in range(12)],
        per_frame=lambda n: {"EchoTime": 12.0 if n < 6 else 96.0},
        SeriesNumber=3,
        EchoPulseSequence="SPIN",
        **factory.new_study(),
    )
    factory.save(dataset, tmp_path / "in" / "enhanced.dcm")
    (study,) = find_studies(tmp_path / "in", tmp_path / "unpacked")
    assert [one.label for one in study.series] == ["series 3 echo 1/2", "series 3 echo 2/2"]
    assert [one.evidence.echo_time for one in study.series] == [12.0, 96.0]
    assert np.array_equal(read_volume(study.series[1]).array, RANDOM)


# What must not be stacked


def test_missing_slice_of_thick_slices_is_refused_with_numbers(read, factory):
    planes = factory.series_planes(RANDOM)
    with pytest.raises(
        IncompleteSeriesError, match=r"5 slices 5 mm apart with 1 missing \(a gap of 10 mm after slice 3\)"
    ):
        read(planes[:3] + planes[4:])


def test_missing_thin_slice_is_bridged_and_noted(read, factory):
    smooth = np.broadcast_to(np.arange(6, dtype=np.uint16) * 10, SHAPE).copy()
    planes = factory.series_planes(smooth, spacing=(1, 1, 1.0))
    reading = read(planes[:3] + planes[4:])
    assert np.array_equal(reading.volume.array, smooth)
    assert len(reading.files) == 5
    assert any("missing slice 4 of 6 bridged" in note for note in reading.notes)


def test_two_neighbours_missing_are_refused(read, factory):
    planes = factory.series_planes(np.zeros((4, 4, 10), np.uint16), spacing=(1, 1, 1.0))
    with pytest.raises(IncompleteSeriesError, match="2 missing"):
        read(planes[:4] + planes[6:])


def test_exact_doubles_are_left_out_and_noted(read, factory):
    planes = factory.series_planes(RANDOM)
    double = factory.series_planes(RANDOM)[2]
    double.SeriesInstanceUID = planes[0].SeriesInstanceUID
    reading = read([*planes, double])
    assert np.array_equal(reading.volume.array, RANDOM)
    assert any("1 exact doubles" in note for note in reading.notes)


def test_unlike_images_at_one_place_are_refused(read, factory):
    planes = factory.series_planes(RANDOM)
    other = factory.series_planes(RANDOM + 1)[2]
    other.SeriesInstanceUID = planes[0].SeriesInstanceUID
    with pytest.raises(IncompleteSeriesError, match="unlike images at one place, at 1 of 6"):
        read([*planes, other])


def test_irregular_distances_are_refused(read, factory):
    planes = factory.series_planes(RANDOM)
    planes[3].ImagePositionPatient[2] += 1.5
    with pytest.raises(IncompleteSeriesError, match=r"irregular distances, 3.5 to 6.5 mm"):
        read(planes)


def test_two_frames_of_reference_are_refused(read, factory):
    planes = factory.series_planes(RANDOM, FrameOfReferenceUID="1.2.3")
    planes[3].FrameOfReferenceUID = "1.2.4"
    with pytest.raises(IncompleteSeriesError, match="2 frames of reference in 6 slices"):
        read(planes)


def test_position_missing_is_refused(read, factory):
    planes = factory.series_planes(RANDOM)
    for one in planes:
        del one.ImagePositionPatient
    with pytest.raises(IncompleteSeriesError, match="6 of 6 slices without position"):
        read(planes)


@pytest.mark.parametrize("keep", [10, 60])
def test_truncated_pixels_are_refused(read, factory, keep):
    planes = factory.series_planes(RANDOM)
    planes[2].PixelData = planes[2].PixelData[:keep]
    with pytest.raises(IncompleteSeriesError, match="cut off or damaged"):
        read(planes)


def test_no_pixels_at_all(read, factory):
    planes = factory.series_planes(RANDOM)
    for one in planes:
        del one.Rows
        del one.PixelData
    with pytest.raises(ImageContentError, match="no pixels"):
        read(planes)
