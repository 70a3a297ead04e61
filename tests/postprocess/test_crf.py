import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from oncontour.core.errors import GeometryError, ImageContentError, InputError
from oncontour.postprocess import crf
from oncontour.postprocess.crf import CrfSettings, dense_crf


def exact(probabilities, images, spacing, rules):
    """Mean field by the book: every pair of voxels, no approximation."""
    shape = probabilities.shape[1:]
    place = np.argwhere(np.ones(shape, bool)) * np.array(spacing)
    look = images.reshape(len(images), -1).T / np.asarray(rules.appearance_intensity)
    apart = ((place[:, None] - place[None]) ** 2).sum(-1)
    unlike = ((look[:, None] - look[None]) ** 2).sum(-1)
    kernels = (
        (rules.smoothness_weight, np.exp(-apart / rules.smoothness_mm**2 / 2)),
        (rules.appearance_weight, np.exp(-apart / rules.appearance_mm**2 / 2 - unlike / 2)),
    )
    prior = np.log(probabilities / (1 - probabilities)).reshape(len(probabilities), -1).T
    q = 1 / (1 + np.exp(-prior))
    for _ in range(rules.iterations):
        logit = prior.copy()
        for weight, kernel in kernels:
            others = kernel - np.eye(len(kernel))
            logit += weight * (others @ (2 * q - 1)) / kernel.sum(1, keepdims=True)
        q = 1 / (1 + np.exp(-logit))
    return q.T.reshape(probabilities.shape)


def small(seed, channels):
    """An image of 6 x 6 x 5 voxels, half of it bright, and what an unsure network says of it."""
    rng = np.random.default_rng(seed)
    truth = np.zeros((6, 6, 5), bool)
    truth[:, :, :2] = truth[:3, :2] = True
    images = np.stack([truth * 2.0 - 1 + rng.normal(0, 0.3, truth.shape) for _ in range(channels)])
    probabilities = np.stack(
        [np.clip(0.3 + level * truth + rng.normal(0, 0.2, truth.shape), 0.02, 0.98) for level in (0.4, 0.3)]
    )
    return probabilities, images


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_exact_mean_field(seed, channels):
    probabilities, images = small(seed, channels)
    rules = CrfSettings(smoothness_weight=1, appearance_weight=1.5, appearance_intensity=0.5)
    ours = dense_crf(probabilities, images, (1, 1, 2), rules)
    book = exact(probabilities, images, (1, 1, 2), rules)
    assert np.abs(book - probabilities).mean() > 0.05  # there is something to agree on
    assert np.abs(ours - book).mean() < 0.01
    assert np.abs(ours - book).max() < 0.1
    assert ((ours > 0.5) == (book > 0.5)).mean() > 0.98


def test_smoothness_alone_is_exact():
    probabilities, images = small(0, 1)
    rules = CrfSettings(appearance_weight=0, smoothness_mm=1.5)
    book = exact(probabilities, images, (1, 1, 2), rules)
    np.testing.assert_allclose(dense_crf(probabilities, images, (1, 1, 2), rules), book, atol=2e-3)


def ball(size=32, radius=9):
    axis = np.arange(size) - size / 2
    return np.sqrt((np.stack(np.meshgrid(axis, axis, axis, indexing="ij")) ** 2).sum(0)) < radius


def test_removes_isolated_noise_and_fills_pinholes():
    rng = np.random.default_rng(0)
    truth = ball()
    flipped = truth ^ (rng.random(truth.shape) < 0.05)
    probabilities = np.where(flipped, 0.8, 0.2)[None]
    images = (truth + rng.normal(0, 0.2, truth.shape))[None]
    ours = dense_crf(probabilities, images, (1, 1, 1))[0] > 0.5
    assert (flipped != truth).sum() > 1000
    assert (ours != truth).sum() < 50


def test_follows_the_edge_of_the_image_where_smoothness_alone_does_not():
    rng = np.random.default_rng(1)
    truth = ball()
    probabilities = (0.1 + 0.8 * gaussian_filter(np.roll(truth, 2, axis=0).astype(float), 2))[None]  # blurred, shifted
    images = (2.0 * truth + rng.normal(0, 0.2, truth.shape))[None]
    before = ((probabilities[0] > 0.5) != truth).sum()
    ours = ((dense_crf(probabilities, images, (1, 1, 1))[0] > 0.5) != truth).sum()
    blind = CrfSettings(appearance_weight=0)
    smooth = ((dense_crf(probabilities, images, (1, 1, 1), blind)[0] > 0.5) != truth).sum()
    assert ours < before / 4
    assert smooth > before / 2


def test_a_voxel_like_no_other_keeps_what_the_network_said():
    images = np.ones((1, 9, 9, 9))
    images[0, 4, 4, 4] = 50
    probabilities = np.full((1, 9, 9, 9), 0.1)
    probabilities[0, 4, 4, 4] = 0.7
    found = dense_crf(probabilities, images, (1, 1, 1), CrfSettings(smoothness_weight=0))
    assert found[0, 4, 4, 4] == pytest.approx(0.7, abs=0.01)
    assert found[0, 0, 0, 0] < 0.01


def test_the_threshold_is_where_votes_turn():
    probabilities, images = small(4, 1)
    logit = np.log(probabilities / (1 - probabilities)) + np.log(0.9 / 0.1)
    shifted = dense_crf(1 / (1 + np.exp(-logit)), images, (1, 1, 1), threshold=0.9)
    assert np.array_equal(shifted > 0.9, dense_crf(probabilities, images, (1, 1, 1)) > 0.5)
    assert 0.1 < (shifted > 0.9).mean() < 0.9
    both = dense_crf(probabilities, images, (1, 1, 1), threshold=(0.5, 0.3))
    np.testing.assert_allclose(both[1], dense_crf(probabilities, images, (1, 1, 1), threshold=0.3)[1], atol=1e-5)


def test_distances_are_in_mm():
    probabilities, images = small(2, 1)
    one = dense_crf(probabilities, images, (1, 1, 2), CrfSettings(smoothness_mm=2, appearance_mm=3))
    two = dense_crf(probabilities, images, (2, 2, 4), CrfSettings(smoothness_mm=4, appearance_mm=6))
    np.testing.assert_allclose(one, two, atol=1e-4)


def test_regions_are_independent_and_the_input_stays():
    probabilities, images = small(3, 2)
    before = probabilities.copy()
    both = dense_crf(probabilities, images, (1, 1, 1))
    for region in range(2):
        alone = dense_crf(probabilities[region : region + 1], images, (1, 1, 1))
        np.testing.assert_allclose(both[region], alone[0], atol=1e-5)
    assert np.array_equal(probabilities, before)


def test_outside_the_brain_nothing_votes_or_changes():
    probabilities, images = small(0, 1)
    wider = np.full((2, 12, 6, 5), 0.9)
    wider[:, :6] = probabilities
    around = np.zeros((1, 12, 6, 5))
    around[:, :6] = images
    found = dense_crf(wider, around, (1, 1, 1))
    np.testing.assert_allclose(found[:, :6], dense_crf(probabilities, images, (1, 1, 1)), atol=1e-4)
    assert np.all(found[:, 6:] == np.float32(0.9))


def test_far_from_every_finding_nothing_is_computed(monkeypatch):
    rng = np.random.default_rng(4)
    images = 1 + rng.normal(0, 0.2, (1, 60, 20, 20))
    probabilities = np.full((1, 60, 20, 20), 0.005)
    probabilities[:, :8, 5:15, 5:15] = 0.6
    rules = CrfSettings(smoothness_mm=2, appearance_mm=2)
    near = dense_crf(probabilities, images, (1, 1, 1), rules)
    assert np.all(near[:, 14:] == np.float32(0.005))
    monkeypatch.setattr(crf, "REACH", 100.0)
    everywhere = dense_crf(probabilities, images, (1, 1, 1), rules)
    assert np.all(everywhere[:, 14:] < 0.005)
    easier = dense_crf(probabilities, images, (1, 1, 1), rules, threshold=0.2)
    assert np.any(easier[:, 14:] != np.float32(0.005))  # a twenty-fifth of that threshold is not negligible
    np.testing.assert_allclose(near[:, :10], everywhere[:, :10], atol=0.02)


def test_nothing_found_and_no_brain_stay_as_they_are():
    nothing, images = np.full((1, 4, 4, 4), 0.001), np.ones((2, 4, 4, 4))
    assert np.array_equal(dense_crf(nothing, images, (1, 1, 1)), nothing.astype(np.float32))
    unsure = np.full((1, 4, 4, 4), 0.5)
    assert np.array_equal(dense_crf(unsure, 0 * images, (1, 1, 1)), unsure)


def test_certainties_stay_finite():
    probabilities = ball(12, 4)[None].astype(float)
    found = dense_crf(probabilities, 1 + probabilities, (1, 1, 1))
    assert np.array_equal(found > 0.5, probabilities > 0.5)
    assert np.isfinite(found).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 3), st.tuples(*[st.floats(0.4, 6)] * 3))
def test_probabilities_in_probabilities_out(seed, channels, spacing):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 8, 3))
    found = dense_crf(rng.random((2, *shape)), rng.normal(size=(channels, *shape)), spacing)
    assert found.shape == (2, *shape)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"iterations": -1}, "iterations"),
        ({"smoothness_weight": -1.0}, "smoothness_weight"),
        ({"appearance_mm": 0.0}, "appearance_mm"),
        ({"appearance_intensity": (0.5, 0.0)}, "appearance_intensity"),
        ({"smoothness_mm": float("nan")}, "smoothness_mm"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(fields, named):
    with pytest.raises(InputError, match=named):
        CrfSettings(**fields)


def test_arguments_that_cannot_be_are_refused():
    fine, images = np.full((1, 3, 3, 3), 0.5), np.ones((2, 3, 3, 3))
    with pytest.raises(GeometryError, match="one grid"):
        dense_crf(fine, images[:, :2], (1, 1, 1))
    with pytest.raises(GeometryError, match="spacing"):
        dense_crf(fine, images, (1, 0, 1))
    with pytest.raises(ImageContentError, match="0 to 1"):
        dense_crf(fine * np.nan, images, (1, 1, 1))
    with pytest.raises(ImageContentError, match="finite"):
        dense_crf(fine, images * np.inf, (1, 1, 1))
    with pytest.raises(InputError, match="threshold"):
        dense_crf(fine, images, (1, 1, 1), threshold=(0.5, 0.4))
    with pytest.raises(InputError, match="threshold"):
        dense_crf(fine, images, (1, 1, 1), threshold=1.0)
    with pytest.raises(InputError, match="2 as there are images"):
        dense_crf(fine, images, (1, 1, 1), CrfSettings(appearance_intensity=(1.0, 1.0, 1.0)))
