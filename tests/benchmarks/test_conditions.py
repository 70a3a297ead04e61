"""The conditions of benchmarks/robustness.py do what their names say, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.sequence import SUFFICIENT, Sequence
from oncontour.core.volume import Volume


@pytest.fixture
def changes():
    from conditions import changes

    return changes


@pytest.fixture
def table():
    from conditions import table

    return table


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture(params=[0.0, -3.0], ids=["as scanned", "z-scored"])
def image(request):
    """A stripped bright ball, 1 mm, LPS."""
    where = np.linalg.norm(np.indices((40, 40, 41)) - 20.0, axis=0)
    array = np.where(where < 15, 4.0 + np.sin(where), 0.0).astype(np.float32) + np.float32(request.param)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    affine[:3, 3] = 20, 20, -10
    return Volume(array, affine)


def test_a_field_leaves_the_background_and_changes_the_rest_smoothly(changes, image, random):
    low = changes.floor(image.array)
    seen = changes.biased({Sequence.T2: image}, random, 0.3)[Sequence.T2].array
    inside = image.array > low
    assert (seen[~inside] == low).all()
    field = np.log((seen - low)[inside] / (image.array - low)[inside])
    assert 0.1 < field.std() < 0.6
    whole = np.zeros(image.array.shape)
    whole[inside] = field
    neighbours = inside[1:] & inside[:-1]
    assert np.abs(np.diff(whole, axis=0)[neighbours]).max() < 0.15


def test_noise_has_the_deviation_that_was_asked_for(changes, image, random):
    low = changes.floor(image.array)
    seen = changes.noisy({Sequence.T2: image}, random, 0.05)[Sequence.T2].array
    inside = image.array > low
    assert (seen[~inside] == low).all()
    assert np.std((seen - image.array)[inside]) == pytest.approx(0.05 * 5, rel=0.1)


def test_one_image_moves_in_its_voxels_alone(changes, image, random):
    images = {Sequence.T1CE: image, Sequence.FLAIR: image, Sequence.T2: image}
    seen = changes.misregistered(images, random, 0.0, 5.0)
    assert seen[Sequence.T1CE] is seen[Sequence.T2] is image
    moved = seen[Sequence.FLAIR]
    assert np.array_equal(moved.affine, image.affine)
    low = changes.floor(image.array)
    before, after = (np.argwhere(one.array > low + 2).mean(0) for one in (image, moved))
    assert np.linalg.norm(after - before) == pytest.approx(5.0, abs=0.2)


def test_thick_slices_are_means_where_their_slices_were(changes, image):
    seen = changes.thick(image, 5.0)
    upright = image.reoriented()
    assert seen.array.shape == (40, 40, 8)
    assert seen.grid.spacing == (1.0, 1.0, 5.0)
    assert np.allclose(seen.array[:, :, 3], upright.array[:, :, 15:20].mean(-1), atol=1e-5)
    assert np.allclose(seen.grid.to_world((3, 4, 3)), upright.grid.to_world((3, 4, 17)))


def test_truth_grows_thick_with_the_image(changes, image):
    low = changes.floor(image.array)
    truth = Volume(np.stack([image.array > low, np.zeros(image.array.shape, bool)]), image.affine)
    seen = changes.thick(truth, 5.0)
    assert seen.array.dtype == bool
    assert seen.grid.same_as(changes.thick(image, 5.0).grid)
    ml = truth.array[0].sum() * truth.grid.voxel_volume_mm3
    assert seen.array[0].sum() * seen.grid.voxel_volume_mm3 == pytest.approx(ml, rel=0.05)
    assert not seen.array[1].any()


def test_the_mirror_exchanges_left_and_right(changes, image):
    seen = changes.mirrored(image)
    assert np.allclose(seen.grid.to_world((5, 6, 7)), image.grid.to_world((5, 6, 7)) * [-1, 1, 1])
    assert changes.mirrored(seen).grid.same_as(image.grid)


def test_another_order_of_axes_moves_nothing(changes, image):
    seen = changes.stored(image, "PIR")
    assert seen.grid.axis_codes == "PIR"
    assert np.array_equal(seen.reoriented("LPS").array, image.array)


def test_every_subset_that_is_a_study_is_a_condition(table):
    kept = [set(condition.kept) for condition in table.SUBSETS]
    assert len(kept) == 13  # of 15, all but T1 alone and all four
    assert all(subset & set(SUFFICIENT) for subset in kept)
    assert len({frozenset(subset) for subset in kept}) == len(kept)


def test_a_condition_is_only_of_studies_that_can_be_in_it(table):
    by_name = {condition.name: condition for condition in table.CONDITIONS}
    two = [Sequence.T1, Sequence.FLAIR]
    assert by_name["only-flair"].applies(two)
    assert not by_name["only-t2"].applies(two)
    assert not by_name["only-t1+flair"].applies(two)
    assert not by_name["moved"].applies([Sequence.T2])
    assert by_name["thick"].applies([Sequence.T2])
    assert len(by_name) == len(table.CONDITIONS)
