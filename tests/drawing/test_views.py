import numpy as np
import pytest

from oncontour.drawing.views import AXIAL, CORONAL, SAGITTAL, choose_slices, picture

SHAPE = (5, 6, 7)


@pytest.mark.parametrize(
    ("view", "voxel", "row", "column"),
    [
        (AXIAL, (4, 5, 3), "top", "left"),  # right, anterior
        (AXIAL, (0, 0, 3), "bottom", "right"),  # left, posterior
        (CORONAL, (4, 3, 6), "top", "left"),  # right, superior
        (CORONAL, (0, 3, 0), "bottom", "right"),  # left, inferior
        (SAGITTAL, (2, 5, 6), "top", "left"),  # anterior, superior
        (SAGITTAL, (2, 0, 0), "bottom", "right"),  # posterior, inferior
    ],
)
def test_a_voxel_lands_in_the_radiological_corner(view, voxel, row, column):
    array = np.zeros(SHAPE)
    array[voxel] = 1
    pixels = picture(array, view, voxel[view.axis])
    assert pixels[0 if row == "top" else -1, 0 if column == "left" else -1] == 1
    assert pixels.sum() == 1


def test_letters_name_the_ends_of_their_axes():
    ends = ["LR", "PA", "IS"]
    for view in (AXIAL, CORONAL, SAGITTAL):
        assert view.right + view.left == ends[view.across]
        assert view.bottom + view.top == ends[view.up]
        assert {view.axis, view.across, view.up} == {0, 1, 2}


def test_slices_follow_the_tumour_else_the_brain_else_the_middle():
    regions, brain = np.zeros((3, 20, 20, 20), dtype=bool), np.zeros((20, 20, 20), dtype=bool)
    assert choose_slices(regions, brain) == (10, 10, 10)
    brain[2:9, 4:11, 6:13] = True
    assert choose_slices(regions, brain) == (5, 7, 9)
    regions[0, 3:9, 3:9, 3:9] = True
    regions[1:, 7, 6, 4] = True
    assert choose_slices(regions, brain) == (7, 6, 4)
