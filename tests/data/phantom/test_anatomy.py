"""Label maps become anatomies, whichever way their axes lie."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.volume import Volume
from oncontour.data.phantom.anatomy import Tissue, fill_holes, from_labels, list_folder


def test_axes_do_not_matter(labels, anatomy):
    for codes in ("LPS", "ASL", "PIR"):
        stored = Volume(labels, np.eye(4)).reoriented(codes)
        assert np.array_equal(from_labels("turned", stored).tissues, anatomy.tissues)


def test_tissues_of_freesurfer_numbers(anatomy):
    found = set(np.unique(anatomy.tissues).tolist())
    expected = {Tissue.WHITE, Tissue.GREY, Tissue.VENTRICLE, Tissue.BRAINSTEM, Tissue.BONE, Tissue.MARROW, Tissue.SKIN}
    assert expected <= found


def test_depth_is_the_distance_from_the_surface(anatomy):
    assert np.array_equal(anatomy.depth > 0, anatomy.brain)
    middle = np.array(anatomy.brain.shape) // 2
    assert 50 < anatomy.depth[middle[0], middle[1], :].max() < 70


def test_holes_are_filled_and_bays_are_not():
    mask = np.zeros((9, 9, 9), bool)
    mask[1:8, 1:8, 1:8] = True
    mask[4, 4, 4] = mask[3, 3, 6:] = False
    filled = fill_holes(mask)
    assert filled[4, 4, 4]
    assert not filled[3, 3, 7]


def test_refuses_other_voxels_and_other_labels(labels, tmp_path):
    with pytest.raises(InputError, match="spacing"):
        from_labels("coarse", Volume(labels, np.diag([2.0, 2, 2, 1])))
    with pytest.raises(InputError, match="no brain structure"):
        from_labels("empty", Volume(np.where(labels > 500, labels, 0), np.eye(4)))
    with pytest.raises(InputError, match=r"no \.nii\.gz file"):
        list_folder(tmp_path)
