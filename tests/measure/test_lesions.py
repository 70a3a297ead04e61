"""Lesions of a mask: which are measurable, and what is summed."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.orientation import ALL_ORIENTATIONS, reorient_array
from oncontour.measure import bidimensional, find_lesions
from oncontour.measure.lesions import sum_of_products, unmeasurable_product


def box(mask, corner, size):
    mask[tuple(slice(c, c + s) for c, s in zip(corner, size, strict=True))] = True
    return mask


@pytest.mark.parametrize(
    ("size", "measurable"),
    [
        ((11, 11, 2), True),  # diagonals of 14.1 mm
        ((11, 11, 1), False),  # one slice
        ((30, 6, 5), False),  # too thin across
        ((7, 7, 9), False),
    ],
)
def test_measurable_is_ten_by_ten_on_two_slices(size, measurable):
    mask = box(np.zeros((34, 34, 12), bool), (1, 1, 1), size)
    (lesion,) = find_lesions(mask, np.eye(4))
    assert lesion.measurable is measurable
    assert lesion.product_mm2 == bidimensional(mask, np.eye(4)).product_mm2
    assert lesion.volume_ml == pytest.approx(np.prod(size) / 1000)


def test_exactly_ten_millimetres_are_enough():
    mask = np.zeros((15, 15, 2), bool)
    mask[7, 2:13] = mask[2:13, 7] = True  # a cross of 10 mm between voxel centres
    assert find_lesions(mask, np.eye(4))[0].measurable
    mask[7, 12] = False
    assert not find_lesions(mask, np.eye(4))[0].measurable


def test_lesions_come_largest_first_and_only_measurable_ones_are_summed():
    mask = np.zeros((60, 60, 8), bool)
    for corner, size in (((1, 1, 1), (12, 12, 3)), ((20, 20, 1), (20, 20, 3)), ((50, 50, 1), (4, 4, 3))):
        box(mask, corner, size)
    found = find_lesions(mask, np.eye(4))
    products = [lesion.product_mm2 for lesion in found]
    assert products == sorted(products, reverse=True)
    assert [lesion.measurable for lesion in found] == [True, True, False]
    assert sum_of_products(found, 5) == pytest.approx(sum(products[:2]))
    assert sum_of_products(found, 1) == pytest.approx(products[0])
    assert unmeasurable_product(found) == pytest.approx(products[2])


def test_nothing_is_found_in_an_empty_mask():
    assert find_lesions(np.zeros((4, 4, 4), bool), np.eye(4)) == ()
    assert (sum_of_products((), 5), unmeasurable_product(())) == (0, 0)


@pytest.mark.parametrize("codes", ALL_ORIENTATIONS[::7])
def test_the_same_in_other_orientations(codes):
    mask = box(box(np.zeros((30, 28, 7), bool), (2, 3, 1), (14, 12, 3)), (20, 20, 4), (5, 4, 2))
    affine = np.diag([1.0, 1.1, 3.0, 1.0])
    expected, found = find_lesions(mask, affine), find_lesions(*reorient_array(mask, affine, codes))
    assert [lesion.measurable for lesion in found] == [lesion.measurable for lesion in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.product_mm2 == pytest.approx(other.product_mm2)
        assert one.volume_ml == pytest.approx(other.volume_ml)


def test_slice_index_is_that_of_the_whole_mask():
    mask = box(np.zeros((20, 20, 12), bool), (3, 3, 6), (4, 4, 1))
    box(mask, (3, 3, 7), (12, 12, 1))
    assert find_lesions(mask, np.eye(4))[0].slice_index == 7
