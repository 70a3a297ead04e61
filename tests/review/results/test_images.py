"""What the viewer is given of a case."""

import json

import nibabel
import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.volume import Volume
from oncontour.data.nifti import read_nifti, write_nifti
from oncontour.review.results.cases import FolderCases
from oncontour.review.results.gallery import Gallery
from oncontour.review.results.result import find_results

SHAPE = (20, 24, 18)
AFFINE = np.array([[-1.0, 0, 0, 40], [0, 1.5, 0, -10], [0, 0, 2.0, 7], [0, 0, 0, 1]])


@pytest.fixture
def head():
    """A bright block in the dark, and a tumour in it."""
    image = np.random.default_rng(0).uniform(0, 3, SHAPE).astype(np.float32)
    image[6:14, 5:20, 4:15] += 400
    tumour = np.zeros(SHAPE, bool)
    tumour[8:11, 8:12, 6:10] = True
    return image, tumour


@pytest.fixture
def case(tmp_path, head):
    """A study and its result."""
    image, tumour = head
    study, result = tmp_path / "studies" / "case-1", tmp_path / "results" / "case-1"
    study.mkdir(parents=True)
    result.mkdir(parents=True)
    write_nifti(Volume(image, AFFINE), study / "t1ce.nii.gz")
    moved = AFFINE.copy()
    moved[:3, 3] += (0.0, 3.0, 0.0)  # Two voxels along j; transforms.json says so.
    write_nifti(Volume(np.roll(image, -2, axis=1) * 0.001, moved), study / "flair.nii.gz")
    write_nifti(Volume(regions_of(tumour), AFFINE), result / "regions.nii.gz", "bool")
    regions = [{"name": name, "title": name, "volume_ml": 1.0} for name in ("WT", "TC", "ET")]
    (result / "measurements.json").write_text(
        json.dumps({"case": "case-1", "reference": "T1CE", "scheme": "brats", "regions": regions})
    )
    (result / "quality.json").write_text(json.dumps({"verdict": "warn", "checks": [], "notes": [], "missing": []}))
    eye = np.eye(4).tolist()
    (result / "transforms.json").write_text(json.dumps({"transforms": {"T1CE": eye, "FLAIR": eye}}))
    return tmp_path


@pytest.fixture
def gallery(case, tmp_path_factory):
    return Gallery(FolderCases(case / "results", [case / "studies"], tmp_path_factory.mktemp("unpacked")))


def regions_of(tumour):
    """Three, one inside the other."""
    core, rim = tumour.copy(), tumour.copy()
    core[8] = False
    rim[:10] = False
    return np.stack([tumour, core, rim])


def read(data, folder):
    (folder / "read.nii").write_bytes(data)
    return read_nifti(folder / "read.nii")


def test_all_images_and_regions_lie_on_one_grid_where_they_were(gallery, head, tmp_path):
    image, tumour = head
    shown = gallery.shown("case-1")
    seen = read(shown.images["T1CE"], tmp_path)
    masks = read(shown.regions, tmp_path)
    other = read(shown.images["FLAIR"], tmp_path)
    for one in (masks, other):
        assert one.grid.shape == seen.grid.shape
        np.testing.assert_allclose(one.affine, seen.affine)
    assert seen.array.shape < SHAPE
    inside = np.argwhere(masks.array)
    here = {tuple(place) for place in np.round(inside @ seen.affine[:3, :3].T + seen.affine[:3, 3], 6).tolist()}
    there = np.argwhere(tumour) @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    assert here == {tuple(place) for place in np.round(there, 6).tolist()}
    np.testing.assert_allclose(np.sort(seen.array[tuple(inside.T)]), np.sort(np.round(image[tumour])), atol=1)


def test_axes_run_to_the_right_the_front_and_the_head(gallery, tmp_path):
    """The study's first axis runs to the left."""
    shown = gallery.shown("case-1")
    for data in (shown.images["T1CE"], shown.regions):
        assert (np.diag(read(data, tmp_path).affine)[:3] > 0).all()


def test_each_region_is_a_bit(gallery, head, tmp_path):
    shown = gallery.shown("case-1")
    assert shown.names == ("WT", "TC", "ET")
    masks = read(shown.regions, tmp_path).array
    assert set(np.unique(masks)) == {0, 0b001, 0b011, 0b111}
    for bit, mask in enumerate(regions_of(head[1])):
        assert np.count_nonzero(masks.astype(int) >> bit & 1) == np.count_nonzero(mask)


def test_brightness_is_kept_as_far_as_two_bytes_hold_it(gallery, head, tmp_path):
    """The second image's numbers are below one half: stored as they are they would all be 0."""
    shown = gallery.shown("case-1")
    first, second = (read(shown.images[name], tmp_path).array for name in ("T1CE", "FLAIR"))
    bright = first > 100
    assert np.corrcoef(first[bright], second[bright])[0, 1] > 0.95
    header = nibabel.Nifti1Image.from_bytes(shown.images["FLAIR"]).header
    assert 0 < header["cal_min"] < header["cal_max"] <= 30_000


def test_the_viewer_begins_in_the_tumour(gallery, tmp_path):
    shown = gallery.shown("case-1")
    assert int(read(shown.regions, tmp_path).array[shown.centre]) & 1


def test_other_images_are_refused(case, gallery, head):
    image, _ = head
    path = case / "studies" / "case-1" / "t1ce.nii.gz"
    write_nifti(Volume(image[:, :-1], AFFINE), path)
    with pytest.raises(InputError, match=r"case-1: found no T1CE of \(20, 24, 18\) voxels"):
        gallery.shown("case-1")


def test_a_case_without_images_says_what_was_given(case, tmp_path_factory):
    gallery = Gallery(FolderCases(case / "results", [], tmp_path_factory.mktemp("unpacked")))
    with pytest.raises(InputError, match="case-1: found no images among no studies"):
        gallery.shown("case-1")


def test_results_of_a_run_and_of_one_case(case):
    (case / "results" / "broken").mkdir()
    (case / "results" / "broken" / "error.json").write_text('{"message": "no T1CE"}')
    (case / "results" / ".case-2.part").mkdir()
    found = find_results(case / "results")
    assert {name: one.error for name, one in found.items()} == {"broken": "no T1CE", "case-1": None}
    assert list(find_results(case / "results" / "case-1")) == ["case-1"]
    assert found["case-1"].colours["WT"] != (170, 170, 170)
    with pytest.raises(InputError, match="found no result of a case"):
        find_results(case / "studies")


def test_a_damaged_result_does_not_hide_the_others(case):
    (case / "results" / "case-2").mkdir()
    (case / "results" / "case-2" / "measurements.json").write_text("{")
    found = find_results(case / "results")
    assert found["case-1"].error is None
    assert "measurements.json: found a file that cannot be read as JSON" in found["case-2"].error
