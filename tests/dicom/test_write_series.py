"""A synthetic series must lie where its volume lies, look like a scanner's, and say that it is a phantom."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from oncontour.core.errors import GeometryError, ImageContentError, OutputError
from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.dicom.protocols import PROTOCOLS
from oncontour.dicom.write_series import SyntheticStudy, write_series

STUDY = SyntheticStudy("test", seed=1)
SHAPE = (7, 5, 4)


def oblique(angles: tuple[float, float, float], spacing: tuple[float, float, float]) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * np.array(spacing)
    affine[:3, 3] = (-31.7, 12.3, 45.6)
    return affine


def marked(affine: np.ndarray, voxel: tuple[int, int, int] = (5, 1, 2)) -> Volume:
    array = np.zeros(SHAPE, dtype=np.float32)
    array[voxel] = 1000
    return Volume(array, affine)


def brightest(files: tuple[Path, ...]) -> np.ndarray:
    """RAS position of the one bright voxel, by the formula of PS3.3 C.7.6.2.1.1."""
    found = []
    for file in files:
        dataset = pydicom.dcmread(file)
        cosines = np.array(dataset.ImageOrientationPatient, dtype=float)
        between_rows, between_columns = map(float, dataset.PixelSpacing)
        for row, column in np.argwhere(dataset.pixel_array > 0):
            place = np.array(dataset.ImagePositionPatient, dtype=float)
            place = place + cosines[:3] * between_columns * column + cosines[3:] * between_rows * row
            found.append(place * (-1, -1, 1))
    assert len(found) == 1
    return found[0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    angles=st.tuples(*[st.floats(-180, 180)] * 3),
    spacing=st.tuples(st.floats(0.3, 2), st.floats(0.3, 2), st.floats(0.5, 8)),
    plane=st.sampled_from(["axial", "sagittal", "coronal", None]),
)
def test_a_marked_voxel_keeps_its_place(tmp_path, angles, spacing, plane):
    affine = oblique(angles, spacing)
    files = write_series(marked(affine), tmp_path, sequence=Sequence.T1, number=1, study=STUDY, plane=plane)
    assert np.abs(brightest(files) - affine[:3, :3] @ (5, 1, 2) - affine[:3, 3]).max() < 1e-6
    for file in files:
        file.unlink()


@pytest.mark.parametrize("codes", ALL_ORIENTATIONS)
def test_every_orientation_of_the_array_is_written_as_it_is(tmp_path, codes):
    volume = marked(oblique((5, -8, 12), (0.8, 1.1, 3)))
    turned = volume.reoriented(codes)
    files = write_series(turned, tmp_path, sequence=Sequence.T2, number=1, study=STUDY, plane=None)
    assert len(files) == turned.array.shape[2]
    assert pydicom.dcmread(files[0]).pixel_array.shape == turned.array.shape[1::-1]
    assert np.abs(brightest(files) - volume.grid.to_world((5, 1, 2))).max() < 1e-6


@pytest.mark.parametrize(
    ("plane", "cosines"),
    [("axial", [1, 0, 0, 0, 1, 0]), ("sagittal", [0, 1, 0, 0, 0, -1]), ("coronal", [1, 0, 0, 0, 0, -1])],
)
def test_pictures_stand_upright_in_a_viewer(tmp_path, plane, cosines):
    files = write_series(marked(np.eye(4)), tmp_path, sequence=Sequence.T1, number=1, study=STUDY, plane=plane)
    assert np.array(pydicom.dcmread(files[0]).ImageOrientationPatient, dtype=float).tolist() == cosines


def test_a_tilted_stack_keeps_its_positions(tmp_path):
    affine = oblique((10, 0, 0), (1, 1, 3))
    affine[:3, 2] += 0.6 * affine[:3, 1]
    files = write_series(marked(affine), tmp_path, sequence=Sequence.T1, number=1, study=STUDY, plane=None)
    assert np.abs(brightest(files) - affine[:3, :3] @ (5, 1, 2) - affine[:3, 3]).max() < 1e-6
    assert float(pydicom.dcmread(files[0]).SpacingBetweenSlices) == pytest.approx(3)


def test_rows_that_lean_against_columns_are_refused(tmp_path):
    affine = np.eye(4)
    affine[0, 1] = 0.1
    with pytest.raises(GeometryError, match=r"84\.29 degrees"):
        write_series(marked(affine), tmp_path, sequence=Sequence.T1, number=1, study=STUDY)


def read_values(files: tuple[Path, ...]) -> np.ndarray:
    slices = [pydicom.dcmread(file) for file in files]
    return np.stack(
        [d.pixel_array.T * float(d.get("RescaleSlope", 1)) + float(d.get("RescaleIntercept", 0)) for d in slices],
        axis=2,
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hundredths=st.integers(-1_000_000, 1_000_000), extent=st.integers(0, 100_000), seed=st.integers(0, 99))
def test_rescaled_values_come_back(tmp_path, hundredths, extent, seed):
    array = hundredths / 100 + extent * np.random.default_rng(seed).random(SHAPE)
    volume = Volume(array, np.eye(4))
    files = write_series(volume, tmp_path, sequence=Sequence.T1, number=1, study=STUDY, plane=None, rescale=True)
    step = np.ptp(array) / 65535
    assert np.abs(read_values(files) - array).max() <= 0.51 * step + 1e-9 * np.abs(array).max()


def test_weighted_images_fill_twelve_bits_and_adc_keeps_its_numbers(tmp_path):
    array = np.random.default_rng(0).normal(size=SHAPE)
    weighted = write_series(Volume(array, np.eye(4)), tmp_path, sequence=Sequence.T2, number=1, study=STUDY, plane=None)
    stored = read_values(weighted)
    assert (stored.min(), stored.max()) == (0, 4095)
    assert np.corrcoef(stored.ravel(), array.ravel())[0, 1] > 0.999999
    adc = np.rint(np.abs(array) * 1000)
    files = write_series(Volume(adc, np.eye(4)), tmp_path, sequence=Sequence.ADC, number=2, study=STUDY, plane=None)
    assert np.array_equal(read_values(files), adc)


@pytest.mark.parametrize(
    ("array", "error"), [(np.full(SHAPE, np.nan), ImageContentError), (np.zeros((2, *SHAPE)), GeometryError)]
)
def test_what_is_no_image_is_refused(tmp_path, array, error):
    with pytest.raises(error):
        write_series(Volume(array, np.eye(4)), tmp_path, sequence=Sequence.T1, number=1, study=STUDY)


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="taken"):
        write_series(marked(np.eye(4)), tmp_path / "taken", sequence=Sequence.T1, number=1, study=STUDY)


@pytest.mark.parametrize(("sequence", "acquisition"), PROTOCOLS)
def test_headers_are_physically_coherent_and_valid(tmp_path, sequence, acquisition):
    volume = marked(np.diag([0.9, 0.9, 5.0 if acquisition == "2D" else 1.0, 1.0]))
    files = write_series(volume, tmp_path, sequence=sequence, number=3, study=STUDY)
    dataset = pydicom.dcmread(files[0])
    assert 0 < dataset.EchoTime < dataset.RepetitionTime
    assert ("IR" in dataset.ScanningSequence) == ("InversionTime" in dataset)
    assert dataset.get("InversionTime", 0) < dataset.RepetitionTime
    assert ("ContrastBolusAgent" in dataset) == (sequence is Sequence.T1CE)
    assert dataset.MRAcquisitionType == ("2D" if sequence is Sequence.ADC else acquisition)
    assert not list(tmp_path.glob("*.part"))
    complain(files[1])


def complain(file: Path) -> None:
    if not shutil.which("dciodvfy"):
        pytest.skip("dciodvfy (Debian package dicom3tools) is missing: the headers' validity is not tested")
    said = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False)
    assert "MRImage" in said.stderr + said.stdout
    assert not [line for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")]


def test_the_patient_is_plainly_a_phantom(tmp_path):
    dataset = pydicom.dcmread(write_series(marked(np.eye(4)), tmp_path, sequence=Sequence.T1, number=1, study=STUDY)[0])
    assert str(dataset.PatientName) == "PHANTOM^test"
    assert dataset.PatientID.startswith("PHANTOM")
    assert (dataset.QualityControlSubject, dataset.PatientIdentityRemoved) == ("YES", "YES")


def test_uids_follow_from_the_seed(tmp_path):
    def uids(folder, study, number):
        files = write_series(marked(np.eye(4)), tmp_path / folder, sequence=Sequence.T1, number=number, study=study)
        read = [pydicom.dcmread(file) for file in files]
        return [(d.StudyInstanceUID, d.FrameOfReferenceUID, d.SeriesInstanceUID, d.SOPInstanceUID) for d in read]

    first = uids("a", STUDY, 1)
    assert first == uids("b", SyntheticStudy("test", seed=1), 1)
    second = uids("c", STUDY, 2)
    assert first[0][:2] == second[0][:2]
    assert first[0][2] != second[0][2]
    assert len({uid[3] for uid in first + second}) == 2 * SHAPE[2]
    assert not set(first[0]) & set(uids("d", SyntheticStudy("test", seed=2), 1)[0])
