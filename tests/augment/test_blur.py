import numpy as np
import pytest
import torch
from scipy import ndimage

from oncontour.augment.blur import WIDTH, Blur, blur, gaussian_kernel


def test_blur_is_a_gaussian_filter():
    values = torch.from_numpy(np.random.default_rng(0).normal(0, 1, (20, 18, 16)).astype(np.float32))
    sigmas = (0.6, 0.9, 1.0)
    radius = [int((WIDTH * sigma + 0.5) // 2) for sigma in sigmas]
    expected = ndimage.gaussian_filter(values.numpy(), sigmas, mode="mirror", radius=radius)
    assert np.allclose(blur(values, sigmas).numpy(), expected, atol=1e-5)


def test_axes_shorter_than_the_kernel():
    values = torch.randn(1, 2, 8)
    assert torch.isfinite(blur(values, (1.0, 1.0, 1.0))).all()
    assert torch.allclose(blur(torch.ones(1, 2, 8), (1.0, 1.0, 1.0)), torch.ones(1, 2, 8))


def test_the_whole_kernel_sums_to_one():
    half = gaussian_kernel(0.8, 64)
    assert float(2 * half.sum() - half[0]) == pytest.approx(1, abs=1e-6)


@pytest.mark.peers
def test_equals_batchgenerators():
    from batchgeneratorsv2.transforms.noise.gaussian_blur import GaussianBlurTransform

    peer = GaussianBlurTransform((0.5, 1.0))
    image = torch.from_numpy(np.random.default_rng(0).normal(0, 1, (2, 16, 15, 14)).astype(np.float32))
    rng = np.random.default_rng(1)
    for _ in range(10):
        channels = Blur(channel_probability=1.0).draw(rng, tuple(image.shape))["channels"]
        sigmas = [one["sigmas"] for one in channels]
        expected = peer._apply_to_image(image.clone(), apply_to_channel=torch.tensor([True, True]), sigmas=sigmas)
        for channel, numbers in enumerate(sigmas):
            assert torch.allclose(blur(image[channel], numbers), expected[channel], atol=1e-5)
