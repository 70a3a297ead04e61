"""Other programs' metrics and ours, on the same masks (all of it: benchmarks/metric_agreement.py)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from oncontour.evaluate import metrics

SPACING = (0.75, 1.25, 3.0)


def blobs(seed: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Prediction and reference; of some kinds one voxel, touching every border, or with a distant false positive."""
    rng = np.random.default_rng(seed)
    fields = [ndimage.gaussian_filter(rng.standard_normal((20, 18, 16)), 1.5) for _ in range(2)]
    pred, ref = (field > np.quantile(field, 0.9) for field in fields)
    if kind == "one voxel":
        pred = np.zeros_like(ref)
        pred[3, 4, 5] = True
    elif kind == "borders":
        ref[0], ref[:, -1], pred[..., 0] = True, True, True
    elif kind == "far":
        pred = ref.copy()
        pred[-1, -1, -1] = True
    return pred, ref


KINDS = ("random", "one voxel", "borders", "far")
kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.peers
@kinds
def test_medpy_measures_the_same(kind):
    from medpy.metric import binary

    pred, ref = blobs(0, kind)
    theirs = {"dice": "dc", "jaccard": "jc", "sensitivity": "sensitivity", "specificity": "specificity",
              "precision": "precision", "relative_volume_difference": "ravd"}  # fmt: skip
    for name, other in theirs.items():
        masks = (float(pred.sum()), float(ref.sum())) if name.startswith("relative") else (pred, ref)
        assert getattr(metrics, name)(*masks) == pytest.approx(getattr(binary, other)(pred, ref), abs=1e-12)
    assert metrics.hd95(pred, ref, SPACING, "pooled") == pytest.approx(binary.hd95(pred, ref, SPACING), abs=1e-9)
    assert metrics.assd(pred, ref, SPACING) == pytest.approx(binary.assd(pred, ref, SPACING), abs=1e-9)


@pytest.fixture
def surface_distance(monkeypatch):
    """DeepMind's, which calls names that numpy 2 and scipy have removed."""
    program = pytest.importorskip("surface_distance")
    monkeypatch.setattr(np, "Inf", np.inf, raising=False)
    monkeypatch.setattr(ndimage, "filters", ndimage, raising=False)
    monkeypatch.setattr(ndimage, "morphology", ndimage, raising=False)
    return program


@kinds
def test_surface_distance_measures_the_same(kind, surface_distance):
    pred, ref = blobs(1, kind)
    theirs = surface_distance.compute_surface_distances(ref, pred, SPACING)
    hd95 = surface_distance.compute_robust_hausdorff(theirs, 95)
    assert metrics.hd95(pred, ref, SPACING, "brats2023") == pytest.approx(hd95, abs=1e-9)
    share = surface_distance.compute_surface_dice_at_tolerance(theirs, 1.5)
    assert metrics.surface_dice(pred, ref, SPACING, 1.5) == pytest.approx(share, abs=1e-12)


@kinds
def test_monai_measures_surface_dice_the_same(kind):
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("monai.metrics")
    pred, ref = blobs(2, kind)
    tensors = [torch.as_tensor(mask)[None, None] for mask in (pred, ref)]
    options = {"class_thresholds": [1.0], "include_background": True, "use_subvoxels": True}
    share = float(theirs.compute_surface_dice(*tensors, spacing=list(SPACING), **options))
    assert metrics.surface_dice(pred, ref, SPACING, 1.0) == pytest.approx(share, abs=1e-6)
    assert metrics.dice(pred, ref) == pytest.approx(float(theirs.compute_dice(tensors[0].float(), tensors[1].float())))


@kinds
def test_panoptica_finds_the_same_components(kind):
    """It matches at its threshold, ours above one half."""
    panoptica = pytest.importorskip("panoptica")
    pred, ref = blobs(3, kind)
    evaluator = panoptica.Panoptica_Evaluator(
        expected_input=panoptica.InputType.SEMANTIC,
        instance_approximator=panoptica.ConnectedComponentsInstanceApproximator(),
        instance_matcher=panoptica.NaiveThresholdMatching(matching_threshold=float(np.nextafter(0.5, 1))),
    )
    theirs = evaluator.evaluate(pred.astype(np.uint8), ref.astype(np.uint8))["ungrouped"]
    ours = metrics.panoptic(pred, ref)
    assert (ours.tp, ours.fp, ours.fn) == (theirs.tp, theirs.fp, theirs.fn)
    if ours.tp:
        assert (ours.quality, ours.recognition) == pytest.approx((theirs.pq, theirs.rq))
