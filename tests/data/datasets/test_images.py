"""Files that are no images."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.errors import GeometryError, ImageContentError
from oncontour.core.volume import Volume
from oncontour.data.datasets import read_case, read_dataset

from .conftest import AFFINE, SHAPE, image, put


@pytest.mark.parametrize(
    ("volume", "error", "found"),
    [
        (Volume(np.full(SHAPE, np.nan, np.float32), AFFINE), ImageContentError, "NaN"),
        (Volume(np.zeros(SHAPE, np.float32), AFFINE), ImageContentError, "nothing but zeros"),
        (Volume(image(0).array, np.diag([0.001, 1, 1, 1.0])), GeometryError, "voxel spacing"),
    ],
)
def test_an_image_that_is_none_is_refused(brats_tree, volume, error, found):
    root = brats_tree(["case_0"])
    put(volume, root / "case_0" / "case_0_t2.nii.gz")
    dataset = read_dataset(root)
    with pytest.raises(error, match=f"case_0_t2.nii.gz: found .*{found}"):
        read_case(dataset.cases[0], dataset)
