"""A data set once it has been read."""

from __future__ import annotations

import shutil

import pytest

from oncontour.core.errors import InputError
from oncontour.data.datasets import read_dataset


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
