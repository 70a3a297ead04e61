"""The Medical Segmentation Decathlon."""

from __future__ import annotations

from oncontour.data.datasets import read_dataset

from .conftest import FLAIR, T1, T1CE, T2, assert_read


def test_msd_has_its_own_order_of_channels_and_labels(make_msd):
    dataset = read_dataset(make_msd())
    assert (dataset.layout, dataset.scheme) == ("MSD", "brats")
    assert [(case.name, case.mask is None, dict(case.columns)) for case in dataset.cases] == [
        ("BRATS_001", False, {}), ("BRATS_002", False, {}), ("BRATS_485", True, {"split": "test"}),
    ]  # fmt: skip
    assert [case.name for case in dataset.labelled] == ["BRATS_001", "BRATS_002"]
    assert_read(dataset, "BRATS_002", 1, (1, 2, 3), (2, 1, 3), (FLAIR, T1, T1CE, T2))


def test_msd_cases_that_are_named_like_channels(make_msd):
    dataset = read_dataset(make_msd(("case_0000", "case_0001")))
    assert dataset.layout == "MSD"
    assert_read(dataset, "case_0001", 1, (1, 2, 3), (2, 1, 3), (FLAIR, T1, T1CE, T2))
