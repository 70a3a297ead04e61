"""BIDS with masks in derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.data.datasets import read_case, read_dataset

from .conftest import FLAIR, assert_read, image, put


def test_bids_with_masks_in_derivatives(make_bids):
    dataset = read_dataset(make_bids())
    assert (dataset.layout, dataset.scheme) == ("BIDS", "brats")
    assert [(case.name, case.patient, case.columns["age"]) for case in dataset.cases] == [
        ("sub-01_ses-01", "sub-01", "40"), ("sub-01_ses-02", "sub-01", "40"), ("sub-02_ses-01", "sub-02", "50"),
    ]  # fmt: skip
    assert_read(dataset, "sub-01_ses-02", 1, (4, 5, 6), (3, 2, 1))


def test_bids_takes_the_images_beside_the_mask_where_there_are_any(make_bids):
    root = make_bids()
    place = root / "derivatives" / "manual" / "sub-02" / "ses-01" / "anat"
    put(image(99), place / "sub-02_ses-01_desc-preproc_FLAIR.nii.gz")
    dataset = read_dataset(root)
    images, _ = read_case(dataset.case("sub-02_ses-01"), dataset)
    assert list(images) == [FLAIR]
    np.testing.assert_array_equal(images[FLAIR].array, image(99).array)


def test_bids_without_a_table_of_labels_takes_the_schemes_values(make_bids):
    dataset = read_dataset(make_bids(table=False))
    with pytest.raises(InputError, match=r"found labels \[0, 4, 5, 6\]"):
        read_case(dataset.cases[0], dataset)
