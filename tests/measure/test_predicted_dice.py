from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncontour.inference.calibration import DiceModel
from oncontour.measure.predicted_dice import Signs, agreement, dice_left_out, expected_dice, fit_dice, predict_dice

SHARE = st.floats(0, 1)


def _logit(value):
    return np.log(value / (1 - value))


def _cases(count, weights, seed=0, noise=0.0):
    """Signs drawn at random, and the Dice that a known function gives them."""
    rng = np.random.default_rng(seed)
    signs = [Signs(*rng.uniform(0.3, 0.95, 2), rng.lognormal(2, 1), rng.random() < 0.6) for _ in range(count)]
    rows = [(1, _logit(s.expected), _logit(s.agreement), np.log(s.volume_ml), s.contrast) for s in signs]
    return signs, 1 / (1 + np.exp(-(np.array(rows) @ weights + rng.normal(0, noise, count))))


def test_expected_dice_is_what_dice_averages_to_if_probabilities_are_right():
    rng = np.random.default_rng(0)
    probability = rng.beta(0.3, 0.6, (20, 20, 20))
    mask = probability > 0.4
    drawn = []
    for _ in range(50):
        truth = rng.random(mask.shape) < probability
        drawn.append(2 * (mask & truth).sum() / (mask.sum() + truth.sum()))
    assert expected_dice(mask, probability) == pytest.approx(np.mean(drawn), abs=0.003)
    assert expected_dice(np.zeros_like(mask), probability) is None


def test_agreement_is_the_mean_over_kinds_of_variants():
    mask = np.array([True, True, False, False])
    other, empty = np.array([True, False, False, False]), np.zeros(4, bool)
    assert agreement(mask, [[mask], [other]]) == pytest.approx((1 + 2 / 3) / 2)
    assert agreement(mask, [[mask], [mask, other, empty]]) == pytest.approx((1 + 2 / 3) / 2)
    assert agreement(mask, []) is None
    assert agreement(empty, [[mask]]) is None


def test_a_known_function_is_found_again():
    weights = (-0.5, 0.8, 0.4, 0.2, 0.3)
    model = fit_dice(*_cases(30, weights))
    found = (model.intercept, model.expected, model.agreement, model.volume, model.contrast)
    assert found == pytest.approx(weights, abs=1e-3)
    assert model.error < 1e-3
    signs, found = _cases(5, weights, seed=1)
    assert [predict_dice(model, one) for one in signs] == pytest.approx(found, abs=1e-3)


def test_the_stated_error_is_that_of_new_cases():
    weights = (-0.5, 0.8, 0.4, 0.2, 0.3)
    model = fit_dice(*_cases(60, weights, noise=0.4))
    signs, found = _cases(500, weights, seed=1, noise=0.4)
    errors = np.abs([predict_dice(model, one) for one in signs] - found)
    assert model.error == pytest.approx(errors.mean(), rel=0.3)


def test_no_coefficient_is_negative_even_where_cases_say_so():
    model = fit_dice(*_cases(30, (0.0, -1.0, 0.5, -0.3, -0.2)))
    assert min(model.expected, model.agreement, model.volume, model.contrast) == pytest.approx(0, abs=1e-6)


def test_too_few_cases_teach_nothing():
    assert fit_dice(*_cases(9, (0.0, 1.0, 0.0, 0.0, 0.0))) is None


def test_where_all_cases_had_a_t1ce_it_teaches_nothing():
    signs, found = _cases(30, (0.0, 1.0, 0.0, 0.0, 0.0))
    signs = [replace(one, contrast=True) for one in signs]
    model = fit_dice(signs, found)
    assert model.contrast == 0
    assert predict_dice(model, signs[0]) == pytest.approx(found[0], abs=1e-3)


def test_a_case_left_out_is_predicted_by_the_others():
    weights = (-0.5, 0.8, 0.4, 0.2, 0.3)
    signs, found = _cases(12, weights, noise=0.4)
    others = fit_dice(signs[1:], found[1:])
    assert dice_left_out(signs, found)[0] == pytest.approx(predict_dice(others, signs[0]))


@given(SHARE, SHARE, st.floats(1e-3, 1e3), SHARE, SHARE, SHARE, SHARE)
def test_better_signs_never_lower_the_prediction(expected, steady, volume, a, b, c, d):
    model = DiceModel(cases=20, intercept=-1, expected=a, agreement=b, volume=c, contrast=d, error=0.1)
    here = predict_dice(model, Signs(expected, steady, volume, contrast=False))
    assert 0 <= here <= 1
    for better in (
        Signs(min(expected + 0.1, 1), steady, volume, contrast=False),
        Signs(expected, min(steady + 0.1, 1), volume, contrast=False),
        Signs(expected, steady, volume * 2, contrast=False),
        Signs(expected, steady, volume, contrast=True),
    ):
        assert predict_dice(model, better) >= here - 1e-12
