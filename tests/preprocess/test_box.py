"""The brain's box and the working grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.core.grid import Grid
from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.volume import Volume
from oncontour.preprocess.box import MARGIN_VOXELS, box_corners, box_faces, dilated, working_grid
from oncontour.preprocess.resample import resample
from oncontour.preprocess.rigid import rigid


def block(affine: np.ndarray) -> Volume:
    array = np.zeros((40, 44, 48), dtype=bool)
    array[10:31, 12:33, 8:41] = True
    return Volume(array, affine)


@pytest.mark.parametrize("codes", ALL_ORIENTATIONS)
def test_one_millimetre_data_are_cropped_voxel_for_voxel(codes):
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = (-20.3, 7.7, 0.25)
    mask = block(affine).reoriented(codes)
    image = Volume(np.random.default_rng(0).random(mask.array.shape), mask.affine)
    grid = working_grid(image.grid, mask)
    assert grid.axis_codes == "RAS"
    assert grid.shape == tuple(n + 2 * MARGIN_VOXELS for n in (21, 21, 33))
    assert set(image.array[mask.array]) == set(resample(image, grid).array[resample(mask, grid).array])


@settings(max_examples=30, deadline=None)
@given(st.tuples(*(st.floats(-0.7, 0.7),) * 3), st.floats(0.5, 6.0), st.floats(0.7, 1.5))
def test_oblique_masks_lie_inside_the_working_grid_with_their_margin(turn, thickness, spacing):
    mask = block(rigid(turn, (5, -60, 12)) @ np.diag([0.9, 0.9, thickness, 1.0]))
    grid = working_grid(mask.grid, mask, spacing)
    index = grid.to_index(mask.grid.to_world(np.argwhere(mask.array)))
    assert index.min() >= MARGIN_VOXELS - 0.51
    assert (np.array(grid.shape) - 1 - index).min() >= MARGIN_VOXELS - 0.51
    np.testing.assert_allclose(grid.affine[:3, :3], np.eye(3) * spacing)


def test_faces_are_between_the_corners():
    mask = block(rigid((0.3, 0.2, 0.1), (1, 2, 3)))
    corners, faces = box_corners(mask), box_faces(mask)
    assert corners.shape == (8, 3)
    assert faces.shape == (6, 3)
    np.testing.assert_allclose(faces.mean(axis=0), corners.mean(axis=0))
    assert np.linalg.norm(faces[0] - faces[1]) == pytest.approx(20.0)


def test_dilation_adds_its_margin_in_millimetres():
    wide = dilated(block(np.eye(4)), 6.0)
    extent = np.ptp(wide.grid.to_world(np.argwhere(wide.array)), axis=0)
    np.testing.assert_allclose(extent, np.array([20, 20, 32]) + 12, atol=2.1)
    assert dilated(block(np.eye(4)), 0.0).array.sum() * 8 == pytest.approx(21 * 21 * 33, rel=0.15)  # 2 mm voxels


def test_an_empty_mask_gives_the_whole_image():
    empty = Volume(np.zeros((10, 11, 12), dtype=bool), np.eye(4))
    np.testing.assert_allclose(np.ptp(box_corners(empty), axis=0), (9, 10, 11))
    assert working_grid(Grid((10, 11, 12), np.eye(4)), empty).shape == (30, 31, 32)
