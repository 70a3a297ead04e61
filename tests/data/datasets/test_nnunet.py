"""nnU-Net's raw data, and labels that are told by regions."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.volume import Volume
from oncontour.data.datasets import read_case, read_dataset

from .conftest import AFFINE, FLAIR, SHAPE, T1CE, assert_read, put

V2 = {"channel_names": {"0": "T1ce", "1": "FLAIR"}, "numTraining": 2, "file_ending": ".nii.gz"}


@pytest.mark.parametrize(
    ("content", "meanings"),
    [
        ({**V2, "labels": {"background": 0, "edema": 1, "NCR": 2, "ET": 3}}, (2, 1, 3)),
        ({**V2, "labels": {"background": 0, "whole tumor": [1, 2, 3], "tumor core": [2, 3], "enhancing tumor": [3]},
          "regions_class_order": [1, 2, 3]}, (2, 1, 3)),
        ({**V2, "labels": {"background": 0, "WT": [1, 2, 3], "TC": [1, 3], "ET": 3}, "regions_class_order": [2, 1, 3]},
         (1, 2, 3)),
        ({"modality": {"0": "T1ce", "1": "FLAIR"}, "labels": {"0": "background", "1": "necrosis", "2": "edema",
          "3": "enhancing"}, "training": [{"image": "./imagesTr/a_1.nii.gz", "label": "./labelsTr/a_1.nii.gz"}]},
         (1, 2, 3)),
        ({**V2, "labels": {"background": 0, "ET": 1, "NET": 2, "CC": 3}}, (1, 2, 3)),
    ],
    ids=["labels", "regions of nnU-Net's converter", "regions of ours", "version 1", "paediatric"],
)  # fmt: skip
def test_nnunet_raw(make_nnunet, content, meanings):
    dataset = read_dataset(make_nnunet(content))
    assert dataset.layout == "nnU-Net raw"
    assert dataset.scheme == ("paediatric" if "CC" in content["labels"] else "brats")
    assert_read(dataset, "a_2", 1, (1, 2, 3), meanings, (T1CE, FLAIR))


def test_nnunet_raw_that_lists_files_elsewhere(make_nnunet, tmp_path):
    root = make_nnunet({})
    entries = {
        "case 7": {
            "images": [f"imagesTr/a_1_{n:04d}.nii.gz" for n in range(2)],
            "label": str(root / "labelsTr" / "a_1.nii.gz"),
        }
    }
    elsewhere = tmp_path / "listed"
    shutil.move(root, elsewhere)
    entries["case 7"]["label"] = str(elsewhere / "labelsTr" / "a_1.nii.gz")
    content = {**V2, "labels": {"background": 0, "NCR": 1, "ED": 2, "ET": 3}, "dataset": entries}
    (elsewhere / "dataset.json").write_text(json.dumps(content))
    dataset = read_dataset(elsewhere)
    assert_read(dataset, "case_7", 0, (1, 2, 3), (1, 2, 3), (T1CE, FLAIR))


def test_regions_of_four_labels_tell_each_apart(make_nnunet):
    labels = {"background": 0, "WT": [1, 2, 3, 4], "TC": [1, 2, 3], "ET": [1], "cystic component": [3]}
    dataset = read_dataset(make_nnunet({**V2, "labels": labels}, (1, 2, 3, 4)))
    assert dataset.scheme == "paediatric"
    assert_read(dataset, "a_1", 0, (1, 2, 3, 4), (1, 2, 3, 4), (T1CE, FLAIR))


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ({"WT": [1, 2], "TC": [1, 2], "ET": [2, 3]}, "value 3, in ET: no label of scheme brats"),
        ({"WT": [1, 2, 3], "RC": [3], "ET": [2]}, "value 1, in WT: NCR or ED of scheme postoperative"),
    ],
)
def test_regions_that_tell_no_label_are_refused(make_nnunet, labels, found):
    with pytest.raises(InputError, match=found):
        read_dataset(make_nnunet({**V2, "labels": {"background": 0, **labels}}))


def test_labels_in_unknown_words_are_refused(make_nnunet):
    labels = {"background": 0, "left kidney": 1}
    with pytest.raises(InputError, match=r"dataset.json: found labels named left kidney"):
        read_dataset(make_nnunet({**V2, "labels": labels}))


def test_a_channel_of_zeros_is_an_absent_sequence(make_nnunet):
    root = make_nnunet({**V2, "labels": {"background": 0, "NCR": 1, "ED": 2, "ET": 3}})
    zeros = Volume(np.zeros(SHAPE, np.float32), AFFINE)
    put(zeros, root / "imagesTr" / "a_1_0000.nii.gz")
    dataset = read_dataset(root)
    assert set(read_case(dataset.case("a_1"), dataset)[0]) == {FLAIR}
    assert set(read_case(dataset.case("a_2"), dataset)[0]) == {T1CE, FLAIR}
