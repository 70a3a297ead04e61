import numpy as np
import pytest
import torch

from oncontour.augment.low_resolution import LowResolution, lower_resolution


def test_full_resolution_changes_nothing_and_less_does():
    values = torch.randn(10, 11, 12)
    assert torch.allclose(lower_resolution(values, (1.0, 1.0, 1.0)), values, atol=1e-6)
    half = lower_resolution(values, (0.5, 0.5, 0.5))
    assert half.shape == values.shape
    assert half.std() < 0.9 * values.std()


def test_axes_left_out_keep_their_resolution():
    drawn = LowResolution(axes=(1, 2), channel_probability=1.0).draw(np.random.default_rng(0), (3, 8, 8, 8))
    assert all(one["scales"][0] == 1.0 and one["scales"][1] == one["scales"][2] < 1 for one in drawn["channels"])


@pytest.mark.peers
def test_equals_batchgenerators(sample):
    from batchgeneratorsv2.transforms.spatial.low_resolution import SimulateLowResolutionTransform

    peer = SimulateLowResolutionTransform((0.5, 1), False, True, None)
    transform, rng = LowResolution(channel_probability=1.0), np.random.default_rng(0)
    inside = sample.image != 0
    for _ in range(5):
        params = transform.draw(rng, tuple(sample.image.shape))
        scales = torch.tensor([one["scales"] for one in params["channels"]])
        expected = peer._apply_to_image(sample.image.clone(), apply_to_channel=torch.arange(4), scales=scales)
        assert torch.allclose(transform.apply(params, sample).image[inside], expected[inside], atol=1e-5)
