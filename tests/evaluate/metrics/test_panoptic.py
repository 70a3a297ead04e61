"""Panoptic quality by hand, and counts of volumes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from oncontour.core.errors import InputError
from oncontour.evaluate.metrics import aggregated_dice, detection_rates, panoptic, relative_volume_difference


def test_pairs_above_half_match():
    ref = np.zeros((20, 4, 4), bool)
    ref[:4], ref[10:14] = True, True
    pred = np.zeros_like(ref)
    pred[:5], pred[12:17], pred[19] = True, True, True  # Jaccard .8, 2/7, and an invention
    found = panoptic(pred, ref)
    assert found.jaccards == pytest.approx((0.8,))
    assert (found.fp, found.fn) == (2, 1)
    assert found.recognition == pytest.approx(1 / 2.5)
    assert found.segmentation == pytest.approx(0.8)
    assert found.quality == pytest.approx(0.8 / 2.5)


@given(mask=arrays(bool, (4, 5, 6)))
def test_a_mask_matches_itself_and_nothing_else(mask):
    same = panoptic(mask, mask)
    assert (same.quality, same.recognition, same.fp, same.fn) == (1, 1, 0, 0)
    if mask.any():
        none = panoptic(np.zeros_like(mask), mask)
        assert (none.quality, none.tp, none.fp) == (0, 0, 0)
        assert np.isnan(none.segmentation)


def test_aggregated_dice_weighs_voxels():
    assert aggregated_dice([90, 0], [100, 0], [100, 100]) == pytest.approx(0.6)
    assert aggregated_dice([0], [0], [0]) == 1
    with pytest.raises(InputError, match="counts"):
        aggregated_dice([3], [2], [5])


def test_volume_difference_is_signed():
    assert relative_volume_difference(15, 10) == pytest.approx(0.5)
    assert np.isnan(relative_volume_difference(3, 0))


def test_detection_by_size():
    rates = detection_rates([(100, True), (100.1, False), (1e6, True)], (100,))
    assert rates == {(0.0, 100): (1, 1), (100, float("inf")): (1, 2)}
