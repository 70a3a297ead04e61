"""Resampling: geometry under every orientation, obliquity and shear; what fineness does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.core.errors import GeometryError
from oncontour.core.grid import Grid
from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.volume import Volume
from oncontour.preprocess.resample import resample, resample_channels
from oncontour.preprocess.rigid import rigid

angles = st.floats(-0.6, 0.6)
shears = st.floats(-0.3, 0.3)
spacings = st.floats(0.6, 1.0)


def ramp(grid: Grid, slope: np.ndarray) -> Volume:
    """An image that is a linear function of world position: linear interpolation must return it exactly."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    return Volume((grid.to_world(index) @ slope).astype(np.float32), grid.affine)


@settings(max_examples=25, deadline=None)
@given(angles, angles, angles, shears, shears, spacings, st.sampled_from(ALL_ORIENTATIONS))
def test_a_linear_image_survives_oblique_sheared_anisotropic_grids(a, b, c, shear, other, spacing, codes):
    affine = rigid((a, b, c), (4, -7, 11))
    affine[:3, :3] = affine[:3, :3] @ np.array([[1, shear, 0], [0, 1, other], [0, 0, 1.6]]) * spacing
    affine[:3, 3] -= affine[:3, :3] @ (20, 18, 16)
    slope = np.array([0.7, -1.3, 0.4])
    source = ramp(Grid((41, 37, 33), affine), slope).reoriented(codes)
    target = Grid((9, 8, 7), rigid((0.2, 0.1, -0.3), (0, 0, 7)) @ np.diag([1.8, 1.8, 1.8, 1]))
    move = rigid((0.05, -0.04, 0.08), (1.5, -0.7, 2.0))
    found = resample(source, target, move).array
    index = np.stack(np.meshgrid(*(np.arange(n) for n in target.shape), indexing="ij"), axis=-1)
    world = target.to_world(index) @ move[:3, :3].T + move[:3, 3]
    inside = source.grid.to_index(world)
    margin = 9  # antialiasing reads this far at most
    deep = ((inside >= margin) & (inside <= np.array(source.grid.shape) - 1 - margin)).all(axis=-1)
    assert deep.any()
    np.testing.assert_allclose(found[deep], (world @ slope)[deep], atol=0.02)


@pytest.mark.parametrize("codes", ALL_ORIENTATIONS)
def test_crops_flips_and_transpositions_copy_voxels_exactly(codes):
    array = np.random.default_rng(0).integers(0, 9999, (7, 8, 9)).astype(np.int16)
    volume = Volume(array, np.diag([1.0, 1.5, 3.0, 1.0]))
    affine = volume.affine.copy()
    affine[:3, 3] = (-1.0, 3.0, 6.0)
    found = resample(volume.reoriented(codes), Grid((9, 5, 8), affine), fill=-7)
    expected = np.full((9, 5, 8), -7, dtype=np.int16)
    expected[1:8, :5, :7] = array[:, 2:7, 2:9]
    assert found.array.dtype == np.int16
    np.testing.assert_array_equal(found.array, expected)


def test_a_grid_far_away_is_all_fill():
    volume = Volume(np.ones((4, 4, 4), np.float32), np.eye(4))
    affine = np.eye(4)
    affine[0, 3] = 100.0
    assert (resample(volume, Grid((3, 3, 3), affine), fill=-2.5).array == -2.5).all()
    affine[0, 3] = 100.4
    assert (resample(volume, Grid((3, 3, 3), affine), fill=-2.5).array == -2.5).all()


def test_a_coarser_grid_averages_what_it_cannot_hold():
    noise = np.random.default_rng(1).normal(size=(60, 60, 60)).astype(np.float32)
    coarse = resample(Volume(noise, np.eye(4)), Grid((13, 13, 13), np.diag([4.5, 4.5, 4.5, 1.0]))).array
    assert coarse.std() < 0.12  # without antialiasing about 0.6; 4.5^-1.5 = 0.105 for a box


def test_masks_stay_boolean_and_keep_their_volume():
    x, y, z = np.meshgrid(*(np.arange(40) - 19.5,) * 3, indexing="ij")
    ball = Volume(x**2 + y**2 + z**2 < 15**2, np.eye(4))
    oblique = Grid((50, 50, 12), rigid((0.3, 0.2, 0.4), (-6, -6, -1)) @ np.diag([1.0, 1.0, 4.5, 1.0]))
    thick = resample(ball, oblique)
    back = {order: resample(thick, ball.grid, order=order).array for order in (0, 1)}
    assert thick.array.dtype == back[0].dtype == back[1].dtype == np.bool_
    assert thick.array.sum() * 4.5 == pytest.approx(ball.array.sum(), rel=0.05)
    assert back[1].sum() == pytest.approx(ball.array.sum(), rel=0.05)
    assert (back[1] ^ ball.array).sum() < (back[0] ^ ball.array).sum()


def test_cubic_beats_linear_on_a_smooth_image():
    grid = Grid((30, 30, 30), np.eye(4))
    wave = lambda at: np.sin(at[..., 0]) * np.cos(0.8 * at[..., 1]) + 0.3 * np.sin(0.9 * at[..., 2])  # noqa: E731
    index = np.stack(np.meshgrid(*(np.arange(30),) * 3, indexing="ij"), axis=-1)
    volume = Volume(wave(grid.to_world(index)).astype(np.float32), np.eye(4))
    move = rigid((0.1, 0, 0.05), (0.4, 0.3, 0.2))
    inner = (slice(8, -8),) * 3
    truth = wave(index @ move[:3, :3].T + move[:3, 3])[inner]
    error = {order: np.abs(resample(volume, grid, move, order).array[inner] - truth).max() for order in (1, 3)}
    assert error[3] < 0.25 * error[1]


def test_channels_come_one_by_one_and_equal_single_ones():
    stack = np.random.default_rng(2).random((3, 8, 9, 10)).astype(np.float16)
    source = Grid((8, 9, 10), np.eye(4))
    target = Grid((6, 6, 6), rigid((0.1, 0.2, 0), (1, 1, 1)))
    found = list(resample_channels(stack, source, target, fill=-1.0))
    assert len(found) == 3
    for one, channel in zip(found, stack, strict=True):
        alone = resample(Volume(channel.astype(np.float32), source.affine), target, fill=-1.0)
        np.testing.assert_array_equal(one, alone.array)


def test_wrong_shapes_are_named():
    with pytest.raises(GeometryError, match=r"\(2, 4, 4, 4\)"):
        resample(Volume(np.zeros((2, 4, 4, 4)), np.eye(4)), Grid((2, 2, 2), np.eye(4)))
    with pytest.raises(GeometryError, match=r"\(3, 3\)"):
        resample(Volume(np.zeros((4, 4, 4)), np.eye(4)), Grid((2, 2, 2), np.eye(4)), np.eye(3))
