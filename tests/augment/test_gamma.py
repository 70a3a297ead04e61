import numpy as np
import pytest
import torch

from oncontour.augment.gamma import Gamma, change_gamma


@pytest.mark.parametrize("invert", [False, True])
def test_mean_and_deviation_stay_and_order_too(invert):
    values = torch.randn(12, 12, 12)
    changed = change_gamma(values, 1.4, invert)
    assert float(changed.mean()) == pytest.approx(float(values.mean()), abs=1e-4)
    assert float(changed.std()) == pytest.approx(float(values.std()), abs=1e-4)
    assert torch.equal(changed.flatten().argsort()[::100], values.flatten().argsort()[::100])


def test_inverted_the_other_end_is_stretched():
    values = torch.linspace(-1, 1, 27).reshape(3, 3, 3)
    up, down = (change_gamma(values, 2.0, invert).flatten() for invert in (False, True))
    assert up[-1] - up[-2] > 3 * (up[1] - up[0])
    assert down[1] - down[0] > 3 * (down[-1] - down[-2])


def test_a_constant_image_stays():
    assert torch.allclose(change_gamma(torch.full((4, 4, 4), 2.0), 1.3, False), torch.full((4, 4, 4), 2.0))


@pytest.mark.peers
@pytest.mark.parametrize("invert", [False, True])
def test_equals_batchgenerators(sample, invert):
    from batchgeneratorsv2.transforms.intensity.gamma import GammaTransform

    peer = GammaTransform((0.7, 1.5), float(invert), False, 1, 1)
    params = Gamma(invert=invert).draw(np.random.default_rng(0), tuple(sample.image.shape))
    expected = peer._apply_to_image(
        sample.image.clone(),
        apply_to_channel=torch.arange(4),
        retain_stats=torch.ones(4, dtype=torch.bool),
        invert_image=torch.full((4,), invert),
        gamma=torch.tensor([one["gamma"] for one in params["channels"]]),
    )
    inside = sample.image != 0
    assert torch.allclose(Gamma().apply(params, sample).image[inside], expected[inside], atol=1e-5)
