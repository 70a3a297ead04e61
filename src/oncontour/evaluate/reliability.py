"""Whether probabilities mean what they say: of voxels that are tumour with a chance of 0.8, eight in ten should be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10
"""Of probabilities, equally wide: bin n holds those from n / `BINS` up."""


@dataclass(frozen=True)
class Bin:
    """Voxels of like probability.

    Args:
        voxels: how many.
        chance: sum of their probabilities.
        true: how many belong to the region.
    """

    voxels: int
    chance: float
    true: int


def binned(probability: NDArray[np.floating], truth: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """Voxels (n,) sorted into bins of probability, 0 to 1.

    >>> bins = binned(np.array([0.25, 0.25, 1.0]), np.array([True, False, True]))
    >>> bins[2], bins[9]
    (Bin(voxels=2, chance=0.5, true=1), Bin(voxels=1, chance=1.0, true=1))
    """
    place = np.minimum((probability * BINS).astype(np.intp), BINS - 1)
    voxels, true = (np.bincount(place, weights, BINS) for weights in (None, truth))
    chance = np.bincount(place, probability, BINS)
    return tuple(Bin(int(v), float(c), int(t)) for v, c, t in zip(voxels, chance, true, strict=True))


def reliability(cases: Iterable[Sequence[Bin]]) -> NDArray[np.float64]:
    """(`BINS`, 3): voxels, mean probability and observed share of each bin over all cases; NaN where it is empty.

    Args:
        cases: the bins of each; a case without any is passed over.
    """
    total = np.zeros((BINS, 3))
    for bins in cases:
        if bins:
            total += [(one.voxels, one.chance, one.true) for one in bins]
    voxels, chance, true = total.T
    with np.errstate(invalid="ignore"):
        return np.stack([voxels, chance / voxels, true / voxels], axis=1)


def calibration_error(bins: NDArray[np.float64]) -> float:
    """Expected calibration error: mean |observed share - mean probability| over voxels of probability 0.1 and more.

    Nearly all voxels are far from any tumour and of probability 0; they would make every model look calibrated.

    Args:
        bins: as `reliability` gives them.
    """
    voxels, chance, share = bins[1:].T
    there = voxels > 0
    return float((np.abs(share - chance)[there] * voxels[there]).sum() / max(voxels.sum(), 1))
