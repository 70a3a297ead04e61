"""Images that cannot be images are refused with the reason."""

import numpy as np
import pytest

from oncontour.core.errors import GeometryError, ImageContentError
from oncontour.core.volume import Volume
from oncontour.preprocess.content import check_content

GOOD = np.random.default_rng(0).random((40, 40, 40)).astype(np.float32)
AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])


def broken(kind: str) -> Volume:
    array = GOOD.copy()
    if kind == "nan":
        array[1, 2, 3] = np.nan
    if kind == "infinite":
        array[1, 2, 3:5] = np.inf
    if kind == "zero":
        array[:] = 0
    if kind == "constant":
        array[:] = 7
    if kind == "two slices":
        array = array[:, :, :2]
    if kind == "four-dimensional":
        array = np.stack([array, array])
    return Volume(array, AFFINE)


def test_a_good_image_passes():
    check_content(Volume(GOOD, AFFINE), "T1")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("nan", "1 of 64000"),
        ("infinite", "2 of 64000"),
        ("zero", "nothing but zeros"),
        ("constant", "the one value 7 in every voxel"),
        ("two slices", r"\(40, 40, 2\)"),
        ("four-dimensional", "4 axes"),
    ],
)
def test_bad_content_is_named(kind, said):
    with pytest.raises(ImageContentError, match=said):
        check_content(broken(kind), "T1")


def test_a_small_field_of_view_and_a_bad_affine_are_named():
    with pytest.raises(ImageContentError, match="40 x 40 x 40 mm"):
        check_content(Volume(GOOD, np.eye(4)), "T1")
    with pytest.raises(GeometryError, match="spacing"):
        check_content(Volume(GOOD, np.diag([400.0, 4.0, 4.0, 1.0])), "T1")
