"""Pairs by name and by table, and what cannot be paired."""

from __future__ import annotations

from pathlib import Path

import pytest

from oncontour.core.errors import InputError
from oncontour.evaluate.pairs import case_of, find_masks, pair_by_name, pair_by_table

from .conftest import labels, write


def test_suffixes_do_not_part_a_pair(folders):
    pred, ref = folders
    pairing = pair_by_name(find_masks(pred, "brats"), find_masks(ref, "brats"))
    assert [pair.case for pair in pairing.pairs] == ["a", "b", "c", "e"]
    assert (pairing.missing, pairing.extra) == (("c",), ("d",))
    assert pairing.pairs[2].prediction is None


def test_results_of_segment_and_a_data_set(tmp_path):
    write(tmp_path / "out/BraTS-GLI-00001-000/segmentation.nii.gz", labels((5, 5, 5)))
    write(tmp_path / "data/BraTS-GLI-00001-000/BraTS-GLI-00001-000-seg.nii.gz", labels((5, 5, 5)))
    write(tmp_path / "data/BraTS-GLI-00001-000/BraTS-GLI-00001-000-t1c.nii.gz", labels((5, 5, 5)) + 1)
    found, wanted = find_masks(tmp_path / "out", "brats"), find_masks(tmp_path / "data", "brats")
    assert list(found.files) == list(wanted.files) == ["BraTS-GLI-00001-000"]
    assert pair_by_name(found, wanted).missing == ()


def test_two_files_are_a_pair_whatever_they_are_called(tmp_path):
    one, other = write(tmp_path / "mine.nii.gz", labels()), write(tmp_path / "expert.nii.gz", labels())
    (pair,) = pair_by_name(find_masks(one, "brats"), find_masks(other, "brats")).pairs
    assert pair.case == "expert"


def test_a_name_that_is_a_suffix_alone_stays():
    assert case_of(Path("seg.nii.gz")) == "seg"


def test_nothing_in_common_is_told_with_names(folders, tmp_path):
    write(tmp_path / "other/x-seg.nii.gz", labels())
    with pytest.raises(InputError, match=r"a, b, d.*references such as x.*--map"):
        pair_by_name(find_masks(folders[0], "brats"), find_masks(tmp_path / "other", "brats"))


def test_two_masks_of_one_case_are_told(tmp_path):
    write(tmp_path / "p/a_pred.nii.gz", labels())
    write(tmp_path / "p/a-seg.nii.gz", labels())
    with pytest.raises(InputError, match=r"a-seg\.nii\.gz and a_pred\.nii\.gz"):
        find_masks(tmp_path / "p", "brats")


def test_a_table_names_pairs(folders, tmp_path):
    pred, ref = folders
    table = tmp_path / "pairs.csv"
    table.write_text(
        f"case;prediction;reference\none;{pred / 'a_pred.nii.gz'};{ref / 'b-seg.nii.gz'}\ntwo;;ref/c-seg.nii.gz\n"
    )
    pairing = pair_by_table(table)
    assert [pair.case for pair in pairing.pairs] == ["one", "two"]
    assert pairing.missing == ("two",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("case,prediction\na,b\n", "Add reference"),
        ("case,prediction,reference\na,,ref/a-seg.nii.gz\na,,ref/a-seg.nii.gz\n", "'a' twice"),
        ("case,prediction,reference\na,gone.nii.gz,ref/a-seg.nii.gz\n", r"gone\.nii\.gz.*not there"),
        ("case,prediction,reference\na,pred/a_pred.nii.gz,\n", "no reference for case 'a'"),
    ],
)
def test_a_table_that_does_not_fit_is_told(folders, tmp_path, text, message):
    table = tmp_path / "pairs.csv"
    table.write_text(text)
    with pytest.raises(InputError, match=message):
        pair_by_table(table)
