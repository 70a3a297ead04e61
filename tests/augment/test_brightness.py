import numpy as np
import pytest
import torch

from oncontour.augment.brightness import Brightness


def test_each_channel_times_its_factor(sample):
    params = Brightness().draw(np.random.default_rng(0), tuple(sample.image.shape))
    factors = torch.tensor([one["factor"] for one in params["channels"]])
    assert len(set(factors.tolist())) == 4
    assert torch.allclose(Brightness().apply(params, sample).image, sample.image * factors[:, None, None, None])


@pytest.mark.peers
def test_equals_batchgenerators(sample):
    from batchgeneratorsv2.transforms.intensity.brightness import MultiplicativeBrightnessTransform

    peer = MultiplicativeBrightnessTransform((0.75, 1.25), synchronize_channels=False)
    params = Brightness().draw(np.random.default_rng(0), tuple(sample.image.shape))
    factors = torch.tensor([one["factor"] for one in params["channels"]])
    expected = peer._apply_to_image(sample.image.clone(), apply_to_channel=torch.arange(4), multipliers=factors)
    assert torch.allclose(Brightness().apply(params, sample).image, expected, atol=1e-6)
