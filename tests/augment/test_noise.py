import numpy as np
import pytest
import torch

from oncontour.augment.interface import Sample
from oncontour.augment.noise import Noise


def test_noise_has_the_drawn_deviation_and_differs_between_channels():
    image = torch.full((2, 32, 32, 32), 7.0)
    params = Noise(deviation=(0.2, 0.4)).draw(np.random.default_rng(0), (2, 32, 32, 32))
    first, second = params["channels"]
    assert first["deviation"] == second["deviation"]
    added = Noise().apply(params, Sample(image, image)).image - 7
    for noise in added:
        assert float(noise.std()) == pytest.approx(first["deviation"], rel=0.02)
        assert float(noise.mean()) == pytest.approx(0, abs=0.01)
    assert abs(float((added[0] * added[1]).mean())) < 0.002


def test_a_deviation_for_each_channel():
    params = Noise(same=False).draw(np.random.default_rng(0), (4, 8, 8, 8))
    assert len({one["deviation"] for one in params["channels"]}) == 4
