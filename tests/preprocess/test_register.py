"""Rigid registration recovers motions that are known, on a synthetic head and on real scans."""

import numpy as np
import pytest

from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.preprocess.box import box_faces
from oncontour.preprocess.pyramid import pyramid
from oncontour.preprocess.register import refine, register
from oncontour.preprocess.resample import resample
from oncontour.preprocess.rigid import displacement_mm, rigid


def thick(volume: Volume, spacing_mm: float, axis: int = 2) -> Volume:
    """The same image as thick slices."""
    factor = np.ones(3)
    factor[axis] = spacing_mm / volume.grid.spacing[axis]
    i, j, k = (np.array(volume.grid.shape) / factor).astype(int).tolist()
    return resample(volume, Grid((i, j, k), volume.affine @ np.diag([*factor, 1.0])))


@pytest.mark.parametrize(
    ("turn", "shift", "spacing_mm", "axis"),
    [
        ((0.0, 0.0, 30.0), (12.0, -20.0, 15.0), 2.0, 2),
        ((17.0, -17.0, 17.0), (-25.0, 10.0, 30.0), 5.5, 2),
        ((-25.0, 5.0, 0.0), (5.0, 5.0, -40.0), 5.0, 0),
    ],
)
def test_known_motions_are_recovered(head, turn, shift, spacing_mm, axis):
    volumes, brain = head
    truth = rigid(np.radians(turn), shift, (5.0, -8.0, 12.0))
    moving = thick(volumes[Sequence.FLAIR], spacing_mm, axis)
    moved = Volume(moving.array, truth @ moving.affine)
    found = register(pyramid(volumes[Sequence.T1CE]), pyramid(moved), brain)
    assert found.starts == 81
    assert displacement_mm(found.transform, truth, box_faces(brain)) < 0.5


def test_the_same_seed_gives_the_same_transform(head):
    volumes, _ = head
    fixed = pyramid(volumes[Sequence.T1])
    moving = pyramid(Volume(volumes[Sequence.T2].array, rigid((0.1, 0, 0.2), (4, 5, 6)) @ volumes[Sequence.T2].affine))
    first, second = (register(fixed, moving, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.transform, second.transform)
    assert first.similarity == second.similarity


def test_with_skull_finds_without_skull(head):
    volumes, brain = head
    bare = volumes[Sequence.T2].with_array(np.where(brain.array, volumes[Sequence.T2].array, 0))
    truth = rigid(np.radians((10, -20, 8)), (9, 9, -9))
    found = register(pyramid(volumes[Sequence.T1CE]), pyramid(Volume(bare.array, truth @ bare.affine)), brain)
    assert displacement_mm(found.transform, truth, box_faces(brain)) < 0.5


def test_a_local_search_measures_how_far_images_lie_apart(head):
    volumes, brain = head
    fixed = pyramid(volumes[Sequence.T1CE])
    truth = rigid(np.radians((1.0, 0.5, -1.0)), (2.0, -1.0, 1.0))
    flair = volumes[Sequence.FLAIR]
    near = refine(fixed, pyramid(flair), np.eye(4), brain)
    away = refine(fixed, pyramid(Volume(flair.array, truth @ flair.affine)), np.eye(4), brain)
    assert near.moved_mm < 0.3
    assert away.moved_mm == pytest.approx(displacement_mm(truth, np.eye(4), box_faces(brain)), abs=0.3)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "degrees"), [("*_fla.*", 30.0), ("*_t2.*", 20.0)])
def test_thick_slices_of_a_real_study_come_to_the_same_place_from_anywhere(shared, load, pattern, degrees):
    folder = shared("lgg-fg6692-native")
    fixed = pyramid(load(next(folder.glob("*_t1c.*"))))
    mask = load(next(folder.glob("brainmask*")))
    brain = Volume(mask.array > 0, mask.affine)
    moving = load(next(folder.glob(pattern)))
    as_scanned = register(fixed, pyramid(moving), brain)
    centre = moving.grid.to_world(np.array(moving.grid.shape) / 2.0)
    truth = rigid(np.radians(degrees) * np.array((0.6, 0.64, -0.48)), (18.0, -11.0, 24.0), centre)
    turned = register(fixed, pyramid(Volume(moving.array, truth @ moving.affine)), brain, seed=9)
    back = np.linalg.inv(truth) @ turned.transform
    assert displacement_mm(back, as_scanned.transform, box_faces(brain)) < 0.6


@pytest.mark.shared
@pytest.mark.slow
def test_a_real_template_is_found_after_a_known_motion_as_thick_slices(shared, load):
    template = load(shared("templates", "brats_mni152_t1_1mm_unstripped.nii.gz"))
    truth = rigid(np.radians((-12.0, 20.0, 18.0)), (-14.0, 22.0, 9.0))
    moving = thick(template, 5.5)
    inverted = moving.with_array(255.0 - 0.8 * moving.array)
    found = register(pyramid(template), pyramid(Volume(inverted.array, truth @ inverted.affine)))
    inside = Volume(template.array > 60, template.affine)
    assert displacement_mm(found.transform, truth, box_faces(inside)) < 0.5


def test_a_region_outside_the_image_counts_as_all_of_it(head):
    volumes, brain = head
    away = Volume(brain.array, rigid((0, 0, 0), (900.0, 0.0, 0.0)) @ brain.affine)
    fixed, moving = pyramid(volumes[Sequence.T1CE]), pyramid(volumes[Sequence.FLAIR])
    found = refine(fixed, moving, np.eye(4), away)
    assert displacement_mm(found.transform, np.eye(4), box_faces(brain)) < 0.5
