"""How far two raters agree on a scale of steps, beyond what chance gives."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from oncontour.core.errors import InputError


def weighted_kappa(table: ArrayLike, weights: Literal["linear", "quadratic"] = "linear") -> float:
    """Cohen's weighted kappa (1968): 1 where raters always agree, 0 where they agree as often as by chance.

    Args:
        table: (k, k) counts, a rater's ratings in rows, the other's in columns, steps in their order.
        weights: of a disagreement: by how many steps, or by their square.

    Returns:
        NaN where both raters use one step alone, or there is no rating.

    Raises:
        InputError: not a square table of counts.

    >>> round(weighted_kappa([[10, 2, 0], [3, 8, 1], [0, 2, 9]]), 4)
    0.7403
    """
    counts = np.asarray(table, float)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not (counts >= 0).all():
        raise InputError("table", f"shape {counts.shape}", "a square table of counts", "Use one scale for both.")
    steps = np.arange(len(counts))
    apart = np.abs(steps[:, None] - steps).astype(float) ** (1 if weights == "linear" else 2)
    by_chance = (apart * np.outer(counts.sum(1), counts.sum(0))).sum()
    return float(1 - counts.sum() * (apart * counts).sum() / by_chance) if by_chance else float("nan")
