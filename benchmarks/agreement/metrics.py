"""Checks of metrics: MONAI, medpy, surface-distance, SimpleITK, nibabel, and all pairs by scipy."""

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
from scipy.ndimage import binary_erosion
from scipy.spatial.distance import cdist

from agreement.check import Check, Reason
from agreement.masks import MaskPair
from oncontour.evaluate import metrics as own
from oncontour.measure import volume_ml

TOLERANCE_MM = 1.0
"""Of surface Dice."""

SINGLE = 2e-5
WHY_SINGLE = "MONAI computes in float32"

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
    yield Check("volume, mL", "measure.volume_ml", "nibabel", "imagestats.mask_volume",
                lambda pair: volume_ml(pair.ref, pair.affine), _volume_by_nibabel, (shear,), 1e-5,
                "the header holds the affine in float32")  # fmt: skip
    yield Check("RVD", "relative_volume_difference", "MedPy", "metric.binary.ravd", difference, _of_masks(medpy.ravd))


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
    return mask_volume(nibabel.Nifti1Image(pair.ref.astype(np.uint8), pair.affine)) / 1000
