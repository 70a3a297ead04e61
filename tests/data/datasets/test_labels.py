"""What masks may hold."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.labels import BRATS
from oncontour.core.volume import Volume
from oncontour.data.datasets import read_case, read_dataset
from oncontour.data.datasets.labels import own, to_scheme
from oncontour.data.nifti import write_nifti

from .conftest import AFFINE, SHAPE


def test_labels_of_another_kind_of_tumour_are_refused(brats_tree):
    root = brats_tree(["BraTS-GLI-00001-100"], "-t1n -t1c -t2w -t2f -seg", (1, 2, 3, 4))
    dataset = read_dataset(root, "brats")
    with pytest.raises(InputError, match=r"labels \[0, 1, 2, 3, 4\]"):
        read_case(dataset.cases[0], dataset)
    (root / "labels.json").write_text('{"scheme": "brain", "labels": {"BRAIN": [1, 2, 3, 4]}}')
    with pytest.raises(InputError, match=r"labels of the scheme brain.*--scheme brain"):
        read_dataset(root, "brats")


@pytest.mark.parametrize(
    ("array", "found"),
    [(np.full(SHAPE, 1.5), "voxels that hold no label, such as 1.5"), (np.full(SHAPE, -1.0), "such as -1"),
     (np.full(SHAPE, np.nan), "such as nan"), (np.full(SHAPE, 7.0), r"labels \[7\]")],
)  # fmt: skip
def test_a_mask_that_holds_no_labels(brats_tree, array, found):
    root = brats_tree(["case_0"])
    path = root / "case_0" / "case_0_seg.nii.gz"
    write_nifti(Volume(array.astype(np.float32), AFFINE), path)
    dataset = read_dataset(root)
    with pytest.raises(InputError, match=f"case_0_seg.nii.gz: found .*{found}"):
        read_case(dataset.cases[0], dataset)


def test_every_value_that_a_scheme_has_is_mapped_to_itself():
    values = np.arange(4).reshape(1, 1, 4)
    np.testing.assert_array_equal(to_scheme(values, (own("brats"),), BRATS.name, "here"), values)
