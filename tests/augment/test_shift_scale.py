import numpy as np
import pytest
import torch

from oncontour.augment.shift_scale import ShiftScale


def test_numbers_are_normal_as_paper_004_has_them():
    rng = np.random.default_rng(0)
    drawn = [one for _ in range(1000) for one in ShiftScale().draw(rng, (4, 8, 8, 8))["channels"]]
    shift, scale = (np.array([one[name] for one in drawn]) for name in ("shift", "scale"))
    assert (shift.mean(), shift.std()) == (pytest.approx(0, abs=0.003), pytest.approx(0.05, rel=0.05))
    assert (scale.mean(), scale.std()) == (pytest.approx(1, abs=0.001), pytest.approx(0.01, rel=0.05))


def test_shifted_then_scaled_inside(sample):
    params = {"channels": [{"channel": 1, "shift": 0.5, "scale": 2.0}]}
    inside = sample.image[1] != 0
    assert torch.allclose(ShiftScale().apply(params, sample).image[1][inside], (sample.image[1][inside] + 0.5) * 2)
