import numpy as np
import pytest
from scipy import ndimage

from oncontour.postprocess.holes import fill_holes


def block_with_hole(length):
    mask = np.zeros((5, 5, 12), dtype=bool)
    mask[1:4, 1:4, 1:11] = True
    mask[2, 2, 2 : 2 + length] = False
    return mask


@pytest.mark.parametrize(
    ("length", "voxel_mm3", "filled"),
    [
        (2, 1.0, True),
        (3, 1.0, False),
        (3, 0.9999999, False),  # rounding of a header, not a smaller hole
        (3, 0.99, True),
        (1, 2.99, True),
        (1, 3.0, False),
        (6, 0.49, True),
        (6, 0.51, False),
    ],
)
def test_exactly_the_holes_below_three_cubic_millimetres_are_filled(length, voxel_mm3, filled):
    mask = block_with_hole(length)
    result = fill_holes(mask, voxel_mm3, 3.0)
    assert result[2, 2, 2] == filled
    assert result.sum() == mask.sum() + length * filled


def test_the_outside_is_no_hole_however_small_it_is():
    mask = np.ones((3, 3, 3), dtype=bool)
    mask[0, 1, 1] = False
    assert np.array_equal(fill_holes(mask, 1.0, 3.0), mask)


def test_a_diagonal_wall_encloses_a_hole_for_26_neighbours_and_leaks_for_6():
    mask = ndimage.generate_binary_structure(3, 1)
    mask[1, 1, 1] = False  # six voxels around a hole, touching one another by edges alone
    assert fill_holes(mask, 1.0, 3.0, connectivity=26)[1, 1, 1]
    assert not fill_holes(mask, 1.0, 3.0, connectivity=6)[1, 1, 1]


def test_large_limit_fills_as_scipy_does():
    rng = np.random.default_rng(0)
    mask = rng.random((20, 21, 22)) < 0.6
    assert np.array_equal(fill_holes(mask, 1.0, 1e9), ndimage.binary_fill_holes(mask))


def test_the_input_stays_as_it_was():
    mask = block_with_hole(1)
    before = mask.copy()
    fill_holes(mask, 1.0, 3.0)
    assert np.array_equal(mask, before)
