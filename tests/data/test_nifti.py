"""NIfTI in and out: places, contents, damage, and a system that refuses."""

from __future__ import annotations

import errno
import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.core.errors import GeometryError, ImageContentError, InputError, OncontourError, OutputError
from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.volume import Volume
from oncontour.data.nifti import is_nifti, read_mask, read_nifti, read_nifti_noted, stem, write_nifti

OBLIQUE = np.array([[0.9, -0.1, 0.2, -80.0], [0.1, 0.8, -0.3, -90.0], [-0.1, 0.2, 4.8, 20.0], [0, 0, 0, 1.0]])


def image_array(shape=(4, 5, 6), seed=0):
    return np.random.default_rng(seed).normal(100, 20, shape).astype(np.float32)


def save(path: Path, array, sform=None, qform=None, sform_code=1, qform_code=1):
    image = nibabel.Nifti1Image(array, np.eye(4))
    image.set_sform(np.eye(4) if sform is None else sform, code=sform_code)
    image.set_qform((np.eye(4) if qform is None else qform) if qform_code else None, code=qform_code)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_an_image_comes_back_as_written(tmp_path, suffix):
    volume = Volume(image_array(), OBLIQUE)
    write_nifti(volume, tmp_path / f"a{suffix}")
    read = read_nifti(tmp_path / f"a{suffix}")
    assert read.array.dtype == np.float32
    np.testing.assert_array_equal(read.array, volume.array)
    assert read.grid.same_as(volume.grid, 1e-3)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(ALL_ORIENTATIONS), st.tuples(*[st.integers(0, n - 1) for n in (4, 5, 6)]))
def test_a_marked_voxel_keeps_its_place_in_every_orientation(tmp_path_factory, codes, index):
    array = np.zeros((4, 5, 6), np.float32)
    array[index] = 1
    path = tmp_path_factory.mktemp("orient") / "a.nii.gz"
    write_nifti(Volume(array, OBLIQUE).reoriented(codes), path)
    read = read_nifti(path)
    found = read.grid.to_world(np.argwhere(read.array > 0)[0])
    np.testing.assert_allclose(found, Volume(array, OBLIQUE).grid.to_world(index), atol=1e-3)


def test_regions_are_written_with_the_channel_last(tmp_path):
    regions = np.stack([image_array() > 80, image_array() > 100, image_array() > 120])
    write_nifti(Volume(regions, OBLIQUE), tmp_path / "r.nii.gz", "bool")
    image = nibabel.load(tmp_path / "r.nii.gz")
    assert image.shape == (4, 5, 6, 3)
    assert image.get_data_dtype() == np.uint8
    np.testing.assert_array_equal(np.moveaxis(np.asarray(image.dataobj), -1, 0).astype(bool), regions)
    np.testing.assert_array_equal(read_nifti(tmp_path / "r.nii.gz", channel=1).array > 0, regions[1])


def test_the_same_result_is_the_same_file(tmp_path):
    for name in ("a.nii.gz", "b.nii.gz"):
        write_nifti(Volume(image_array(), OBLIQUE), tmp_path / name)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_slope_and_intercept_are_applied(tmp_path):
    image = nibabel.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))
    image.header.set_slope_inter(2.5, -10)
    nibabel.save(image, tmp_path / "a.nii")
    data = bytearray((tmp_path / "a.nii").read_bytes())
    data[112:120] = np.array([2.5, -10], np.float32).tobytes()
    (tmp_path / "a.nii").write_bytes(bytes(data))
    stored = np.frombuffer(bytes(data[352:]), np.int16).reshape((2, 3, 4), order="F")
    np.testing.assert_allclose(read_nifti(tmp_path / "a.nii").array, stored * 2.5 - 10)


def test_the_qform_stands_in_for_a_missing_sform(tmp_path):
    place = np.diag([-1.0, -1.0, 2.0, 1.0])
    path = save(tmp_path / "a.nii.gz", image_array(), qform=place, sform_code=0)
    np.testing.assert_allclose(read_nifti(path).affine, place)


def test_a_small_disagreement_is_noted_and_the_sform_used(tmp_path):
    moved = np.eye(4)
    moved[0, 3] = 0.2
    path = save(tmp_path / "a.nii.gz", image_array(), qform=moved)
    volume, notes = read_nifti_noted(path)
    np.testing.assert_allclose(volume.affine, np.eye(4))
    assert len(notes) == 1
    assert "0.20 mm" in notes[0]
    assert read_nifti_noted(save(tmp_path / "b.nii.gz", image_array()))[1] == ()


def test_a_fourth_axis_of_one_is_no_matter(tmp_path):
    path = save(tmp_path / "a.nii.gz", image_array((4, 5, 6, 1)))
    assert read_nifti(path).array.shape == (4, 5, 6)


def test_a_mask_is_read_as_booleans(tmp_path):
    array = np.zeros((4, 5, 6), np.int32)
    array[1, 2, 3] = 7
    mask = read_mask(save(tmp_path / "m.nii.gz", array))
    assert mask.array.dtype == bool
    assert mask.array.sum() == 1
    with pytest.raises(ImageContentError, match="an empty mask"):
        read_mask(save(tmp_path / "e.nii.gz", np.zeros((4, 5, 6), np.int32)))


def with_nan():
    array = image_array()
    array[0, 0, 0] = np.nan
    return array


SINGULAR = np.diag([1.0, 1.0, 1.0, 1.0])
SINGULAR[:, 2] = [1, 1, 0, 0]
FAR_AWAY = np.eye(4)
FAR_AWAY[0, 3] = 1e7
BAD_VOXELS = {
    "zeros": (np.zeros((4, 5, 6), np.float32), "nothing but zeros"),
    "constant": (np.full((4, 5, 6), 7, np.float32), "the one value 7"),
    "nan": (with_nan(), "1 of 120 voxels that are NaN"),
    "float64 beyond float32": (image_array().astype(np.float64) * 1e300, "NaN or infinite"),
    "4-D": (image_array((4, 5, 6, 3)), r"3 images in one file \(shape \(4, 5, 6, 3\)\)"),
    "2-D": (image_array((4, 5)), "2 axes"),
    "complex": (image_array().astype(np.complex64), "voxels of type complex64"),
    "colours": (np.zeros((4, 5, 6), np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])), "colours"),
}


@pytest.mark.parametrize("what", BAD_VOXELS)
def test_voxels_that_are_no_image_are_refused(tmp_path, what):
    array, found = BAD_VOXELS[what]
    path = save(tmp_path / "a.nii.gz", array)
    with pytest.raises(ImageContentError, match=found) as caught:
        read_nifti(path)
    assert_says_all(caught.value, path)


BAD_PLACES = {
    "singular": ({"sform": SINGULAR, "qform_code": 0}, "singular"),
    "huge spacing": ({"sform": np.diag([1e5, 1, 1, 1.0]), "qform_code": 0}, r"1e\+05 x 1 x 1 mm"),
    "huge offset": (
        {"sform": np.array([[1, 0, 0, 1e7], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), "qform_code": 0},
        "origin",
    ),
    "metres": ({"sform": np.diag([0.001, 0.001, 0.001, 1]), "qform_code": 0}, "0.001 x 0.001 x 0.001 mm"),
    "none": ({"sform_code": 0, "qform_code": 0}, "neither sform"),
    "mirrored": ({"qform": np.diag([-1.0, 1, 1, 1])}, "sform and qform that put a corner 6.0 mm apart"),
}


@pytest.mark.parametrize("what", BAD_PLACES)
def test_places_that_no_scanner_can_have_made_are_refused(tmp_path, what):
    arguments, found = BAD_PLACES[what]
    path = save(tmp_path / "a.nii", image_array(), **arguments)
    with pytest.raises(GeometryError, match=found) as caught:
        read_nifti(path)
    assert_says_all(caught.value, path)


def test_a_place_that_is_not_finite_is_refused(tmp_path):
    path = save(tmp_path / "a.nii", image_array())
    data = bytearray(path.read_bytes())
    data[280:284] = np.float32(np.nan).tobytes()  # srow_x[0], NIfTI-1 header
    path.write_bytes(bytes(data))
    with pytest.raises(GeometryError, match="not finite"):
        read_nifti(path)


def test_other_units_than_millimetres_are_refused(tmp_path):
    image = nibabel.Nifti1Image(image_array(), np.eye(4))
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "a.nii")
    with pytest.raises(GeometryError, match="lengths in meter"):
        read_nifti(tmp_path / "a.nii")


def assert_says_all(error: OncontourError, path: Path):
    assert error.where == str(path)
    assert error.found
    assert error.expected
    assert error.remedy.endswith(".")


def damaged_gzip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


DAMAGE = {
    "truncated gzip": lambda data: data[: len(data) // 2],
    "flipped byte": damaged_gzip,
    "truncated inside": lambda data: gzip.compress(gzip.decompress(data)[:-50]),
    "empty": lambda data: b"",
    "text": lambda data: b"this is a letter, not an image\n" * 30,
    "header alone": lambda data: gzip.compress(gzip.decompress(data)[:348]),
    "half a header": lambda data: gzip.compress(gzip.decompress(data)[:200]),
    "absurd shape": lambda data: gzip.compress(b"".join(
        [gzip.decompress(data)[:42], np.array([32767] * 3, np.int16).tobytes(), gzip.decompress(data)[48:]])),
    "unknown voxel type": lambda data: gzip.compress(
        gzip.decompress(data)[:70] + b"\x99\x09" + gzip.decompress(data)[72:]),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_damaged_files_are_refused(tmp_path, what):
    path = save(tmp_path / "a.nii.gz", image_array())
    path.write_bytes(DAMAGE[what](path.read_bytes()))
    with pytest.raises(InputError) as caught:
        read_nifti(path)
    assert_says_all(caught.value, path)


def test_every_length_of_a_cut_file_is_refused(tmp_path):
    data = save(tmp_path / "a.nii", image_array()).read_bytes()
    for length in range(0, len(data), 37):
        (tmp_path / "b.nii").write_bytes(data[:length])
        with pytest.raises(InputError):
            read_nifti(tmp_path / "b.nii")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_nifti(tmp_path / "a.nii.gz")
    with pytest.raises(InputError, match="cannot be read"):
        read_nifti(tmp_path)


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "refusal"),
    ],
)
def test_a_refused_write_says_why_and_leaves_nothing(tmp_path, monkeypatch, number, found):
    def refuse(self, data):
        self.touch()
        raise OSError(number, "no")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(OutputError, match=found) as caught:
        write_nifti(Volume(image_array(), OBLIQUE), tmp_path / "a.nii.gz")
    assert_says_all(caught.value, tmp_path / "a.nii.gz")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_keeps_the_old_file(tmp_path):
    """A real refusal by the system: a limit on the size of files, in a process of its own."""
    import subprocess
    import sys

    path = tmp_path / "a.nii"
    write_nifti(Volume(image_array(), OBLIQUE), path)
    before = path.read_bytes()
    program = (
        "import resource, signal, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from oncontour.core.errors import OutputError\n"
        "from oncontour.core.volume import Volume\n"
        "from oncontour.data.nifti import write_nifti\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    write_nifti(Volume(np.random.rand(20, 20, 20), np.eye(4)), Path(sys.argv[1]))\n"
        "except OutputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert "a limit on the size of files" in done.stdout
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.nii"]


def test_names():
    assert is_nifti(Path("a/T1.NII.GZ"))
    assert not is_nifti(Path("a/._T1.nii.gz"))
    assert not is_nifti(Path("a/T1.nii.gz.part"))
    assert stem(Path("a/T1.v2.nii")) == "T1.v2"
