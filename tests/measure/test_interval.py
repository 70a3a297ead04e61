import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import t

from oncontour.core.errors import GeometryError, ImageContentError
from oncontour.inference.calibration import VolumeErrors
from oncontour.measure.interval import GREATEST_DICE, LEAST_DICE, interval, largest_error, volume_errors

VOLUMES = st.floats(1e-3, 500)


def test_the_formula_by_hand():
    pred, ref = [11.0, 18.0, 33.0, 40.0, 60.0], [10.0, 20.0, 30.0, 40.0, 50.0]
    errors = volume_errors(pred, ref)
    ratios = np.log(np.array(pred) / ref)
    half = t.ppf(0.975, 4) * ratios.std(ddof=1) * math.sqrt(1 + 1 / 5)
    found = interval(25.0, errors)
    assert found.low == pytest.approx(25 * math.exp(-ratios.mean() - half))
    assert found.high == pytest.approx(25 * math.exp(-ratios.mean() + half))


def test_a_bias_is_taken_out():
    ref = np.array([5.0, 10, 20, 40, 80])
    found = interval(12.0, volume_errors(1.2 * ref, ref))
    assert (found.low, found.high) == pytest.approx((10.0, 10.0))


@pytest.mark.parametrize("count", [5, 20, 60])
def test_it_covers_what_it_says_of_log_normal_errors(count):
    """1000 experiments: n held-out cases, then a new one; the share's standard deviation is 0.7 %."""
    rng = np.random.default_rng(count)
    covered = 0
    for _ in range(1000):
        truth = rng.lognormal(2, 1, count + 1)
        pred = truth * rng.lognormal(0.1, 0.3, count + 1)
        found = interval(pred[-1], volume_errors(pred[:-1], truth[:-1]))
        covered += found.low <= truth[-1] <= found.high
    assert covered / 1000 == pytest.approx(0.95, abs=0.02)


@given(st.lists(st.tuples(VOLUMES, VOLUMES), min_size=5, max_size=20), VOLUMES, st.floats(0.1, 10))
def test_it_scales_with_the_volume_and_with_the_unit(pairs, volume, factor):
    pred, ref = np.array(pairs).T
    errors, scaled = volume_errors(pred, ref), volume_errors(pred * factor, ref * factor)
    first, second = interval(volume, errors), interval(volume * factor, scaled)
    assert 0 < first.low <= first.high
    assert (second.low, second.high) == pytest.approx((first.low * factor, first.high * factor), rel=1e-6)


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_no_two_masks_differ_more_than_their_dice_allows(one, other, data):
    overlap = data.draw(st.integers(1, min(one, other)))
    dice = 2 * overlap / (one + other)
    assume(LEAST_DICE <= dice <= GREATEST_DICE)
    assert abs(math.log(one / other)) <= largest_error(dice) + 1e-9


@pytest.mark.parametrize("count", [10, 40])
def test_it_covers_where_the_spread_follows_a_known_unit(count):
    """1000 experiments with cases of every quality; as above."""
    rng = np.random.default_rng(count)
    covered = 0
    for _ in range(1000):
        truth, unit = rng.lognormal(2, 1, count + 1), largest_error(rng.uniform(0.4, 0.95, count + 1))
        pred = truth * np.exp(unit * rng.normal(0.2, 0.5, count + 1))
        errors = volume_errors(pred[:-1], truth[:-1], unit[:-1])
        found = interval(pred[-1], errors, unit[-1])
        covered += found.low <= truth[-1] <= found.high
    assert covered / 1000 == pytest.approx(0.95, abs=0.02)


def test_empty_predictions_and_references_play_no_part():
    pred, ref = [0.0, 3.0, 1.0, 2, 3, 4, 5], [9.0, 0.0, 1.1, 2, 3, 4, 5]
    assert volume_errors(pred, ref) == volume_errors(pred[2:], ref[2:])
    assert volume_errors(pred[:6], ref[:6]) is None  # four cases are left


def test_lists_that_cannot_be_volumes_are_refused():
    with pytest.raises(GeometryError, match="one length"):
        volume_errors([1.0], [1.0, 2.0])
    with pytest.raises(ImageContentError, match="negative"):
        volume_errors([1.0, -2.0], [1.0, 2.0])


@given(st.floats(0, 1), st.integers(2, 50))
def test_more_spread_is_wider(spread, cases):
    narrow = interval(10.0, VolumeErrors(cases=cases, bias=0, spread=spread))
    wide = interval(10.0, VolumeErrors(cases=cases, bias=0, spread=spread + 0.1))
    assert wide.low < narrow.low <= 10 <= narrow.high < wide.high
