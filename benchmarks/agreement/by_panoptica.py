"""Checks of metrics of whole masks and of components against panoptica, which is installed apart.

It asks for older numpy, pandas, rich and connected-components-3d than `requirements.lock` holds.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from panoptica import ConnectedComponentsInstanceApproximator, InputType, NaiveThresholdMatching, Panoptica_Evaluator
from panoptica.metrics import Metric
from panoptica.utils.constants import CCABackend
from scipy import ndimage

from agreement.check import Check, Figures, Reason
from agreement.masks import UNIT, MaskPair
from agreement.metrics import BOTH, NO_PREDICTION, NO_REFERENCE, ONE
from oncontour.evaluate import metrics as own

USUAL = Metric.DSC, Metric.IOU, Metric.RVD
"""What is asked for of every pair of masks; of HD95 it has no rule for an empty one, so that is asked for apart."""

HALVES = Reason("the mean of the two directions' means; ours is the mean over both surfaces' voxels, as MONAI's")
VOXELS = Reason(
    "in voxels: the evaluator does not hand the spacing to metrics of whole masks", lambda pair: pair.spacing != UNIT
)
ABOVE_HALF = float(np.nextafter(0.5, 1))
"""The threshold that means "above one half" to a program that matches at its threshold."""

DISJOINT = Reason("no voxel in common: ours {own}, theirs {theirs}", lambda pair: not (pair.pred & pair.ref).any())
NOTHING = Reason("no pair matches: ours {own}, theirs {theirs}", lambda pair: not own.panoptic(pair.pred, pair.ref).tp)


def _at_half(pair: MaskPair) -> bool:
    """Whether a pair of components has a Jaccard index of exactly one half."""
    pred, ref = (ndimage.label(mask, np.ones((3, 3, 3)))[0] for mask in (pair.pred, pair.ref))
    found, common = np.unique(np.stack([pred, ref])[:, pair.pred & pair.ref], axis=1, return_counts=True)
    sizes = np.bincount(pred.ravel())[found[0]] + np.bincount(ref.ravel())[found[1]]
    return bool((3 * common == sizes).any())


HALF = Reason(
    "matched at a Jaccard index of one half and above; ours above one half alone (Kirillov 2019), so that no component "
    "can have two partners",
    _at_half,
)


def checks() -> Iterator[Check]:
    """Everything that both compute."""
    empties = BOTH, NO_REFERENCE, NO_PREDICTION
    for name, result in (("dice", "global_bin_dsc"), ("jaccard", "global_bin_iou")):
        title = f"Panoptica_Evaluator, {result}"
        yield _check(name, name, title, _of_masks(getattr(own, name)), _result(result), empties)
    yield _check("RVD", "relative_volume_difference", "Panoptica_Evaluator, global_bin_rvd", _difference,
                 _result("global_bin_rvd"), (NO_PREDICTION, DISJOINT))  # fmt: skip
    pooled = 'hd95(convention="pooled")'
    yield _check("HD95, pooled", pooled, "Metric.HD95(voxelspacing=...)", _pooled, _metric(Metric.HD95), (BOTH, ONE))
    yield _check("HD95, pooled", pooled, "Panoptica_Evaluator, global_bin_hd95", _pooled,
                 _result("global_bin_hd95", metrics=(Metric.HD95,)), (BOTH, ONE, VOXELS))  # fmt: skip
    yield _check("HD95, pooled, in voxels", pooled, "Panoptica_Evaluator, global_bin_hd95", _pooled_voxels,
                 _result("global_bin_hd95", metrics=(Metric.HD95,)), (BOTH, ONE))  # fmt: skip
    yield _check("ASSD", "assd", "Metric.ASSD(voxelspacing=...)", _average, _metric(Metric.ASSD), (BOTH, ONE, HALVES))
    for title, threshold, reasons in (
        ("matched above one half", ABOVE_HALF, ()),
        ("matched at one half, its default", 0.5, (HALF,)),
    ):
        yield _check("panoptic and recognition quality; TP, FP, FN", "panoptic", f"Panoptica_Evaluator, {title}",
                     _components, _result("pq", "rq", "tp", "fp", "fn", threshold=threshold),
                     (*reasons, BOTH, ONE, NOTHING))  # fmt: skip


def _check(figure: str, ours: str, function: str, own: Any, theirs: Any, reasons: tuple[Reason, ...]) -> Check:
    return Check(figure, ours, "panoptica", function, own, theirs, reasons)


def _of_masks(function: Any) -> Any:
    return lambda pair: function(pair.pred, pair.ref)


def _difference(pair: MaskPair) -> float:
    return own.relative_volume_difference(float(pair.pred.sum()), float(pair.ref.sum()))


def _pooled(pair: MaskPair) -> float:
    return own.hd95(pair.pred, pair.ref, pair.spacing, "pooled")


def _pooled_voxels(pair: MaskPair) -> float:
    return own.hd95(pair.pred, pair.ref, UNIT, "pooled")


def _average(pair: MaskPair) -> float:
    return own.assd(pair.pred, pair.ref, pair.spacing)


def _components(pair: MaskPair) -> Figures:
    found = own.panoptic(pair.pred, pair.ref)
    return found.quality, found.recognition, found.tp, found.fp, found.fn


@cache
def _evaluator(metrics: tuple[Any, ...], threshold: float) -> Any:
    return Panoptica_Evaluator(
        expected_input=InputType.SEMANTIC,
        instance_approximator=ConnectedComponentsInstanceApproximator(cca_backend=CCABackend.cc3d),
        instance_matcher=NaiveThresholdMatching(matching_metric=Metric.IOU, matching_threshold=threshold),
        instance_metrics=[Metric.IOU],
        global_metrics=list(metrics),
    )


@cache
def _evaluated(pair: MaskPair, metrics: tuple[Any, ...], threshold: float) -> Any:
    masks = (one.astype(np.uint8) for one in (pair.pred, pair.ref))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _evaluator(metrics, threshold).evaluate(*masks, voxelspacing=pair.spacing, verbose=False)["ungrouped"]


def _result(*names: str, metrics: tuple[Any, ...] = USUAL, threshold: float = ABOVE_HALF) -> Any:
    return lambda pair: tuple(float(getattr(_evaluated(pair, metrics, threshold), name)) for name in names)


def _metric(metric: Any) -> Any:
    def theirs(pair: MaskPair) -> float:
        masks = (one.astype(np.uint8) for one in (pair.ref, pair.pred))
        with np.errstate(all="ignore"):
            return float(metric(*masks, voxelspacing=pair.spacing))

    return theirs
