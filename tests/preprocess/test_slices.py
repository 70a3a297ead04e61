"""Thick slices: what is thick, and that the other image is blurred along their normal, and only along it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.core.grid import Grid
from oncontour.core.volume import Volume
from oncontour.preprocess.pyramid import Level, pyramid
from oncontour.preprocess.register import register
from oncontour.preprocess.resample import SIGMA_PER_VOXEL
from oncontour.preprocess.rigid import displacement_mm, rigid
from oncontour.preprocess.slices import blurred_across, thick_axis

SIZE = 61
"""Voxels an axis of the blob's image."""


def level(array, affine) -> Level:
    """As `pyramid` makes it, with the values as they are."""
    import torch

    grid = Grid(array.shape, affine)
    image = torch.from_numpy(np.ascontiguousarray(array.T, np.float32))[None, None]
    return Level(image, grid.inverse, grid)


def spread(array, affine):
    """(3,) centre in mm and (3, 3) covariance in mm^2 of what an image shows."""
    index = np.argwhere(array > 1e-3 * array.max())
    weights = array[tuple(index.T)].astype(np.float64)
    weights /= weights.sum()
    world = Grid(array.shape, affine).to_world(index)
    centre = weights @ world
    return centre, ((world - centre) * weights[:, None]).T @ (world - centre)


@settings(max_examples=25, deadline=None)
@given(
    turn=st.tuples(*[st.floats(-1.5, 1.5)] * 3),
    axis=st.integers(0, 2),
    thickness=st.floats(4.0, 8.0),
    shear=st.floats(-0.2, 0.2),
    step=st.tuples(*[st.floats(1.2, 1.8)] * 3),
)
def test_a_blob_is_spread_along_the_normal_and_stays_where_it_is(turn, axis, thickness, shear, step):
    one = np.exp(-0.5 * ((np.arange(SIZE) - SIZE // 2) / 1.5) ** 2)
    sharp = (one[:, None, None] * one[:, None] * one).astype(np.float32)
    affine = rigid((0.2, -0.3, 0.1), (5.0, 6.0, 7.0)) @ np.diag([*step, 1.0])
    columns = np.eye(4)
    columns[axis, axis] = thickness
    columns[(axis + 1) % 3, axis] = shear
    image = level(np.zeros((9, 9, 9)), columns)
    transform = rigid(turn, (1.0, 2.0, 3.0))
    blurred = blurred_across(level(sharp, affine), image, axis, transform)
    assert blurred.grid.shape == sharp.shape
    (before, own), (after, covariance) = (spread(x, affine) for x in (sharp, blurred.image[0, 0].numpy().T))
    np.testing.assert_allclose(after, before, atol=0.02)
    # The slices' normal, and thickness along it, do not change with a shear of the slices.
    normal = transform[:3, :3] @ np.eye(3)[axis]
    across = np.linalg.norm(normal @ affine[:3, :3])
    variance = SIGMA_PER_VOXEL**2 * (thickness**2 - across**2)
    np.testing.assert_allclose(covariance - own, variance * np.outer(normal, normal), atol=0.08 * variance)


@pytest.mark.parametrize(("thickness", "axis"), [(5.0, 2), (3.0, 2), (2.9, None), (1.0, None)])
def test_slices_are_thick_beside_the_other_image(thickness, axis):
    thin = level(np.zeros((4, 4, 4)), np.diag([1.5, 1.5, 1.5, 1.0]))
    image = level(np.zeros((4, 4, 4)), np.diag([1.0, 1.0, thickness, 1.0]))
    assert thick_axis(image, thin, rigid((0.4, 0.1, 0.9), (0, 0, 0))) == axis


def test_two_images_in_the_same_thick_slices_are_not_thick_beside_each_other():
    image = level(np.zeros((4, 4, 4)), np.diag([1.0, 1.0, 5.0, 1.0]))
    assert thick_axis(image, image, np.eye(4)) is None
    assert thick_axis(image, image, rigid((np.pi / 2, 0, 0), (0, 0, 0))) == 2


def test_an_image_beside_the_edge_is_not_darkened():
    bright = level(np.ones((20, 20, 20)), np.diag([1.0, 1.0, 1.0, 1.0]))
    image = level(np.ones((20, 20, 4)), np.diag([1.0, 1.0, 5.0, 1.0]))
    blurred = blurred_across(bright, image, 2, rigid((0.3, 0.2, 0), (0, 0, 0)))
    np.testing.assert_allclose(blurred.image.numpy(), 1.0, atol=1e-4)


@pytest.mark.parametrize("swapped", [False, True])
def test_slices_of_either_image_are_found_where_they_are(swapped):
    # Bodies of several sizes and shades; each slice averages what it covers, as a scanner does.
    world = np.stack(np.meshgrid(*[np.arange(-60, 60) + 0.5] * 3, indexing="ij"), axis=-1)
    array = np.zeros(world.shape[:3], np.float32)
    bodies = [((0, 0, 0), (50, 55, 45), 80), ((15, 10, 5), (12, 20, 15), 150), ((-20, -15, 20), (10, 8, 12), 30)]
    for centre, radii, shade in bodies:
        array[(((world - centre) / radii) ** 2).sum(axis=-1) < 1.0] = shade
    affine = np.eye(4)
    affine[:3, 3] = -59.5
    slices = (200.0 - array).reshape(120, 120, 24, 5).mean(axis=3)
    thick = affine @ np.diag([1.0, 1.0, 5.0, 1.0])
    thick[2, 3] += 2.0
    truth = rigid((0.1, -0.15, 0.2), (7.0, -5.0, 6.0))
    moved = Volume(slices, truth @ thick)
    whole = Volume(array, affine)
    if swapped:
        back = register(pyramid(moved), pyramid(whole)).transform
        found = np.linalg.inv(back)
    else:
        found = register(pyramid(whole), pyramid(moved)).transform
    assert displacement_mm(found, truth, np.array([[50, 0, 0], [0, 55, 0], [0, 0, 45], [0, 0, -45]])) < 0.15
