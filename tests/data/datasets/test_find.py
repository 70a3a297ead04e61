"""Data that are of no layout, and real scans."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.data.datasets import read_case, read_dataset


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
