import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import zoom

from oncontour.core.errors import GeometryError, ImageContentError, InputError
from oncontour.postprocess.guided import GuidedSettings, guided


def windows(shape, radius):
    """For every voxel, the flat indices of the voxels of its window."""
    index = np.arange(np.prod(shape)).reshape(shape)
    for place in np.ndindex(shape):
        cut = tuple(slice(max(n - r, 0), n + r + 1) for n, r in zip(place, radius, strict=True))
        yield index[cut].ravel()


def by_the_book(probability, images, radius, ridge):
    """Ridge regression in every window, one after the other, and the mean of all fits of a voxel."""
    shape = probability.shape
    flat, guides = probability.ravel(), images.reshape(len(images), -1).T
    fits, count = np.zeros(flat.size), np.zeros(flat.size)
    inside = (guides != 0).any(1)
    for centre, window in enumerate(windows(shape, radius)):
        if not inside[centre]:
            continue
        kept = window[inside[window]]
        look, said = guides[kept], flat[kept]
        apart = look - look.mean(0)
        matrix = apart.T @ apart / len(kept) + ridge * np.eye(look.shape[1])
        slope = np.linalg.solve(matrix, apart.T @ (said - said.mean()) / len(kept))
        fits[kept] += said.mean() + apart @ slope
        count[kept] += 1
    return np.clip(np.where(inside, fits / np.maximum(count, 1), 0), 0, 1).reshape(shape)


def noisy(seed, channels, shape=(9, 8, 7)):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.06, 1, (2, *shape)).astype(np.float32), rng.uniform(-2, 2, (channels, *shape)).astype(
        np.float32
    )


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 2.0, 3.0)])
def test_agrees_with_regression_in_every_window(channels, spacing):
    probabilities, images = noisy(channels, channels)
    images[:, 2:4, :, 5:] = 0  # outside the brain
    found = guided(probabilities, images, spacing, GuidedSettings(radius_mm=2.0, contrast=0.4))
    radius = [max(round(2.0 / step), 1) for step in spacing]
    for region, probability in enumerate(probabilities):
        book = by_the_book(probability.astype(float), images.astype(float), radius, 0.4**2)
        assert np.abs(book - probability).mean() > 0.05
        np.testing.assert_allclose(found[region], book, atol=2e-4)


def test_a_coarse_edge_becomes_the_images_edge():
    rng = np.random.default_rng(0)
    place = np.indices((40, 40, 40)) - 19.5
    truth = np.hypot(np.hypot(*place[:2]), place[2] * 1.3) < 11
    image = (2.0 * truth + rng.normal(0, 0.1, truth.shape)).astype(np.float32)
    coarse = truth.reshape(10, 4, 10, 4, 10, 4).mean((1, 3, 5))
    said = np.clip(zoom(coarse, 4, order=1, grid_mode=True, mode="nearest"), 0, 1).astype(np.float32)
    wrong = np.count_nonzero((said > 0.5) != truth)
    mended = guided(said[None], image[None], (1, 1, 1))[0]
    assert np.count_nonzero((mended > 0.5) != truth) < wrong / 10


def test_an_image_without_contrast_smooths():
    probabilities, _ = noisy(0, 1)
    flat = np.full((1, *probabilities.shape[1:]), 0.7, np.float32)
    found = guided(probabilities, flat, (1, 1, 1), GuidedSettings(2.0, 0.2))
    assert found[0].std() < 0.2 * probabilities[0].std()
    assert found[0].mean() == pytest.approx(probabilities[0].mean(), abs=0.05)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 3), st.floats(0.05, 2.0))
def test_stays_a_probability_and_inside_the_brain(seed, channels, contrast):
    probabilities, images = noisy(seed, channels)
    images[:, :3] = 0
    images[:, 3:] *= 50
    found = guided(probabilities, images, (1, 1, 2), GuidedSettings(3.0, contrast))
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1
    assert not found[:, :3].any()


def test_far_from_anything_probable_nothing_is_done():
    probabilities, images = np.zeros((1, 40, 12, 12), np.float32), np.ones((1, 40, 12, 12), np.float32)
    probabilities[0, 5, 6, 6] = 1
    found = guided(probabilities, images, (1, 1, 1), GuidedSettings(2.0, 0.2))
    assert found[0, 5, 6, 6] > 0
    assert not found[0, 12:].any()
    assert not guided(np.zeros_like(probabilities), images, (1, 1, 1)).any()


def test_bad_input_is_named():
    probabilities, images = noisy(0, 1)
    with pytest.raises(GeometryError, match="one grid"):
        guided(probabilities, images[:, :-1], (1, 1, 1))
    with pytest.raises(GeometryError, match="positive mm"):
        guided(probabilities, images, (1, 0, 1))
    with pytest.raises(ImageContentError, match="NaN"):
        guided(probabilities, images * np.nan, (1, 1, 1))
    with pytest.raises(InputError, match="contrast"):
        GuidedSettings(contrast=0)
