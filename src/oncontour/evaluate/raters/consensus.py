"""One label map of several experts': by majority, and by STAPLE (Warfield et al. 2004, IEEE TMI 23:903).

Both are SimpleITK's, and vote on boolean masks, region by region; a label map follows as `LabelScheme.decode` paints
it. Where regions leave several labels open (cyst or solid, in the paediatric scheme), the label is taken that most
experts drew at the voxel; of equals, the scheme's first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from oncontour.core.labels import LabelScheme

CHANCE = 0.5
"""A voxel belongs to STAPLE's consensus where it is this probable, or more."""

Vote = Callable[[Sequence[NDArray[np.bool_]]], NDArray[np.bool_]]
"""One mask of several of one shape."""


@dataclass(frozen=True)
class Rate:
    """How an expert drew one region of one case, as STAPLE sees it; the columns of `staple.csv`.

    Args:
        case, region, expert: names.
        sensitivity: share of the consensus that the expert drew; NaN where no expert drew the region.
        specificity: share of all else in the image that the expert left alone: near 1 for any tumour.
        experts: how many had a mask of the case.
    """

    case: str
    region: str
    expert: str
    sensitivity: float
    specificity: float
    experts: int


def majority(maps: Mapping[str, NDArray], scheme: LabelScheme) -> NDArray[np.uint8]:
    """What more than half of the experts drew. A tie, as of two who differ, is background.

    Args:
        maps: expert -> label map (i, j, k), two or more of one shape.
        scheme: of their values.

    Returns:
        A label map (i, j, k).
    """
    arrays = list(maps.values())
    return _painted([vote_majority(masks) for _, masks in _regions(arrays, scheme)], arrays, scheme)


def staple(case: str, maps: Mapping[str, NDArray], scheme: LabelScheme) -> tuple[NDArray[np.uint8], tuple[Rate, ...]]:
    """The likeliest masks, each expert weighted by what it seems to be worth.

    The whole image plays a part, as SimpleITK has it by default: each region's share of it is the prior. Of two
    experts alone nothing tells who is right, and estimates are worth little.

    Args:
        case: its name, for the rates.
        maps: expert -> label map (i, j, k), two or more of one shape.
        scheme: of their values.

    Returns:
        A label map (i, j, k), and the rates of every expert in every region.
    """
    arrays, found, rates = list(maps.values()), [], []
    for region, masks in _regions(arrays, scheme):
        mask, sensitivities, specificities = vote_staple(masks)
        found.append(mask)
        both = zip(maps, sensitivities, specificities, strict=True)
        rates += [Rate(case, region, name, hit, left, len(maps)) for name, hit, left in both]
    return _painted(found, arrays, scheme), tuple(rates)


def _regions(arrays: Sequence[NDArray], scheme: LabelScheme) -> list[tuple[str, list[NDArray[np.bool_]]]]:
    """Each region's name and its mask of every expert."""
    return [(region.name, [np.isin(array, scheme.values(region)) for array in arrays]) for region in scheme.regions]


def vote_majority(masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Voxels of more than half of the masks (i, j, k)."""
    import SimpleITK as sitk  # noqa: N813

    return sitk.GetArrayFromImage(sitk.LabelVoting(_images(masks), 0)) > 0


def vote_staple(masks: Sequence[NDArray[np.bool_]]) -> tuple[NDArray[np.bool_], list[float], list[float]]:
    """STAPLE of masks (i, j, k): voxels of the consensus, and each mask's sensitivity and specificity."""
    import SimpleITK as sitk  # noqa: N813

    if not any(mask.any() for mask in masks):
        return np.zeros_like(masks[0]), [nan] * len(masks), [1.0] * len(masks)
    estimate = sitk.STAPLEImageFilter()
    estimate.SetForegroundValue(1.0)
    chances = sitk.GetArrayFromImage(estimate.Execute(_images(masks)))
    return chances >= CHANCE, list(estimate.GetSensitivity()), list(estimate.GetSpecificity())


def _images(masks: Sequence[NDArray[np.bool_]]) -> list:
    import SimpleITK as sitk  # noqa: N813

    return [sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in masks]


def _painted(regions: Sequence[NDArray[np.bool_]], arrays: Sequence[NDArray], scheme: LabelScheme) -> NDArray[np.uint8]:
    stacked = np.stack(regions)
    if scheme.nested:
        votes = None
        if not scheme.regions_tell_labels:
            votes = np.stack([sum((a == label.value).astype(np.float16) for a in arrays) for label in scheme.labels])
        return scheme.decode(stacked, votes)
    return _combined(stacked, scheme)


def _combined(regions: NDArray[np.bool_], scheme: LabelScheme) -> NDArray[np.uint8]:
    """Label map of regions that overlap freely, where each combination of regions is a label of its own."""
    values = np.zeros(2 ** len(regions), np.uint8)
    for label in scheme.labels:
        values[sum(1 << n for n, region in enumerate(scheme.regions) if label.name in region.labels)] = label.value
    combination = sum(mask.astype(np.uint8) << n for n, mask in enumerate(regions))
    return values[combination]
