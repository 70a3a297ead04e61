"""What volumes say: the error of one, and Dice of a cohort as if it were one image."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from oncontour.core.errors import InputError


def relative_volume_difference(pred_ml: float, ref_ml: float) -> float:
    """(prediction - reference) / reference, signed; NaN where the reference is empty. Tables show |RVD| in percent.

    >>> relative_volume_difference(9.0, 10.0)
    -0.1
    """
    return (pred_ml - ref_ml) / ref_ml if ref_ml else float("nan")


def aggregated_dice(overlap: ArrayLike, pred: ArrayLike, ref: ArrayLike) -> float:
    """Dice of all cases' voxels together, 2 sum TP / (sum P + sum R): large tumours count more. All empty: 1.

    Args:
        overlap: for each case, voxels of both masks.
        pred, ref: for each case, voxels of the prediction, and of the reference.

    Raises:
        InputError: numbers that no masks have.

    >>> aggregated_dice([1, 0], [2, 1], [1, 0])
    0.5
    """
    common, p, r = (np.asarray(one, float) for one in (overlap, pred, ref))
    if not common.shape == p.shape == r.shape or not _counts(common, p, r):
        found = f"counts {common.tolist()}, {p.tolist()}, {r.tolist()}"
        raise InputError("aggregated Dice", found, "three counts a case, the first no larger", "Count voxels anew.")
    total = p.sum() + r.sum()
    return float(2 * common.sum() / total) if total else 1.0


def _counts(common: np.ndarray, pred: np.ndarray, ref: np.ndarray) -> bool:
    return bool((common >= 0).all() and (common <= np.minimum(pred, ref)).all())


def detection_rates(
    found: Iterable[tuple[float, bool]], limits_mm3: tuple[float, ...] = (100.0, 1000.0, 10000.0)
) -> dict[tuple[float, float], tuple[int, int]]:
    """How many lesions of each size were found.

    Args:
        found: of each lesion, volume in mm3 and whether it was found.
        limits_mm3: ascending; a lesion as large as a limit belongs below it.

    Returns:
        By (more than, at most) mm3: lesions found, and all.

    >>> detection_rates([(50, False), (500, True), (800, False)], (100.0, 1000.0))
    {(0.0, 100.0): (0, 1), (100.0, 1000.0): (1, 2), (1000.0, inf): (0, 0)}
    """
    edges = (0.0, *limits_mm3, float("inf"))
    rates: dict[tuple[float, float], tuple[int, int]] = dict.fromkeys(pairwise(edges), (0, 0))
    for volume, was_found in found:
        size = next(one for one in rates if one[0] < volume <= one[1])
        hits, all_of_them = rates[size]
        rates[size] = hits + bool(was_found), all_of_them + 1
    return rates
