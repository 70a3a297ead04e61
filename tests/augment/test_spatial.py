import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from oncontour.augment.interface import Sample
from oncontour.augment.spatial import Spatial

SIZE = (32, 29, 36)
MIDDLE = (np.array(SIZE) - 1) / 2
ALWAYS = Spatial(rotation_probability=1.0, scaling_probability=1.0, shift=(0.05, 0.05, 0.05), shift_probability=1.0)


def ball(centre, size=SIZE, radius=3.0):
    axes = np.ogrid[tuple(slice(0, n) for n in size)]
    return np.sqrt(sum((axis - at) ** 2 for axis, at in zip(axes, centre, strict=True))) < radius


def mapped_image(params, image):
    """The same map by scipy, linear, zeros beyond."""
    matrix = np.array(params["matrix"])
    middle = (np.array(image.shape[1:]) - 1) / 2
    offset = middle + params["shift"] - matrix @ ((np.array(params["size"]) - 1) / 2)
    return np.stack(
        [
            ndimage.affine_transform(channel, matrix, offset, tuple(params["size"]), order=1, mode="grid-constant")
            for channel in image.numpy()
        ]
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), at=st.tuples(*(st.integers(-5, 5) for _ in range(3))))
def test_marked_voxels_land_where_the_drawn_affine_says(seed, at):
    params = ALWAYS.draw(np.random.default_rng(seed), (1, *SIZE))
    marked = torch.from_numpy(ball(MIDDLE + at)[None]).float()
    blurred = torch.from_numpy(ndimage.gaussian_filter(ball(MIDDLE + at).astype(np.float32), 1.0))[None]
    image, regions = ALWAYS.apply(params, Sample(blurred, marked))
    back = np.linalg.inv(params["matrix"])
    expected = MIDDLE + back @ (np.array(at) - params["shift"])
    reach = 5.0 * np.linalg.norm(back, 2)
    assume((expected > reach).all() and (expected < np.array(SIZE) - 1 - reach).all())  # what is cut moves its centre
    assert ndimage.center_of_mass(image[0].numpy()) == pytest.approx(expected, abs=0.25)
    assert ndimage.center_of_mass(regions[0].numpy()) == pytest.approx(expected, abs=0.4)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_images_are_interpolated_as_scipy_does(seed):
    params = ALWAYS.draw(np.random.default_rng(seed), (2, *SIZE))
    image = torch.from_numpy(np.random.default_rng(seed).normal(5, 1, (2, *SIZE)).astype(np.float32))
    got = ALWAYS.apply(params, Sample(image, torch.zeros(1, *SIZE))).image.numpy()
    inside = got != 0  # what lies beyond at the nearest voxel is zeroed here, and blended there
    assert inside.mean() > 0.3
    assert np.allclose(got[inside], mapped_image(params, image)[inside], atol=2e-3)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_wider_image_fills_the_corners_and_changes_nothing_else(seed):
    rng = np.random.default_rng(seed)
    patch = (12, 14, 10)
    params = ALWAYS.draw(rng, (1, *patch))
    needed = ALWAYS.reach(params, patch)
    assert all((need - size) % 2 == 0 for need, size in zip(needed, patch, strict=True))
    larger = tuple(max(n, size) + 6 for n, size in zip(needed, patch, strict=True))
    image = torch.from_numpy(rng.normal(5, 1, (1, *larger)).astype(np.float32))
    part = tuple(slice((n - m) // 2, (n - m) // 2 + m) for n, m in zip(larger, needed, strict=True))
    whole = ALWAYS.apply(params, Sample(image, (image > 5).float()))
    cut = ALWAYS.apply(params, Sample(image[:, *part], (image > 5).float()[:, *part]))
    assert (cut.image != 0).all()  # no zeros from beyond
    assert torch.allclose(cut.image, whole.image, atol=2e-3)
    assert (cut.regions == whole.regions).float().mean() > 0.999  # a share of just one half may round either way


def test_without_a_draw_the_middle_comes_out_bit_for_bit():
    never = Spatial(rotation_probability=0.0, scaling_probability=0.0)
    params = never.draw(np.random.default_rng(0), (1, 8, 8, 8))
    assert params["matrix"] is None
    assert never.reach(params, (8, 8, 8)) == (8, 8, 8)
    image = torch.randn(1, 12, 8, 10)
    assert torch.equal(never.apply(params, Sample(image, image)).image, image[:, 2:10, :, 1:9])


def test_rotation_in_a_plane_keeps_the_third_axis():
    params = Spatial((0.0, 0.0, 15.0), 1.0, (0.9, 1.1), 1.0).draw(np.random.default_rng(0), (1, 8, 8, 8))
    matrix = np.array(params["matrix"])
    assert matrix[2, :2].tolist() == matrix[:2, 2].tolist() == [0, 0]
    assert 0.9 <= matrix[2, 2] <= 1.1


def test_long_voxels_are_turned_in_millimetres():
    spacing = np.array([1.0, 1.0, 4.0])
    params = Spatial(rotation_probability=1.0, scaling_probability=0.0, spacing=tuple(spacing)).draw(
        np.random.default_rng(0), (1, 8, 8, 8)
    )
    in_mm = np.diag(spacing) @ np.array(params["matrix"]) @ np.diag(1 / spacing)
    assert in_mm @ in_mm.T == pytest.approx(np.eye(3), abs=1e-12)


def test_edges_come_out_truer_than_by_the_nearest_voxel():
    rng = np.random.default_rng(0)
    turn = Spatial(rotation_probability=1.0, scaling_probability=0.0)
    scores = {"ours": [], "nearest": []}
    for _ in range(10):
        centre = MIDDLE + rng.uniform(-2, 2, 3)
        region = torch.from_numpy(ball(centre)[None]).float()
        params = turn.draw(rng, (1, *SIZE))
        matrix = np.array(params["matrix"])
        truth = ball(MIDDLE + matrix.T @ (centre - MIDDLE))
        nearest = ndimage.affine_transform(region[0].numpy(), matrix, MIDDLE - matrix @ MIDDLE, order=0) > 0
        ours = turn.apply(params, Sample(torch.ones(1, *SIZE), region)).regions[0].numpy() > 0
        for name, got in (("ours", ours), ("nearest", nearest)):
            scores[name].append(2 * (got & truth).sum() / (got.sum() + truth.sum()))
    assert np.mean(scores["ours"]) > np.mean(scores["nearest"]) + 0.02


def test_labels_that_exclude_each_other_leave_no_hole():
    labels = torch.zeros(3, *SIZE)
    axes = np.ogrid[tuple(slice(0, n) for n in SIZE)]
    sector = np.broadcast_to((np.arctan2(axes[0] - MIDDLE[0], axes[1] - MIDDLE[1]) * 3 / (2 * np.pi) + 1.5) % 3, SIZE)
    for label in range(3):
        labels[label] = torch.from_numpy(sector.astype(int) == label)
    params = Spatial(rotation_probability=1.0, scaling_probability=0.0).draw(np.random.default_rng(2), (1, *SIZE))
    turned = Spatial().apply(params, Sample(torch.ones(1, *SIZE), labels)).regions
    assert (turned.sum(0) <= 1).all()
    assert (turned.sum(0)[8:-8, 8:-8, 8:-8] == 1).all()


def test_nested_regions_stay_nested(sample):
    for seed in range(10):
        params = ALWAYS.draw(np.random.default_rng(seed), tuple(sample.image.shape))
        outer, middle, inner = ALWAYS.apply(params, sample).regions
        assert (outer >= middle).all()
        assert (middle >= inner).all()


@pytest.mark.peers
def test_affine_equals_batchgenerators():
    from batchgeneratorsv2.transforms.spatial.spatial import SpatialTransform

    peer = SpatialTransform(SIZE, 0, False, p_rotation=1, rotation=(-0.5, 0.5), p_scaling=1, scaling=(0.7, 1.4))
    image = torch.from_numpy(np.random.default_rng(0).normal(5, 1, (2, *SIZE)).astype(np.float32))
    np.random.seed(0)  # noqa: NPY002
    for _ in range(5):
        params = peer.get_parameters(image=image)
        own = {"matrix": params["affine"].tolist(), "shift": [0.0] * 3, "size": list(SIZE)}
        got = ALWAYS.apply(own, Sample(image, torch.zeros(1, *SIZE))).image
        inside = got != 0
        assert inside.float().mean() > 0.3
        assert torch.allclose(got[inside], peer._apply_to_image(image, **params)[inside], atol=2e-3)
