"""Real series of five vendors: sequences told from headers, geometry as the reference conversions have it."""

import subprocess

import dcm2niix
import nibabel
import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.dicom.find import find_studies
from oncontour.dicom.pixels import read_series, read_volume
from oncontour.dicom.study import read_study

pytestmark = pytest.mark.shared

VENDORS = [
    ("ge/anatomical/001", Sequence.T1),
    ("ge/anatomical/001_implicit", Sequence.T1),
    ("ge/anatomical/001_single_slice", Sequence.T1),
    ("hitachi/anatomical/001", None),
    ("hitachi/anatomical/001_implicit", None),
    ("philips/anatomical/001", Sequence.FLAIR),
    ("philips/anatomical/001_implicit", Sequence.FLAIR),
    ("philips_enhanced/anatomical/001", Sequence.T1),
    ("philips_enhanced/anatomical/001_implicit", Sequence.T1),
    ("siemens/anatomical/001", Sequence.FLAIR),
    ("siemens/anatomical/001_implicit", Sequence.FLAIR),
]


@pytest.fixture(scope="module")
def volunteer(shared_data, tmp_path_factory):
    (study,) = find_studies(shared_data / "dicom-volunteer-t1-t2.zip", tmp_path_factory.mktemp("unpacked"))
    return study


def assert_same_voxels_at_same_places(volume, reference):
    """Voxels of one volume (a coarse lattice of them) are in the other, at the same world position."""
    array = np.squeeze(np.asarray(reference.dataobj, dtype=np.float32))
    array = array if array.ndim == 3 else array[..., None]
    index = np.stack(
        np.meshgrid(*(np.unique(np.linspace(0, n - 1, 40).astype(int)) for n in volume.array.shape), indexing="ij"), -1
    )
    world = volume.grid.to_world(index)
    there = (world - reference.affine[:3, 3]) @ np.linalg.inv(reference.affine[:3, :3]).T
    nearest = np.round(there).astype(int)
    spacing = np.linalg.norm(reference.affine[:3, :3], axis=0)
    assert (np.abs(there - nearest) * spacing).max() < 0.05
    assert nearest.min() >= 0
    assert (nearest.max(axis=(0, 1, 2)) < array.shape).all()
    theirs = array[tuple(np.moveaxis(nearest, -1, 0))]
    assert np.allclose(volume.array[tuple(np.moveaxis(index, -1, 0))], theirs, rtol=1e-4, atol=0.51)


def test_volunteer_is_identified_from_headers(volunteer):
    study = read_study(volunteer)
    assert {sequence: image.source for sequence, image in study.images.items()} == {
        Sequence.T1: "series 5",
        Sequence.T2: "series 6",
    }
    assert study.name == "dicom-volunteer-t1-t2"
    assert study.images[Sequence.T1].volume.array.shape == (192, 192, 176)
    assert study.images[Sequence.T2].volume.array.shape == (384, 512, 56)
    assert study.images[Sequence.T2].volume.grid.spacing == pytest.approx((0.4296875, 0.4296875, 2.5), abs=1e-4)
    assert [decision.sequence for decision in study.decisions[2:]] == [None, None]
    assert all("perfusion" in decision.reason for decision in study.decisions[2:])
    bridged = [note for note in study.notes if "bridged" in note]
    assert len(bridged) == 2


def test_volunteer_slices_are_where_dcm2niix_has_them(volunteer, tmp_path):
    """dcm2niix leaves the missing slice out without a word in the affine: compared up to the gap."""
    for series, gap in ((volunteer.series[0], 114), (volunteer.series[1], 34)):
        reading = read_series(series)
        source, target = tmp_path / f"in{gap}", tmp_path / f"out{gap}"
        source.mkdir()
        target.mkdir()
        for n, file in enumerate(reading.files[:gap]):
            (source / f"{n}.dcm").symlink_to(file)
        subprocess.run(
            [dcm2niix.bin, "-b", "n", "-z", "n", "-f", "image", "-o", str(target), str(source)],
            check=True,
            capture_output=True,
        )
        (file,) = target.glob("*.nii")
        part = type(reading.volume)(reading.volume.array[..., :gap], reading.volume.affine)
        assert_same_voxels_at_same_places(part, nibabel.load(file))


def test_siemens_enhanced(shared_data, tmp_path):
    (found,) = find_studies(shared_data / "dicom-siemens-enhanced", tmp_path)
    study = read_study(found)
    assert {sequence: image.source for sequence, image in study.images.items()} == {
        Sequence.T1: "series 5",
        Sequence.ADC: "series 11",
    }
    assert all("diffusion" in one.reason for one in study.decisions if one.sequence is None)
    for number, slices in ((5, 96), (11, 39)):
        (series,) = (one for one in found.series if one.number == number)
        volume = read_volume(series)
        assert volume.array.shape[2] == slices
        target = tmp_path / f"{number}"
        target.mkdir()
        subprocess.run(
            [dcm2niix.bin, "-b", "n", "-z", "n", "-f", "image", "-o", str(target), str(series.frames[0].path.parent)],
            check=True,
            capture_output=True,
        )
        assert_same_voxels_at_same_places(volume, nibabel.load(next(target.glob("*.nii"))))


@pytest.mark.parametrize(("folder", "sequence"), VENDORS)
def test_vendors(shared_data, tmp_path, folder, sequence):
    from oncontour.dicom.identify import identify

    (study,) = find_studies(shared_data / "dicom-vendors" / folder, tmp_path)
    (series,) = study.series
    assert identify(series).sequence is sequence
    volume = read_volume(series)
    reference = nibabel.load(shared_data / "dicom-vendors" / f"{folder}_ground_truth.nii.gz")
    assert_same_voxels_at_same_places(volume, reference)


def test_patients_of_the_vendors_are_told_apart(shared_data, tmp_path):
    from oncontour.core.errors import MixedPatientsError

    with pytest.raises(MixedPatientsError):
        find_studies(shared_data / "dicom-vendors", tmp_path)
