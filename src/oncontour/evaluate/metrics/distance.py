"""How far two masks' surfaces lie apart: Hausdorff, average, and the share within a tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from oncontour.core.errors import InputError
from oncontour.evaluate.metrics.surfaces import SurfaceDistances, checked_masks, measured, surface_distances
from oncontour.evaluate.metrics.surfels import surfels

Hausdorff = Literal["max", "pooled", "brats2023"]
CONVENTIONS: tuple[Hausdorff, ...] = ("max", "pooled", "brats2023")

PERCENT = 95


def hd95(pred: ArrayLike, ref: ArrayLike, spacing: Sequence[float], convention: Hausdorff = "max") -> float:
    """95th percentile of the Hausdorff distance, mm. Both masks empty: 0. One empty: NaN.

    Args:
        pred, ref, spacing: as for `surface_distances`, as are errors.
        convention: "max": the larger of the two directions' percentiles (MONAI); "pooled": the percentile of both
            directions' distances together (medpy), which can be 0 in spite of a distant false positive; "brats2023":
            as "max", but of patches of surface weighted by their area (surface-distance, which the challenge used).

    >>> image = np.zeros((1, 1, 12), bool)
    >>> near, far = image.copy(), image.copy()
    >>> near[..., :2], far[..., 4] = True, True
    >>> round(hd95(near, far, (1, 1, 2)), 6), hd95(image, image, (1, 1, 1)), hd95(image, far, (1, 1, 1))
    (7.9, 0.0, nan)
    """
    if convention not in CONVENTIONS:
        raise InputError("hd95", repr(convention), f"one of {', '.join(CONVENTIONS)}", "Choose a convention.")
    p, r = checked_masks(pred, ref, spacing)
    if convention != "brats2023":
        return hausdorff95(measured(p, r, spacing), pooled=convention == "pooled")
    return surfels(p, r, spacing).percentile(PERCENT)


def hausdorff95(distances: SurfaceDistances, *, pooled: bool = False) -> float:
    """95th percentile of distances that were measured before, mm; between two values it is interpolated linearly."""
    if distances.undefined is not None:
        return distances.undefined
    both = distances.pred_to_ref, distances.ref_to_pred
    if pooled:
        return float(np.percentile(np.concatenate(both), PERCENT))
    return float(max(np.percentile(one, PERCENT) for one in both))


def assd(pred: ArrayLike, ref: ArrayLike, spacing: Sequence[float]) -> float:
    """Average symmetric surface distance, mm: the mean over both surfaces' voxels. Both empty: 0. One empty: NaN.

    As in MONAI and medpy. panoptica's is another: the mean of the two directions' means, whatever their sizes.
    """
    return average_distance(surface_distances(pred, ref, spacing))


def average_distance(distances: SurfaceDistances) -> float:
    """Mean over both surfaces' voxels of distances that were measured before, mm."""
    if distances.undefined is not None:
        return distances.undefined
    both = distances.pred_to_ref, distances.ref_to_pred
    return float(sum(one.sum(dtype=np.float64) for one in both) / sum(one.size for one in both))


def surface_dice(pred: ArrayLike, ref: ArrayLike, spacing: Sequence[float], tolerance_mm: float) -> float:
    """Share of both surfaces' area that lies within a tolerance of the other (Nikolov 2021), 0 to 1.

    Both masks empty: 1. One empty: 0.
    """
    if not tolerance_mm >= 0:
        raise InputError("surface Dice", f"tolerance {tolerance_mm}", "0 mm or more", "Give a distance in mm.")
    p, r = checked_masks(pred, ref, spacing)
    return surfels(p, r, spacing).share_within(tolerance_mm)
