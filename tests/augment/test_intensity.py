import numpy as np
import pytest
import torch

from oncontour.augment.intensity import Intensity, change_intensity

NOTHING = {"stretch": None, "gain": 1.0, "offset": 0.0, "bias": None, "blur": False, "noise": None}


def test_numbers_lie_in_their_ranges_as_often_as_they_should():
    rng = np.random.default_rng(0)
    drawn = [one for _ in range(1000) for one in Intensity().draw(rng, (4, 8, 8, 8))["channels"]]
    for name, share in (("stretch", 0.3), ("bias", 0.3), ("noise", 0.3)):
        assert np.mean([one[name] is not None for one in drawn]) == pytest.approx(share, abs=0.03)
    assert np.mean([one["blur"] for one in drawn]) == pytest.approx(0.2, abs=0.03)
    gains, offsets = (np.array([one[name] for one in drawn]) for name in ("gain", "offset"))
    assert gains.min() >= 0.75
    assert gains.max() <= 1.35
    assert gains.mean() == pytest.approx(1.05, abs=0.01)
    assert abs(offsets).max() <= 0.25
    assert max(one["noise"]["deviation"] for one in drawn if one["noise"]) <= 0.25


def test_each_part_does_its_own():
    values = torch.randn(10, 9, 8)
    assert torch.equal(change_intensity(values, **NOTHING), values)
    assert torch.allclose(change_intensity(values, **NOTHING | {"gain": 2.0, "offset": 1.0}), values * 2 + 1)
    stretched = change_intensity(values * 3, **NOTHING | {"stretch": 0.2})
    assert torch.allclose(stretched, values * 3 + 0.2 * (values * 3).clamp(-3, 3))
    field = change_intensity(torch.ones(40, 40, 40), **NOTHING | {"bias": {"deviation": 0.2, "seed": 1}})
    assert float(field.diff(dim=0).abs().max()) < 0.1  # smooth
    assert float(field.std()) > 0.05
    blurred = change_intensity(values, **NOTHING | {"blur": True})
    assert torch.allclose(blurred[4, 4, 4], values[3:6, 3:6, 3:6].mean(), atol=1e-5)
    noisy = change_intensity(torch.zeros(32, 32, 32), **NOTHING | {"noise": {"deviation": 0.2, "seed": 1}})
    assert float(noisy.std()) == pytest.approx(0.2, rel=0.02)


def test_a_slice_of_one_voxel():
    assert torch.isfinite(change_intensity(torch.randn(1, 9, 2), **NOTHING | {"blur": True})).all()
