"""Small pictures, and images that are read one by one."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from oncontour.core.errors import OncontourError
from oncontour.core.volume import Volume
from oncontour.data.nifti import read_masks, read_nifti, write_nifti
from oncontour.review.results.cases import FolderCases
from oncontour.review.results.gallery import Gallery
from oncontour.review.results.thumbnail import SIDE_PIXELS

SHAPE = (30, 44, 18)
AFFINE = np.array([[-2.0, 0, 0, 29], [0, 2.0, 0, -44], [0, 0, 3.0, -26], [0, 0, 0, 1]])
"""The first axis runs to the left: high indices are the patient's left."""


@pytest.fixture
def case(tmp_path):
    """A bright block, and a lesion on the patient's left in front; the second sequence's file is damaged."""
    study, result = tmp_path / "studies" / "case-1", tmp_path / "results" / "case-1"
    study.mkdir(parents=True)
    result.mkdir(parents=True)
    image = np.random.default_rng(0).uniform(0, 3, SHAPE).astype(np.float32)
    image[4:26, 4:40, 3:15] += 400
    lesion = np.zeros(SHAPE, bool)
    lesion[18:24, 30:36, 6:10] = True
    write_nifti(Volume(image, AFFINE), study / "t1ce.nii.gz")
    (study / "flair.nii.gz").write_bytes(b"nothing")
    write_nifti(Volume(np.stack([lesion] * 3), AFFINE), result / "regions.nii.gz", "bool")
    regions = [{"name": name, "title": name, "volume_ml": 1.0} for name in ("WT", "TC", "ET")]
    content = {"case": "case-1", "reference": "T1CE", "scheme": "brats", "regions": regions}
    (result / "measurements.json").write_text(json.dumps(content))
    series = [{"series": f"{name.lower()}.nii.gz", "sequence": name, "used": True} for name in ("T1CE", "FLAIR")]
    (result / "quality.json").write_text(json.dumps({"verdict": "ok", "series": series}))
    eye = np.eye(4).tolist()
    (result / "transforms.json").write_text(json.dumps({"transforms": {"T1CE": eye, "FLAIR": eye}}))
    return tmp_path


@pytest.fixture
def gallery(case, tmp_path_factory):
    return Gallery(FolderCases(case / "results", [case / "studies"], tmp_path_factory.mktemp("unpacked")))


def test_the_lesion_is_where_radiologists_look_for_it(gallery):
    image = np.asarray(Image.open(io.BytesIO(gallery.thumbnail("case-1"))).convert("RGB")).astype(int)
    height, width, _ = image.shape
    assert max(height, width) == SIDE_PIXELS
    assert height > width  # Square pixels: the block is 72 mm deep and 44 wide.
    rows, columns = np.nonzero(np.ptp(image, axis=2) > 60)
    assert columns.min() > width / 2  # The patient's left is on the right,
    assert rows.max() < height / 2  # and the front on top.


def test_a_sequence_is_read_when_it_is_asked_for(gallery):
    """One damaged file hides no other."""
    shown = gallery.shown("case-1")
    assert list(shown.images) == ["T1CE", "FLAIR"]
    assert len(shown.images["T1CE"]) > len(shown.regions) > 352
    with pytest.raises(OncontourError, match="flair"):
        shown.images["FLAIR"]


def test_masks_are_read_as_they_are(case):
    path = case / "results" / "case-1" / "regions.nii.gz"
    masks = read_masks(path)
    assert (masks.array.shape, masks.array.dtype) == ((3, *SHAPE), bool)
    np.testing.assert_allclose(masks.affine, AFFINE)
    np.testing.assert_array_equal(masks.array[1], read_nifti(path, 1).array > 0)
