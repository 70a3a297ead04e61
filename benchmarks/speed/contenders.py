"""Dice, HD95 and ASSD of three regions by each program, each called as its own documentation does.

Each takes boolean regions (3, i, j, k) of prediction and reference and the spacing, and gives (3 regions, 3 figures).
Imports stand in the functions that prepare a contender, so that a process holds one program alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Spacing = tuple[float, float, float]
Figures = list[tuple[float, float, float]]
Contender = Callable[[NDArray[np.bool_], NDArray[np.bool_], Spacing], Figures]


def oncontour_once() -> Contender:
    """As `oncontour evaluate`: in the box of all that is labelled, surfaces measured once a region."""
    from oncontour.core.box import joint_box
    from oncontour.core.overlap import overlap
    from oncontour.evaluate.metrics.distance import average_distance, hausdorff95
    from oncontour.evaluate.metrics.surfaces import surface_distances

    def score(pred: NDArray[np.bool_], ref: NDArray[np.bool_], spacing: Spacing) -> Figures:
        found = []
        box = joint_box(*pred, *ref)
        for p, r in zip(pred[:, *box], ref[:, *box], strict=True):
            distances = surface_distances(p, r, spacing)
            found.append((overlap(p, r).dice, hausdorff95(distances), average_distance(distances)))
        return found

    return score


def oncontour_calls() -> Contender:
    """Three calls of the public functions."""
    from oncontour.evaluate.metrics import assd, dice, hd95

    return _each(lambda p, r, spacing: (dice(p, r), hd95(p, r, spacing), assd(p, r, spacing)))


def monai() -> Contender:
    """Its three functions, all regions as channels of one batch."""
    import torch
    from monai.metrics import compute_average_surface_distance, compute_dice, compute_hausdorff_distance

    def score(pred: NDArray[np.bool_], ref: NDArray[np.bool_], spacing: Spacing) -> Figures:
        p, r = torch.from_numpy(pred)[None], torch.from_numpy(ref)[None]
        spaced = {"include_background": True, "spacing": list(spacing)}
        columns = (
            compute_dice(p.float(), r.float(), include_background=True, ignore_empty=False),
            compute_hausdorff_distance(p, r, percentile=95, **spaced),
            compute_average_surface_distance(p, r, symmetric=True, **spaced),
        )
        return [tuple(float(column[0, region]) for column in columns) for region in range(len(pred))]  # type: ignore[misc]

    return score


def medpy() -> Contender:
    """Its three functions."""
    from medpy.metric import binary

    return _each(
        lambda p, r, spacing: (binary.dc(p, r), float(binary.hd95(p, r, spacing)), float(binary.assd(p, r, spacing)))
    )


def surface_distance() -> Contender:
    """Surfaces measured once a region, as it is made for; HD95 and average weighted by area."""
    from agreement.removed import restore

    restore()
    import surface_distance as program

    def one(p: NDArray[np.bool_], r: NDArray[np.bool_], spacing: Spacing) -> tuple[float, float, float]:
        surfaces = program.compute_surface_distances(r, p, spacing)
        average = np.mean(program.compute_average_surface_distance(surfaces))
        dice = program.compute_dice_coefficient(r, p)
        return float(dice), float(program.compute_robust_hausdorff(surfaces, 95)), float(average)

    return _each(one)


def panoptica() -> Contender:
    """Its metrics, called one by one."""
    from panoptica.metrics import Metric

    def one(p: NDArray[np.bool_], r: NDArray[np.bool_], spacing: Spacing) -> tuple[float, float, float]:
        distances = (float(metric(r, p, voxelspacing=spacing)) for metric in (Metric.HD95, Metric.ASSD))
        hd95, assd = distances
        return float(Metric.DSC(r, p)), hd95, assd

    return _each(one)


def simpleitk() -> Contender:
    """Its overlap filter, contours and distance maps; percentiles by numpy."""
    import SimpleITK

    def one(p: NDArray[np.bool_], r: NDArray[np.bool_], spacing: Spacing) -> tuple[float, float, float]:
        images = [SimpleITK.GetImageFromArray(mask.view(np.uint8)) for mask in (p, r)]
        for image in images:
            image.SetSpacing(spacing[::-1])
        measures = SimpleITK.LabelOverlapMeasuresImageFilter()
        measures.Execute(*images)
        contours = [SimpleITK.LabelContour(image, False) for image in images]
        maps = [SimpleITK.SignedMaurerDistanceMap(one, False, False, True) for one in contours]
        away, edges = ([SimpleITK.GetArrayViewFromImage(one) for one in several] for several in (maps, contours))
        both = np.abs(away[1][edges[0] > 0]), np.abs(away[0][edges[1] > 0])
        hd95 = max(np.percentile(one, 95) for one in both)
        return measures.GetDiceCoefficient(), float(hd95), float(np.concatenate(both).mean())

    return _each(one)


def _each(one: Callable[[NDArray[np.bool_], NDArray[np.bool_], Spacing], tuple[float, float, float]]) -> Contender:
    return lambda pred, ref, spacing: [one(p, r, spacing) for p, r in zip(pred, ref, strict=True)]


CONTENDERS: Mapping[str, tuple[str, Callable[[], Contender]]] = {
    "ours": ("oncontour", oncontour_once),
    "ours, three calls": ("oncontour", oncontour_calls),
    "MONAI": ("monai", monai),
    "MedPy": ("medpy", medpy),
    "surface-distance": ("surface-distance", surface_distance),
    "panoptica": ("panoptica", panoptica),
    "SimpleITK": ("SimpleITK", simpleitk),
}
"""Name in the table -> distribution, and what prepares it. The first is what the others are held against."""
