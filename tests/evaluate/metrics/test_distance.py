"""Distances against all pairs of surface voxels, against MONAI, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from oncontour.core.errors import GeometryError, ImageContentError, InputError
from oncontour.evaluate.metrics import assd, hd95, surface_dice
from oncontour.evaluate.metrics import nearest as nearest_module
from oncontour.evaluate.metrics.distance import CONVENTIONS
from oncontour.evaluate.metrics.surfaces import surface, surface_distances
from oncontour.evaluate.metrics.surfels import surfels

SPACING = (0.7, 1.3, 2.9)

shapes = st.tuples(*[st.integers(1, 7)] * 3)
pairs = shapes.flatmap(lambda shape: st.tuples(arrays(bool, shape), arrays(bool, shape)))
spacings = st.tuples(*[st.floats(0.3, 6)] * 3)


def ball(centre: tuple[float, ...], radius: float, shape: tuple[int, ...] = (40, 36, 32)) -> np.ndarray:
    places = np.indices(shape).T - np.array(centre)
    return (np.linalg.norm(places * SPACING, axis=-1) <= radius).T


def surface_slowly(mask: np.ndarray) -> np.ndarray:
    """Places of set voxels with a neighbour that is not set, or none, across a face."""
    padded = np.pad(mask, 1)
    steps = [np.array(step) for step in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    return np.array(
        [
            place
            for place in np.argwhere(mask)
            if not all(padded[tuple(place + 1 + sign * step)] for step in steps for sign in (-1, 1))
        ]
    )


@given(pair=pairs, spacing=spacings)
def test_distances_are_those_of_all_pairs(pair, spacing):
    pred, ref = pair
    found = surface_distances(pred, ref, spacing)
    if not (pred.any() and ref.any()):
        assert found.pred_to_ref.size == found.ref_to_pred.size == 0
        return
    apart = cdist(surface_slowly(pred) * spacing, surface_slowly(ref) * spacing)
    np.testing.assert_allclose(found.pred_to_ref, apart.min(1), atol=1e-9)
    np.testing.assert_allclose(found.ref_to_pred, apart.min(0), atol=1e-9)


@given(mask=shapes.flatmap(lambda shape: arrays(bool, shape)))
def test_surface_voxels_have_a_face_outside(mask):
    assert {tuple(place) for place in np.argwhere(surface(mask))} == {tuple(place) for place in surface_slowly(mask)}


@given(pair=pairs, spacing=spacings)
def test_all_measures_are_symmetric_and_zero_on_the_same_mask(pair, spacing):
    pred, ref = pair
    for convention in CONVENTIONS:
        there, back = hd95(pred, ref, spacing, convention), hd95(ref, pred, spacing, convention)
        assert there == pytest.approx(back, nan_ok=True)
        assert hd95(ref, ref, spacing, convention) == 0
    assert assd(pred, ref, spacing) == pytest.approx(assd(ref, pred, spacing), nan_ok=True)
    assert surface_dice(pred, ref, spacing, 1.0) == pytest.approx(surface_dice(ref, pred, spacing, 1.0))
    assert surface_dice(ref, ref, spacing, 0.0) == 1


def test_many_far_points_are_measured_as_few_are(monkeypatch):
    pred, ref = ball((14, 15, 12), 12), ball((26, 18, 18), 8)
    few = surface_distances(pred, ref, SPACING)
    assert max(few.pred_to_ref) > nearest_module.REACH * min(SPACING)
    monkeypatch.setattr(nearest_module, "FEW", 0)
    many = surface_distances(pred, ref, SPACING)
    np.testing.assert_allclose(many.pred_to_ref, few.pred_to_ref, rtol=1e-6)
    np.testing.assert_allclose(many.ref_to_pred, few.ref_to_pred, rtol=1e-6)


def test_a_distant_false_positive_counts_for_max_and_not_for_pooled():
    """The trap of `semantics.md`: 14 mm in one convention, 0 in the other."""
    ref = np.zeros((1, 1, 200), bool)
    ref[..., :60] = True
    pred = ref.copy()
    pred[..., 73:78] = True
    assert hd95(pred, ref, (1, 1, 1), "max") == pytest.approx(14.8)
    assert hd95(pred, ref, (1, 1, 1), "pooled") == 0


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_empty_masks(convention):
    empty, full = np.zeros((3, 3, 3), bool), np.ones((3, 3, 3), bool)
    assert hd95(empty, empty, SPACING, convention) == 0
    assert np.isnan(hd95(empty, full, SPACING, convention))
    assert np.isnan(hd95(full, empty, SPACING, convention))
    assert assd(empty, empty, SPACING) == 0
    assert np.isnan(assd(empty, full, SPACING))
    assert surface_dice(empty, empty, SPACING, 1) == 1
    assert surface_dice(empty, full, SPACING, 1) == 0


def test_patches_of_a_box_have_its_area_less_its_corners():
    mask = np.zeros((12, 13, 14), bool)
    mask[2:10, 2:11, 2:12] = True
    found = surfels(mask, mask, SPACING)
    sizes = np.array(mask[2:10, 2:11, 2:12].shape) * SPACING
    whole = 2 * (sizes[0] * sizes[1] + sizes[1] * sizes[2] + sizes[0] * sizes[2])
    assert 0.9 * whole < found.pred.areas.sum() < whole


def test_surface_dice_falls_where_the_tolerance_is_smaller_than_a_shift():
    ref = ball((20, 18, 16), 12)
    moved = np.roll(ref, 1, axis=2)  # 2.9 mm
    assert surface_dice(moved, ref, SPACING, 3.0) == 1
    assert 0.2 < surface_dice(moved, ref, SPACING, 1.0) < 0.9


@pytest.mark.parametrize("seed", range(4))
def test_monai_measures_the_same(seed):
    torch = pytest.importorskip("torch")
    metrics = pytest.importorskip("monai.metrics")
    rng = np.random.default_rng(seed)
    pred, ref = (ball(tuple(rng.uniform(12, 22, 3)), rng.uniform(4, 12)) for _ in range(2))
    pred[tuple(rng.integers(0, 30, 3))] = True
    tensors = [torch.as_tensor(mask)[None, None] for mask in (pred, ref)]
    options = {"include_background": True, "spacing": list(SPACING)}
    theirs = float(metrics.compute_hausdorff_distance(*tensors, percentile=95, **options))
    assert hd95(pred, ref, SPACING) == pytest.approx(theirs, abs=1e-4)  # MONAI's are float32
    average = float(metrics.compute_average_surface_distance(*tensors, symmetric=True, **options))
    assert assd(pred, ref, SPACING) == pytest.approx(average, abs=1e-4)


def test_what_cannot_be_measured_is_told():
    mask = np.ones((2, 2, 2), bool)
    with pytest.raises(GeometryError, match=r"\(2, 2, 2\).*\(2, 2, 3\)"):
        hd95(mask, np.ones((2, 2, 3), bool), SPACING)
    with pytest.raises(GeometryError, match="three axes"):
        hd95(mask[0], mask[0], SPACING)
    with pytest.raises(GeometryError, match="three positive numbers"):
        assd(mask, mask, (1.0, 0.0, 1.0))
    with pytest.raises(ImageContentError):
        hd95(mask * 3, mask, SPACING)
    with pytest.raises(InputError, match="'mean'"):
        hd95(mask, mask, SPACING, "mean")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="-1"):
        surface_dice(mask, mask, SPACING, -1)
