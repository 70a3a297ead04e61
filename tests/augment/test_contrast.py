import numpy as np
import pytest
import torch

from oncontour.augment.contrast import Contrast, change_contrast


def test_spread_about_the_mean_within_the_range():
    values = torch.tensor([[[-2.0, -1.0, 1.0, 2.0]]])
    assert change_contrast(values, 0.5).flatten().tolist() == [-1.0, -0.5, 0.5, 1.0]
    assert change_contrast(values, 1.5).flatten().tolist() == [-2.0, -1.5, 1.5, 2.0]


@pytest.mark.peers
def test_equals_batchgenerators(sample):
    from batchgeneratorsv2.transforms.intensity.contrast import ContrastTransform

    peer = ContrastTransform((0.75, 1.25), preserve_range=True, synchronize_channels=False)
    params = Contrast().draw(np.random.default_rng(0), tuple(sample.image.shape))
    factors = torch.tensor([one["factor"] for one in params["channels"]])
    expected = peer._apply_to_image(sample.image.clone(), apply_to_channel=torch.arange(4), multipliers=factors)
    inside = sample.image != 0
    assert torch.allclose(Contrast().apply(params, sample).image[inside], expected[inside], atol=1e-5)
