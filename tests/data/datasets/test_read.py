"""Every layout is found, and its images, labels, patients and columns are read as they are meant."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from oncontour.core.errors import GeometryError, ImageContentError, InputError
from oncontour.core.labels import BRATS, PAEDIATRIC
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets import read_case, read_dataset
from oncontour.data.nifti import write_nifti

from .conftest import AFFINE, FOUR, SHAPE, image, mask, put

T1, T1CE, T2, FLAIR, ADC = Sequence


def assert_read(dataset, name, number, stored_values, meanings, order=FOUR):
    """The case's images are those of the tree's `number`, and its labels mean what they should."""
    images, labels = read_case(dataset.case(name), dataset)
    assert set(images) == set(order)
    for channel, sequence in enumerate(order):
        np.testing.assert_array_equal(images[sequence].array, image(10 * number + channel).array)
        np.testing.assert_allclose(images[sequence].affine, AFFINE, atol=1e-5)
    stored = mask(stored_values, number).array
    expected = np.zeros(SHAPE, np.uint8)
    for value, meaning in zip(stored_values, meanings, strict=True):
        expected[stored == value] = meaning
    np.testing.assert_array_equal(labels.array, expected)
    np.testing.assert_allclose(labels.affine, AFFINE, atol=1e-5)
    assert labels.array.dtype == np.uint8


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


@pytest.fixture
def brats_2015(tmp_path):
    """One case as the Virtual Skeleton Database gave it out."""
    case = tmp_path / "BRATS2015_Training" / "HGG" / "brats_tcia_pat101_0001"
    kinds = {"": ("MR_T1", "MR_T1c", "MR_T2", "MR_Flair"), "_3more": ("OT",)}
    number = 0
    for extra, names in kinds.items():
        for name in names:
            volume = image(number) if name != "OT" else mask((1, 2, 3, 4))
            written = SimpleITK.GetImageFromArray(volume.array.astype(np.int16).transpose(2, 1, 0))
            lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ AFFINE
            spacing = np.linalg.norm(lps[:3, :3], axis=0)
            written.SetSpacing(spacing.tolist())
            written.SetOrigin(lps[:3, 3].tolist())
            written.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
            folder = case / f"VSD.Brain{extra}.XX.O.{name}.{54000 + number}"
            folder.mkdir(parents=True)
            SimpleITK.WriteImage(written, str(folder / f"{folder.name}.mha"))
            number += 1
    return tmp_path / "BRATS2015_Training"


def test_brats_2015(brats_2015):
    dataset = read_dataset(brats_2015)
    (case,) = dataset.cases
    assert (dataset.layout, dataset.scheme, case.patient) == ("BraTS 2015", "brats", "brats_tcia_pat101")
    assert case.columns == {"grade": "HGG"}
    assert_read(dataset, "brats_tcia_pat101_0001", 0, (1, 2, 3, 4), (1, 2, 1, 3))


def test_a_damaged_mha_is_named(brats_2015):
    dataset = read_dataset(brats_2015)
    path = dataset.cases[0].images[T1].path
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"MR_T1.54000.mha: found a damaged or truncated file"):
        read_case(dataset.cases[0], dataset)


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


def test_a_csv_keeps_its_columns(tmp_path):
    for number, name in enumerate(("a", "b")):
        for channel, sequence in enumerate(("t1", "flair")):
            put(image(10 * number + channel), tmp_path / "files" / f"{name}_{sequence}.nii.gz")
        put(mask(seed=number), tmp_path / "files" / f"{name}_m.nii.gz", "uint8")
    table = tmp_path / "list.csv"
    table.write_text(
        "case;patient;t1;t2;FLAIR;mask;site\n"
        "A 1;p7;files/a_t1.nii.gz;;files/a_flair.nii.gz;files/a_m.nii.gz;north\n"
        "b;;files/b_t1.nii.gz;;files/b_flair.nii.gz;;\n"
        f"c;;{tmp_path}/files/c_t1.nii.gz;;;;\n"
    )
    dataset = read_dataset(table)
    assert (dataset.name, dataset.layout) == ("list", "CSV")
    assert [(case.name, case.patient, dict(case.columns)) for case in dataset.cases] == [
        ("A_1", "p7", {"site": "north"}), ("b", "b", {}),
    ]  # fmt: skip
    assert dataset.case("b").mask is None
    assert "case c: no file" in str(dataset.left_out[0])
    assert_read(dataset, "A_1", 0, (1, 2, 3), (1, 2, 3), (T1, FLAIR))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("case,t1\na,x.nii.gz\na,y.nii.gz\n", "case 'a' twice"),
        ("case,t1,t1n\na,x.nii.gz,\n", "columns t1, t1n"),
        ("case,t1\na,x.nii.gz,1\n", "3 cells in row 2"),
        ("case,t1,t1\n", "the column 't1' twice"),
        ("", "an empty table"),
        ("case,age\na,1\n", "cases.csv has no column 'case', or none of t1, t1ce"),
    ],
)
def test_a_csv_that_cannot_be_used(tmp_path, text, found):
    (tmp_path / "cases.csv").write_text(text)
    with pytest.raises(InputError, match=found):
        read_dataset(tmp_path)


def test_cases_csv_beside_another_layout_gives_patients_and_columns(brats_tree):
    root = brats_tree(["case_0", "case_1", "case_2"])
    (root / "cases.csv").write_text("case,patient,site,split\ncase_0,p,north,\ncase_1,p,south,test\n")
    dataset = read_dataset(root)
    assert [(case.patient, dict(case.columns)) for case in dataset.cases] == [
        ("p", {"site": "north"}), ("p", {"site": "south", "split": "test"}), ("case_2", {}),
    ]  # fmt: skip
    assert [case.name for case in dataset.labelled] == ["case_0", "case_2"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "a file that cannot be used"),
        ('{"scheme": "brats"}', "a file that cannot be used"),
        ('{"scheme": "brain stem", "labels": {"X": 1}}', "scheme 'brain stem'"),
        ('{"scheme": "brats", "labels": {"RC": 1}}', "labels RC"),
    ],
)
def test_a_labels_json_that_cannot_be_used(brats_tree, text, found):
    root = brats_tree(["case_0"])
    (root / "labels.json").write_text(text)
    with pytest.raises(InputError, match=rf"labels.json: found {found}"):
        read_dataset(root)


def test_what_is_no_data_set_is_told_layout_by_layout(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(InputError) as caught:
        read_dataset(tmp_path)
    for layout in ("CSV", "oncontour phantom", "MSD", "nnU-Net raw", "BIDS", "BraTS 2015", "BraTS"):
        assert f"{layout}: " in caught.value.found
    with pytest.raises(InputError, match="nothing of that name"):
        read_dataset(tmp_path / "nowhere")
    with pytest.raises(InputError, match="one of brats, "):
        read_dataset(tmp_path, "adult")


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


def test_the_digest_tells_files_that_came_went_or_changed_their_size(brats_tree, tmp_path):
    root = brats_tree(["case_0", "case_1"])
    before = read_dataset(root).digest()
    assert read_dataset(root).digest() == before
    shutil.copytree(root, tmp_path / "moved")
    assert read_dataset(tmp_path / "moved").digest() == before
    with (root / "case_1" / "case_1_t2.nii.gz").open("ab") as file:
        file.write(b"\0")
    changed = read_dataset(root).digest()
    (root / "case_1" / "case_1_t2.nii.gz").unlink()
    assert len({before, changed, read_dataset(root).digest()}) == 3


def test_a_case_that_is_not_there(brats_tree):
    with pytest.raises(InputError, match="no case 'x'; expected one of its 1 cases"):
        read_dataset(brats_tree(["case_0"])).case("x")


@pytest.fixture
def cohort(tmp_path):
    """A phantom cohort as its command writes it, but of noise."""

    def make(scheme: str, dicom: bool = False) -> Path:
        root = tmp_path / "cohort"
        for n in range(2):
            name = f"adult-{n:05d}"
            for channel, suffix in enumerate(("t1n", "t1c", "t2w", "t2f")):
                put(image(10 * n + channel), root / "cases" / name / f"{name}-{suffix}.nii.gz")
            folder = root / "truth" if dicom else root / "cases" / name
            put(mask(seed=n), folder / f"{name}-seg.nii.gz", "uint8")
            put(mask(seed=n + 5), folder / f"{name}-seg2.nii.gz", "uint8")
        records = [{"case": f"adult-{n:05d}", "scheme": scheme, "anatomy": "mni152"} for n in range(2)]
        (root / "manifest.json").write_text(json.dumps({"made_by": "oncontour phantom", "cases": records}))
        return root

    return make


@pytest.mark.parametrize("inside", ["", "cases"])
@pytest.mark.parametrize("beside", [True, False])
def test_a_phantom_cohort_has_the_scheme_of_its_manifest(cohort, inside, beside):
    dataset = read_dataset(cohort("paediatric", beside) / inside)
    assert (dataset.layout, dataset.scheme) == ("oncontour phantom", "paediatric")
    assert_read(dataset, "adult-00001", 1, (1, 2, 3), (1, 2, 3))


def test_a_phantom_cohort_of_dicom_is_refused_with_a_remedy(cohort):
    root = cohort("brats")
    for path in (root / "cases").rglob("*.nii.gz"):
        path.unlink()
    with pytest.raises(InputError, match=r"found DICOM series; expected NIfTI files. Make the cohort without --dicom"):
        read_dataset(root)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("folder", "scheme", "counts"),
    [
        ("brats2015-t1ce-flair", "brats", {"pat0004": (57655, 45203, 17816), "pat0006": (64066, 109935, 43379)}),
        ("brats2018-t1-flair", "whole", {"case_0": (68118,), "case_4": (138051,)}),
        ("glioma-00000", "brats", {"glioma-00000": (11738, 12836, 32731)}),
    ],
)
def test_real_scans(shared, folder, scheme, counts):
    dataset = read_dataset(shared / folder)
    assert dataset.scheme == scheme
    assert not dataset.left_out
    for name, expected in counts.items():
        images, labels = read_case(dataset.case(name), dataset)
        assert tuple(np.bincount(labels.array.ravel())[1:]) == expected
        assert all(volume.grid.same_as(labels.grid) for volume in images.values())


@pytest.mark.shared
def test_real_masks_of_one_case_by_several_algorithms_are_refused(shared):
    with pytest.raises(InputError, match="3 masks"):
        read_dataset(shared / "glioma-00001-algorithm-masks")


def test_every_value_that_a_scheme_has_is_mapped_to_itself():
    from oncontour.data.datasets.labels import own, to_scheme

    values = np.arange(4).reshape(1, 1, 4)
    np.testing.assert_array_equal(to_scheme(values, (own("brats"),), BRATS.name, "here"), values)
