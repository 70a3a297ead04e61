"""BraTS of every year, and folders of cases named like nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from oncontour.core.errors import InputError
from oncontour.core.labels import PAEDIATRIC
from oncontour.data.datasets import read_case, read_dataset

from .conftest import assert_read, image, mask, put


@pytest.mark.parametrize(
    ("layout", "names", "suffixes", "values", "meanings", "patients"),
    [
        ("BraTS 2017", ["Brats17_CBICA_AAB_1"], "_t1 _t1ce _t2 _flair _seg", (1, 2, 4), (1, 2, 3),
         ["Brats17_CBICA_AAB"]),
        ("BraTS 2018", ["HGG/Brats18_2013_2_1", "LGG/Brats18_TCIA10_103_1"], "_t1 _t1ce _t2 _flair _seg", (1, 2, 4),
         (1, 2, 3), ["Brats18_2013_2", "Brats18_TCIA10_103"]),
        ("BraTS 2019", ["MICCAI/HGG/BraTS19_CBICA_AAB_1"], "_t1 _t1ce _t2 _flair _seg", (1, 2, 4), (1, 2, 3),
         ["BraTS19_CBICA_AAB"]),
        ("BraTS 2020", ["BraTS20_Training_001"], "_t1 _t1ce _t2 _flair _seg", (1, 2, 4), (1, 2, 3),
         ["BraTS20_Training_001"]),
        ("BraTS 2021", ["BraTS2021_00000", "BraTS2021_00002"], "_t1 _t1ce _t2 _flair _seg", (1, 2, 4), (1, 2, 3),
         ["BraTS2021_00000", "BraTS2021_00002"]),
        ("BraTS 2023", ["BraTS-GLI-00005-000", "BraTS-GLI-00005-001"], "-t1n -t1c -t2w -t2f -seg", (1, 2, 3), (1, 2, 3),
         ["BraTS-GLI-00005"] * 2),
        ("BraTS 2023", ["BraTS-MET-00001-000"], "-t1n -t1c -t2w -t2f -seg", (1, 2, 3), (1, 2, 3), ["BraTS-MET-00001"]),
        ("BraTS 2024 post-treatment", ["BraTS-GLI-02060-100", "BraTS-GLI-02060-101"], "-t1n -t1c -t2w -t2f -seg",
         (1, 2, 3, 4), (1, 2, 3, 4), ["BraTS-GLI-02060"] * 2),
        ("BraTS-PEDs", ["BraTS-PED-00002-000"], "-t1n -t1c -t2w -t2f -seg", (1, 2, 3, 4), (1, 2, 3, 4),
         ["BraTS-PED-00002"]),
    ],
)  # fmt: skip
def test_brats(brats_tree, layout, names, suffixes, values, meanings, patients):
    dataset = read_dataset(brats_tree(names, suffixes, values))
    assert dataset.layout == layout
    assert [case.name for case in dataset.cases] == sorted(Path(name).name for name in names)
    assert [case.patient for case in dataset.cases] == patients
    assert dataset.scheme == {"BraTS-PEDs": "paediatric", "BraTS 2024 post-treatment": "postoperative"}.get(
        layout, "brats"
    )
    for number, name in enumerate(names):
        assert_read(dataset, Path(name).name, number, values, meanings)


def test_grade_and_tables_become_columns(brats_tree):
    root = brats_tree(["train/HGG/Brats18_A_1_1", "train/LGG/Brats18_B_2_1"])
    (root / "train" / "survival_data.csv").write_text("Brats18ID,Age\nBrats18_A_1_1,60.5\nBrats18_X_9_1,1\n")
    columns = {case.name: dict(case.columns) for case in read_dataset(root).cases}
    assert columns == {"Brats18_A_1_1": {"grade": "HGG", "Age": "60.5"}, "Brats18_B_2_1": {"grade": "LGG"}}


def test_the_mask_of_brats_2020_with_another_name_is_found(brats_tree):
    root = brats_tree(["BraTS20_Training_355"])
    folder = root / "BraTS20_Training_355"
    (folder / "BraTS20_Training_355_seg.nii.gz").rename(folder / "W39_1998.09.19_Segm.nii.gz")
    assert read_dataset(root).cases[0].mask.path.name == "W39_1998.09.19_Segm.nii.gz"


@pytest.mark.parametrize(("values", "meanings"), [((1, 2, 3), (1, 2, 3)), ((1, 2, 4), (1, 2, 3)), ((1, 2), (1, 2))])
def test_both_conventions_are_told_by_their_values(brats_tree, values, meanings):
    dataset = read_dataset(brats_tree(["case_1"], values=values))
    assert dataset.layout == "one folder a case"
    assert_read(dataset, "case_1", 0, values, meanings)


def test_three_and_four_together_are_refused_and_either_scheme_can_be_stated(brats_tree):
    root = brats_tree(["BraTS-GLI-00001-000"], "-t1n -t1c -t2w -t2f -seg", (1, 2, 3, 4))
    dataset = read_dataset(root)
    expected = r"-seg.nii.gz: found labels \[0, 1, 2, 3, 4\]; expected 0 and 1, 2, 3 \(BraTS 2023\) or 1, 2, 4 \("
    with pytest.raises(InputError, match=expected):
        read_case(dataset.cases[0], dataset)
    assert_read(read_dataset(root, "postoperative"), "BraTS-GLI-00001-000", 0, (1, 2, 3, 4), (1, 2, 3, 4))
    assert_read(read_dataset(root, "whole"), "BraTS-GLI-00001-000", 0, (1, 2, 3, 4), (1, 1, 1, 1))
    (root / "labels.json").write_text('{"scheme": "brats", "labels": {"NCR": [1, 3], "ED": 2, "ET": 4}}')
    assert_read(read_dataset(root), "BraTS-GLI-00001-000", 0, (1, 2, 3, 4), (1, 2, 1, 3))


def test_peds_of_2023_and_2024_are_told_apart_by_a_four_or_by_the_user(brats_tree):
    names, suffixes = ["BraTS-PED-00001-000", "BraTS-PED-00002-000"], "-t1n -t1c -t2w -t2f -seg"
    root = brats_tree(names, suffixes, (1, 2, 3))
    with pytest.raises(InputError, match="no mask with a 4"):
        read_dataset(root)
    assert_read(read_dataset(root, "brats"), names[0], 0, (1, 2, 3), (1, 2, 3))
    assert_read(read_dataset(root, "paediatric"), names[0], 0, (1, 2, 3), (1, 2, 3))
    put(mask((1, 2, 3, 4), 1), root / names[1] / f"{names[1]}-seg.nii.gz", "uint8")
    assert read_dataset(root).scheme == PAEDIATRIC.name
    # Now it is certain that 1 means ET and 4 oedema: as adult labels these are 3 and 2.
    assert_read(read_dataset(root, "brats"), names[0], 0, (1, 2, 3), (3, 1, 1))
    assert_read(read_dataset(root, "brats"), names[1], 1, (1, 2, 3, 4), (3, 1, 1, 2))


def test_one_name_in_two_folders_gets_the_folders_name_before_it(brats_tree):
    root = brats_tree(["north/case_0", "south/case_0", "south/case_1"])
    assert [case.name for case in read_dataset(root).cases] == ["case_1", "north_case_0", "south_case_0"]


def test_several_masks_or_images_of_a_kind_leave_out_that_case_alone(brats_tree):
    root = brats_tree(["case_0", "case_1", "case_2"])
    put(image(1), root / "case_1" / "case_1_t1ce_bet.nii.gz")
    put(mask(), root / "case_2" / "my_truth.nii.gz", "uint8")
    dataset = read_dataset(root)
    assert [case.name for case in dataset.cases] == ["case_0"]
    assert [error.found.split(":")[0] for error in dataset.left_out] == ["2 files for T1CE", "2 masks"]


def test_a_second_readers_mask_and_a_brain_mask_are_not_the_truth(brats_tree):
    root = brats_tree(["case_0"])
    for name in ("case_0-seg2", "brainmask", "prediction"):
        put(mask(), root / "case_0" / f"{name}.nii.gz", "uint8")
    assert read_dataset(root).cases[0].mask.path.name == "case_0_seg.nii.gz"


def test_masks_of_several_kinds_are_refused(brats_tree):
    root = brats_tree(["a/case_0", "b/case_1"])
    (root / "b/case_1/case_1_seg.nii.gz").rename(root / "b/case_1/GT_W.nii.gz")
    with pytest.raises(InputError, match="a whole-tumour mask, others"):
        read_dataset(root)
