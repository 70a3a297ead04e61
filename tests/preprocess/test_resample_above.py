"""Probabilities only where they can exceed a threshold: the same masks as of the whole grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from oncontour.core.grid import Grid
from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.volume import Volume
from oncontour.preprocess.resample import resample_channels
from oncontour.preprocess.resample_above import resample_above
from oncontour.preprocess.rigid import rigid

SOURCE = Grid((22, 24, 20), rigid((0.1, -0.2, 0.3), (-20, -22, -21)) @ np.diag([2.0, 1.8, 2.2, 1.0]))
THRESHOLDS = (0.5, 0.3)
angles = st.floats(-0.6, 0.6)


def blobs(seed: int) -> np.ndarray:
    """Three channels of smooth noise, a little above the thresholds in some corner; the third far above everywhere."""
    noise = np.random.default_rng(seed).normal(size=(3, *SOURCE.shape))
    smooth = np.stack([gaussian_filter(channel, 2.0) for channel in noise])
    smooth /= smooth.max((1, 2, 3), keepdims=True)
    return np.clip(smooth * [[[[0.7]]], [[[0.5]]], [[[1.0]]]], 0, 1).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(angles, angles, st.floats(-0.3, 0.3), st.floats(0.6, 6.0), st.sampled_from(ALL_ORIENTATIONS), st.integers(0, 9))
def test_masks_are_those_of_the_whole_grid(a, b, shear, thickness, codes, seed):
    affine = rigid((a, b, 0.2), (-18, -20, -14))
    affine[:3, :3] = affine[:3, :3] @ np.array([[1, shear, 0], [0, 1.1, 0], [0, 0, thickness]])
    grid = Volume(np.zeros((36, 33, 12), bool), affine).reoriented(codes).grid
    said = blobs(seed)
    box, part = resample_above(said, SOURCE, grid, THRESHOLDS)
    whole = np.clip(list(resample_channels(said, SOURCE, grid)), 0, 1)
    for n, threshold in enumerate(THRESHOLDS):
        mask = np.zeros(grid.shape, bool)
        mask[box] = part[n] > threshold
        different = mask != (whole[n] > threshold)
        assert np.abs(whole[n][different] - threshold).max(initial=0) < 1e-5  # Rounding, at the threshold itself.
    above = (whole[0] > THRESHOLDS[0] + 1e-5) | (whole[1] > THRESHOLDS[1] + 1e-5)
    inner = np.zeros(grid.shape, bool)
    inner[box] = True
    assert not (above & ~inner).any()
    np.testing.assert_allclose(part[:, above[box]], whole[:, above], atol=1e-5)


def test_one_blob_takes_a_small_part():
    said = np.zeros((1, *SOURCE.shape), np.float32)
    said[0, 10:13, 5:8, 9] = 0.9
    box, part = resample_above(said, SOURCE, SOURCE, [0.5])
    assert part.shape[1:] == tuple(side.stop - side.start for side in box)
    assert part[0].size <= 7 * 7 * 5
    np.testing.assert_array_equal(part[0], said[(0, *box)])


@pytest.mark.parametrize("far", [0.0, 500.0])
def test_nothing_above_or_nothing_in_sight_is_one_voxel_of_nothing(far):
    said = np.full((2, *SOURCE.shape), 0.9 if far else 0.2, np.float32)
    affine = SOURCE.affine.copy()
    affine[0, 3] += far
    box, part = resample_above(said, SOURCE, Grid(SOURCE.shape, affine), THRESHOLDS[:1])
    assert part.shape == (2, 1, 1, 1)
    assert not part.any()
    assert np.zeros(SOURCE.shape)[box].shape == (1, 1, 1)


def test_a_damaged_probability_is_not_lost():
    said = np.zeros((1, *SOURCE.shape), np.float32)
    said[0, 3, 4, 5] = np.nan
    assert np.isnan(resample_above(said, SOURCE, SOURCE, [0.5])[1]).any()
