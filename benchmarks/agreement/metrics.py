"""Checks of metrics: MONAI, medpy, surface-distance, panoptica, SimpleITK, nibabel, and all pairs by scipy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import nibabel
import numpy as np
import SimpleITK
import surface_distance
import torch
from medpy.metric import binary as medpy
from monai import metrics as monai
from nibabel.imagestats import mask_volume
from panoptica import ConnectedComponentsInstanceApproximator, InputType, NaiveThresholdMatching, Panoptica_Evaluator
from panoptica.metrics import Metric
from panoptica.utils.constants import CCABackend
from scipy.ndimage import binary_erosion
from scipy.spatial.distance import cdist

from agreement.check import Check, Figures, Reason
from agreement.masks import UNIT, MaskPair
from oncontour.evaluate import metrics as own
from oncontour.measure import volume_ml

TOLERANCE_MM = 1.0
"""Of surface Dice."""

SINGLE = 2e-5
WHY_SINGLE = "MONAI computes in float32: 40 mm are known to 4e-6 mm, and a percentile between two adds its own rounding"

USUAL = Metric.DSC, Metric.IOU, Metric.ASSD, Metric.RVD
"""What panoptica measures of whole masks; it has no rule for HD95 of an empty one, so that is asked for apart."""

BOTH = Reason("both masks empty: ours {own}, theirs {theirs}", lambda pair: pair.both_empty)
ONE = Reason("one mask empty: ours {own} (a summary counts a penalty), theirs {theirs}", lambda pair: pair.one_empty)
NO_REFERENCE = Reason("reference empty: ours {own}, theirs {theirs}", lambda pair: not pair.ref.any())
NO_PREDICTION = Reason("prediction empty: ours {own}, theirs {theirs}", lambda pair: not pair.pred.any())
FULL = Reason("nothing lies outside the reference: ours {own}, theirs {theirs}", lambda pair: bool(pair.ref.all()))


def checks() -> Iterator[Check]:
    """Every metric beside every peer that has it."""
    yield from _overlap()
    yield from _distances()
    yield from _surface_dice()
    yield from _volumes()
    yield from _lesions()


def _overlap() -> Iterator[Check]:
    empties = (BOTH, NO_REFERENCE, NO_PREDICTION)
    for name in ("dice", "jaccard", "sensitivity", "specificity", "precision"):
        function = getattr(own, name)
        ours = _of_masks(function)
        medical = {"dice": "dc", "jaccard": "jc"}.get(name, name)
        reasons = (FULL,) if name == "specificity" else empties
        yield Check(name, name, "MedPy", f"metric.binary.{medical}", ours, _of_masks(getattr(medpy, medical)), reasons)
        if name in ("dice", "jaccard"):
            peer = {"dice": "compute_dice", "jaccard": "compute_iou"}[name]
            theirs = _monai(getattr(monai, peer), include_background=True, ignore_empty=False)
            yield Check(name, name, "monai", f"metrics.{peer}(ignore_empty=False)", ours, theirs, empties)
            filter_name = {"dice": "GetDiceCoefficient", "jaccard": "GetJaccardCoefficient"}[name]
            title = f"LabelOverlapMeasuresImageFilter.{filter_name}"
            yield Check(name, name, "SimpleITK", title, ours, _overlap_filter(filter_name), empties)
            result = {"dice": "global_bin_dsc", "jaccard": "global_bin_iou"}[name]
            yield Check(name, name, "panoptica", f"Panoptica_Evaluator, {result}", ours, _panoptica(result), empties)
        else:
            title = f"metrics.compute_confusion_matrix_metric({name!r})"
            yield Check(name, name, "monai", title, ours, _confusion(name), reasons)
    yield Check(
        "dice", "dice", "surface-distance", "compute_dice_coefficient", _of_masks(own.dice),
        lambda pair: surface_distance.compute_dice_coefficient(pair.ref, pair.pred), empties,
    )  # fmt: skip


def _distances() -> Iterator[Check]:
    empties = (BOTH, ONE)
    pooled_there = Reason('pooled percentile of both directions, which ours calls "pooled"')
    voxels = Reason("in voxels: the evaluator does not hand the spacing to metrics of whole masks",
                    lambda pair: pair.spacing != UNIT)  # fmt: skip
    halves = Reason("the mean of the two directions' means; ours is the mean over both surfaces' voxels, as MONAI's")

    def ours(convention: Any = "max") -> Any:
        return lambda pair: own.hd95(pair.pred, pair.ref, pair.spacing, convention)

    def average(pair: MaskPair) -> float:
        return own.assd(pair.pred, pair.ref, pair.spacing)

    theirs = _monai_spaced(monai.compute_hausdorff_distance, percentile=95)
    yield Check("HD95, max", "hd95", "monai", "metrics.compute_hausdorff_distance(percentile=95)", ours(), theirs,
                empties, SINGLE, WHY_SINGLE)  # fmt: skip
    yield Check("HD95, max", "hd95", "scipy", "cdist, all pairs of surface voxels", ours(), _all_pairs("max"), empties)
    yield Check("HD95, pooled", 'hd95(convention="pooled")', "MedPy", "metric.binary.hd95", ours("pooled"),
                lambda pair: medpy.hd95(pair.pred, pair.ref, pair.spacing), empties)  # fmt: skip
    yield Check("HD95, pooled", 'hd95(convention="pooled")', "panoptica", "Metric.HD95(voxelspacing=...)",
                ours("pooled"), _panoptica_metric(Metric.HD95), empties)  # fmt: skip
    yield Check("HD95, pooled", 'hd95(convention="pooled")', "panoptica", "Panoptica_Evaluator, global_bin_hd95",
                ours("pooled"), _panoptica("global_bin_hd95", metrics=(Metric.HD95,)), (*empties, voxels))  # fmt: skip
    yield Check("HD95, max", "hd95", "MedPy", "metric.binary.hd95", ours(),
                lambda pair: medpy.hd95(pair.pred, pair.ref, pair.spacing), (*empties, pooled_there))  # fmt: skip
    yield Check("HD95, brats2023", 'hd95(convention="brats2023")', "surface-distance", "compute_robust_hausdorff(95)",
                ours("brats2023"), lambda pair: surface_distance.compute_robust_hausdorff(_surfaces(pair), 95),
                empties)  # fmt: skip
    theirs = _monai_spaced(monai.compute_average_surface_distance, symmetric=True)
    yield Check("ASSD", "assd", "monai", "metrics.compute_average_surface_distance(symmetric=True)", average, theirs,
                empties, SINGLE, WHY_SINGLE)  # fmt: skip
    yield Check("ASSD", "assd", "scipy", "cdist, all pairs of surface voxels", average, _all_pairs("mean"), empties)
    yield Check("ASSD", "assd", "MedPy", "metric.binary.assd", average,
                lambda pair: medpy.assd(pair.pred, pair.ref, pair.spacing), empties)  # fmt: skip
    yield Check("ASSD", "assd", "panoptica", "Metric.ASSD(voxelspacing=...)", average,
                _panoptica_metric(Metric.ASSD), (*empties, halves))  # fmt: skip


def _surface_dice() -> Iterator[Check]:
    empties = (BOTH, ONE)

    def ours(pair: MaskPair) -> float:
        return own.surface_dice(pair.pred, pair.ref, pair.spacing, TOLERANCE_MM)

    yield Check("surface Dice, 1 mm", "surface_dice", "surface-distance", "compute_surface_dice_at_tolerance", ours,
                lambda pair: surface_distance.compute_surface_dice_at_tolerance(_surfaces(pair), TOLERANCE_MM),
                empties)  # fmt: skip
    voxels = Reason("shares of surface voxels; ours are shares of area, as with use_subvoxels=True")
    for subvoxels, reasons in ((True, empties), (False, (*empties, voxels))):
        theirs = _monai_spaced(monai.compute_surface_dice, class_thresholds=[TOLERANCE_MM], use_subvoxels=subvoxels)
        yield Check("surface Dice, 1 mm", "surface_dice", "monai",
                    f"metrics.compute_surface_dice(use_subvoxels={subvoxels})", ours, theirs, reasons,
                    SINGLE, WHY_SINGLE)  # fmt: skip


def _volumes() -> Iterator[Check]:
    def difference(pair: MaskPair) -> float:
        return own.relative_volume_difference(float(pair.pred.sum()), float(pair.ref.sum()))

    shear = Reason("the product of the zooms; under shear a voxel's volume is the determinant, as ours",
                   lambda pair: pair.name == "sheared")  # fmt: skip
    yield Check("volume, mm3", "measure.volume_ml", "nibabel", "imagestats.mask_volume",
                lambda pair: 1000 * volume_ml(pair.ref, pair.affine), _volume_by_nibabel, (shear,), 1e-3,
                "the header holds the affine in float32")  # fmt: skip
    yield Check("RVD", "relative_volume_difference", "MedPy", "metric.binary.ravd", difference, _of_masks(medpy.ravd))
    yield Check("RVD", "relative_volume_difference", "panoptica", "Panoptica_Evaluator, global_bin_rvd", difference,
                _panoptica("global_bin_rvd"), (BOTH, ONE))  # fmt: skip


def _lesions() -> Iterator[Check]:
    half = Reason("matched at a Jaccard index of one half and above; ours above one half alone (Kirillov 2019)",
                  lambda pair: pair.name == "Jaccard of one half")  # fmt: skip

    def ours(pair: MaskPair) -> Figures:
        found = own.panoptic(pair.pred, pair.ref)
        return found.quality, found.recognition, found.tp, found.fp, found.fn

    nothing = Reason("no pair matches: ours {own}, theirs {theirs}", _nothing_matches)
    yield Check("panoptic and recognition quality; TP, FP, FN", "panoptic", "panoptica",
                "Panoptica_Evaluator, pq, rq, tp, fp, fn", ours, _panoptica("pq", "rq", "tp", "fp", "fn"),
                (half, BOTH, ONE, nothing))  # fmt: skip


def _nothing_matches(pair: MaskPair) -> bool:
    return not own.panoptic(pair.pred, pair.ref).tp


def _of_masks(function: Any) -> Any:
    return lambda pair: function(pair.pred, pair.ref)


def _tensors(pair: MaskPair) -> tuple[torch.Tensor, torch.Tensor]:
    pred, ref = (torch.as_tensor(one.astype(np.float32))[None, None] for one in (pair.pred, pair.ref))
    return pred, ref


def _monai(function: Any, **options: Any) -> Any:
    def theirs(pair: MaskPair) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MONAI warns of empty masks.
            return float(function(*_tensors(pair), **options))

    return theirs


def _monai_spaced(function: Any, **options: Any) -> Any:
    def theirs(pair: MaskPair) -> float:
        return _monai(function, include_background=True, spacing=list(pair.spacing), **options)(pair)

    return theirs


def _confusion(name: str) -> Any:
    def theirs(pair: MaskPair) -> float:
        counts = monai.get_confusion_matrix(*_tensors(pair), include_background=True)
        return float(monai.compute_confusion_matrix_metric(name, counts))

    return theirs


def _overlap_filter(name: str) -> Any:
    def theirs(pair: MaskPair) -> float:
        found = SimpleITK.LabelOverlapMeasuresImageFilter()
        found.Execute(*(SimpleITK.GetImageFromArray(one.astype(np.uint8)) for one in (pair.pred, pair.ref)))
        return getattr(found, name)()

    return theirs


@cache
def _surfaces(pair: MaskPair) -> dict[str, Any]:
    return surface_distance.compute_surface_distances(pair.ref, pair.pred, pair.spacing)


def _all_pairs(what: str) -> Any:
    """Distances of all pairs of surface voxels; undefined where a mask is empty."""

    def theirs(pair: MaskPair) -> float:
        if pair.any_empty:
            return 0.0 if pair.both_empty else float("nan")
        points = [np.argwhere(one & ~binary_erosion(one)) * pair.spacing for one in (pair.pred, pair.ref)]
        apart = cdist(*points)
        directed: Sequence[np.ndarray] = apart.min(1), apart.min(0)
        if what == "mean":
            return float(np.concatenate(directed).mean())
        return float(max(np.percentile(one, 95) for one in directed))

    return theirs


def _volume_by_nibabel(pair: MaskPair) -> float:
    return mask_volume(nibabel.Nifti1Image(pair.ref.astype(np.uint8), pair.affine))


@cache
def _evaluator(metrics: tuple[Any, ...]) -> Any:
    return Panoptica_Evaluator(
        expected_input=InputType.SEMANTIC,
        instance_approximator=ConnectedComponentsInstanceApproximator(cca_backend=CCABackend.cc3d),
        instance_matcher=NaiveThresholdMatching(matching_metric=Metric.IOU, matching_threshold=0.5),
        instance_metrics=[Metric.IOU],
        global_metrics=list(metrics),
    )


@cache
def _panoptica_result(pair: MaskPair, metrics: tuple[Any, ...]) -> Any:
    masks = (one.astype(np.uint8) for one in (pair.pred, pair.ref))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _evaluator(metrics).evaluate(*masks, voxelspacing=pair.spacing, verbose=False)["ungrouped"]


def _panoptica(*names: str, metrics: tuple[Any, ...] = USUAL) -> Any:
    return lambda pair: tuple(float(getattr(_panoptica_result(pair, metrics), name)) for name in names)


def _panoptica_metric(metric: Any) -> Any:
    def theirs(pair: MaskPair) -> float:
        masks = (one.astype(np.uint8) for one in (pair.ref, pair.pred))
        with np.errstate(all="ignore"):
            return float(metric(*masks, voxelspacing=pair.spacing))

    return theirs
