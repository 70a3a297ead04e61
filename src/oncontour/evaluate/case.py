"""One predicted label map against its reference: every metric of every region."""

from __future__ import annotations

from collections.abc import Sequence as Listed
from dataclasses import dataclass, replace
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import joint_box
from oncontour.core.errors import GeometryError, InputError
from oncontour.core.grid import Grid
from oncontour.core.labels import SCHEMES, LabelScheme, Region
from oncontour.core.overlap import overlap
from oncontour.core.volume import Volume
from oncontour.data.datasets.dataset import ImageFile
from oncontour.data.datasets.images import read_stored
from oncontour.data.datasets.labels import Convention, to_scheme
from oncontour.evaluate.metrics.distance import PERCENT, average_distance, hausdorff95
from oncontour.evaluate.metrics.lesionwise import Challenge, lesionwise
from oncontour.evaluate.metrics.panoptic import panoptic
from oncontour.evaluate.metrics.surfaces import surface_distances
from oncontour.evaluate.metrics.surfels import surfels
from oncontour.evaluate.metrics.volume import relative_volume_difference
from oncontour.evaluate.pairs import Pair
from oncontour.preprocess.resample import resample

Placing = Literal["refuse", "resample"]
"""What to do with a prediction on another grid than its reference."""


@dataclass(frozen=True)
class Measures:
    """How masks are compared.

    Args:
        scheme: name of the label scheme.
        predicted, reference: what stored values may mean.
        rules: of lesion-wise scores.
        tolerance_mm: of surface Dice.
        placing: what to do with a prediction on another grid.
    """

    scheme: str
    predicted: tuple[Convention, ...]
    reference: tuple[Convention, ...]
    rules: Challenge = "glioma"
    tolerance_mm: float = 1.0
    placing: Placing = "refuse"


@dataclass(frozen=True)
class RegionScore:
    """What one region of one case scores; the columns of `cases.csv`, in their order.

    Distances in mm, NaN where one mask alone is empty; volumes in mL, from the reference's grid.

    Args:
        case, region: names.
        dice, jaccard, sensitivity, specificity, precision: see `oncontour.core.overlap.Overlap`.
        hd95: convention "max"; see `oncontour.evaluate.metrics.hd95`, as for two below.
        assd: average symmetric surface distance.
        volume_pred_ml, volume_ref_ml: of both masks.
        rvd: (prediction - reference) / reference; NaN where the reference is empty.
        lesion_dice, lesion_hd95: BraTS 2023.
        ref_empty, pred_empty: whether a mask is empty.
        hd95_pooled, hd95_brats2023: the other conventions.
        surface_dice: at the tolerance.
        lesion_tp, lesion_fp, lesion_fn: counts of lesions.
        panoptic_quality, recognition_quality: of components.
        voxels_common, voxels_pred, voxels_ref: counts, for aggregated Dice.
        prediction_missing: whether there was no file, which counts as an empty mask.
    """

    case: str
    region: str
    dice: float
    jaccard: float
    sensitivity: float
    specificity: float
    precision: float
    hd95: float
    assd: float
    volume_pred_ml: float
    volume_ref_ml: float
    rvd: float
    lesion_dice: float
    lesion_hd95: float
    ref_empty: bool
    pred_empty: bool
    hd95_pooled: float
    hd95_brats2023: float
    surface_dice: float
    lesion_tp: int
    lesion_fp: int
    lesion_fn: int
    panoptic_quality: float
    recognition_quality: float
    voxels_common: int
    voxels_pred: int
    voxels_ref: int
    prediction_missing: bool


def scheme_of(name: str) -> LabelScheme:
    """The label scheme of that name.

    Raises:
        InputError: there is none.
    """
    if name not in SCHEMES:
        raise InputError("--scheme", repr(name), f"one of {', '.join(SCHEMES)}", "Correct the scheme's name.")
    return SCHEMES[name]


def evaluate_pair(pair: Pair, measures: Measures) -> tuple[RegionScore, ...]:
    """Score every region and composite of a case.

    Raises:
        InputError: a file that cannot be read, or labels that the scheme does not know.
        GeometryError: the two are not on one grid, and `placing` is "refuse".
    """
    found, reference = label_maps(pair, measures)
    scheme = SCHEMES[measures.scheme]
    return score_label_maps(pair.case, found, reference, scheme, measures, missing=pair.prediction is None)


def label_maps(pair: Pair, measures: Measures) -> tuple[NDArray, Volume]:
    """The predicted label map (i, j, k) on the reference's grid, empty where it is missing, and the reference.

    Raises as `evaluate_pair`.
    """
    reference = read_labels(pair.reference, measures.reference, measures.scheme)
    if pair.prediction is None:
        return np.zeros_like(reference.array), reference
    predicted = read_labels(pair.prediction, measures.predicted, measures.scheme)
    return placed(predicted, reference.grid, measures.placing, str(pair.prediction.path)).array, reference


def score_label_maps(
    case: str,
    found: NDArray,
    reference: Volume,
    scheme: LabelScheme,
    measures: Measures,
    missing: bool = False,
) -> tuple[RegionScore, ...]:
    """Score every region and composite of two label maps (i, j, k) on the reference's grid."""
    box = joint_box(found > 0, reference.array > 0) or np.s_[:1, :1, :1]
    masks = (
        (region, np.isin(found[box], scheme.values(region)), np.isin(reference.array[box], scheme.values(region)))
        for region in scheme.all_regions
    )
    return tuple(_score(case, region, pred, ref, reference.grid, measures, missing) for region, pred, ref in masks)


def read_labels(file: ImageFile, conventions: tuple[Convention, ...], scheme: str) -> Volume:
    """A label map (i, j, k), uint8, in the scheme's values.

    Raises:
        InputError: a file that cannot be read, or labels that the scheme does not know.
    """
    stored = read_stored(file)
    return stored.with_array(to_scheme(stored.array, conventions, scheme, file.path))


def placed(predicted: Volume, grid: Grid, placing: Placing, where: str) -> Volume:
    """A label map on the reference's grid.

    Args:
        predicted: on any grid.
        grid: the reference's.
        placing: what to do where the two differ.
        where: the file, for the message.

    Raises:
        GeometryError: it is on another, and that is refused.
    """
    if predicted.grid.same_as(grid):
        return predicted
    if placing == "resample":
        return resample(predicted, grid, order=0)
    found = f"{_described(predicted.grid)}: {_difference(predicted.grid, grid)}"
    remedy = (
        "Where the header is right, let Oncontour resample (--resample), which costs a little Dice; where the voxels "
        "lie as the reference's do, write the reference's affine into the prediction."
    )
    raise GeometryError(where, found, f"the reference's grid, {_described(grid)}", remedy)


def _difference(one: Grid, other: Grid) -> str:
    if one.shape != other.shape:
        return "another shape"
    turned = "another orientation, " if one.axis_codes != other.axis_codes else ""
    return f"{turned}its corners lie up to {np.abs(one.corners - other.corners).max():.3g} mm away"


def _described(grid: Grid) -> str:
    sizes, spacing = " x ".join(map(str, grid.shape)), " x ".join(f"{one:.3g}" for one in grid.spacing)
    return f"{sizes} voxels of {spacing} mm, {grid.axis_codes}"


def _score(
    case: str,
    region: Region,
    pred: NDArray[np.bool_],
    ref: NDArray[np.bool_],
    grid: Grid,
    measures: Measures,
    missing: bool,
) -> RegionScore:
    """The score of masks (i, j, k), of the box of a grid that holds all labels: no metric looks beyond it."""
    spacing: Listed[float] = grid.spacing
    shared = replace(overlap(pred, ref), total=prod(grid.shape))
    distances, patches = surface_distances(pred, ref, spacing), surfels(pred, ref, spacing)
    lesions, components = lesionwise(pred, ref, spacing, measures.rules), panoptic(pred, ref)
    millilitres = grid.voxel_volume_mm3 / 1000.0
    pred_ml, ref_ml = shared.pred * millilitres, shared.ref * millilitres
    return RegionScore(
        case=case,
        region=region.name,
        dice=shared.dice,
        jaccard=shared.jaccard,
        sensitivity=shared.sensitivity,
        specificity=shared.specificity,
        precision=shared.precision,
        hd95=hausdorff95(distances),
        assd=average_distance(distances),
        volume_pred_ml=pred_ml,
        volume_ref_ml=ref_ml,
        rvd=relative_volume_difference(pred_ml, ref_ml),
        lesion_dice=lesions.dice,
        lesion_hd95=lesions.hd95,
        ref_empty=not shared.ref,
        pred_empty=not shared.pred,
        hd95_pooled=hausdorff95(distances, pooled=True),
        hd95_brats2023=patches.percentile(PERCENT),
        surface_dice=patches.share_within(measures.tolerance_mm),
        lesion_tp=lesions.tp,
        lesion_fp=lesions.fp,
        lesion_fn=lesions.fn,
        panoptic_quality=components.quality,
        recognition_quality=components.recognition,
        voxels_common=shared.common,
        voxels_pred=shared.pred,
        voxels_ref=shared.ref,
        prediction_missing=missing,
    )
