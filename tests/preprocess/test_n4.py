"""N4: fields are those of ITK's own filter."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from oncontour.preprocess.n4 import N4Settings, n4_log_field


def shaded(shape: tuple[int, int, int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three tissues in an ellipsoid under a smooth field, with noise; and the ellipsoid."""
    rng = np.random.default_rng(seed)
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    mask = x**2 + y**2 + z**2 < 0.8
    tissue = np.select([np.sin(7 * x + seed) * np.cos(6 * y) > 0.4, np.sin(5 * z) > 0.3], [60.0, 100.0], 140.0)
    field = np.exp(0.3 * x - 0.2 * y**2 + 0.15 * np.sin(2 * z))
    image = tissue * field * (1 + rng.normal(0, 0.03, shape))
    return image.astype(np.float32), mask


def itks(image: np.ndarray, mask: np.ndarray, settings: N4Settings) -> np.ndarray:
    given = sitk.GetImageFromArray(image.T)
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations(list(settings.iterations))
    n4.SetConvergenceThreshold(settings.change)
    n4.Execute(given, sitk.GetImageFromArray(mask.astype(np.uint8).T))
    return sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(given)).T


@pytest.mark.parametrize(
    "settings", [N4Settings(), N4Settings((7,), 0.0), N4Settings((5, 8, 3), 0.0), N4Settings((30, 30), 0.01)]
)
@pytest.mark.parametrize("shape", [(30, 34, 26), (25, 31, 9)])
def test_fields_are_itks(shape, settings):
    image, mask = shaded(shape, len(settings.iterations))
    ours, other = n4_log_field(image, mask, settings), itks(image, mask, settings)
    ours, other = (field[mask] - field[mask].mean() for field in (ours, other))
    assert other.std() > 0.005
    np.testing.assert_allclose(ours, other, atol=1e-4)


def test_an_even_image_has_no_field():
    mask = np.ones((8, 9, 10), bool)
    assert not n4_log_field(np.full(mask.shape, 70.0), mask).any()
