"""What a calibration says of cases that it was not learned on, and what is true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr

from oncontour.inference.calibration import Calibration
from oncontour.measure.certainty import Certainty, certainty
from oncontour.measure.interval import Interval
from oncontour.pipeline.observe import BINS, Observed, ObservedCase

LEAST = 3
"""A correlation of fewer cases is none."""


@dataclass(frozen=True)
class Case:
    """One region of one case.

    Args:
        case: its name.
        sequences: it had.
        region: its name.
        observed: what is true.
        certainty: what was said.
    """

    case: str
    sequences: str
    region: str
    observed: Observed
    certainty: Certainty | None

    @property
    def interval(self) -> Interval | None:
        """What was given, where there is a true volume for it to cover."""
        return self.certainty.interval if self.certainty is not None and self.observed.reference_ml > 0 else None

    @property
    def covered(self) -> bool:
        """Whether an interval was given and the true volume lies in it."""
        return self.interval is not None and self.interval.low <= self.observed.reference_ml <= self.interval.high

    @property
    def predicted(self) -> float | None:
        """Predicted Dice."""
        return self.certainty.dice if self.certainty is not None else None


def scored(observed: Iterable[ObservedCase], calibration: Calibration) -> list[Case]:
    """Each region of each case with what the calibration says of it."""
    return [
        Case(case.name, case.sequences, name, one, certainty(calibration, name, one.volume_ml, one.signs))
        for case in observed
        for name, one in case.regions.items()
    ]


def dice_pairs(cases: Iterable[Case]) -> NDArray[np.float64]:
    """(n, 4): predicted Dice, true Dice, expected Dice, agreement, of the cases that have them."""
    rows = [
        (case.predicted, case.observed.dice, case.observed.expected, case.observed.agreement)
        for case in cases
        if case.predicted is not None
    ]
    return np.array(rows, np.float64).reshape(-1, 4)


def correlations(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float] | None:
    """Pearson and Spearman; None of too few cases, or of constants."""
    if len(one) < LEAST or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(pearsonr(one, other).statistic), float(spearmanr(one, other).statistic)


def reliability(cases: Iterable[Case]) -> NDArray[np.float64]:
    """(`BINS`, 3): voxels, mean probability and observed share of each bin over all cases; NaN where it is empty."""
    total = np.zeros((BINS, 3))
    for case in cases:
        if case.observed.bins:
            total += [(one.voxels, one.chance, one.true) for one in case.observed.bins]
    voxels, chance, true = total.T
    with np.errstate(invalid="ignore"):
        return np.stack([voxels, chance / voxels, true / voxels], axis=1)


def calibration_error(bins: NDArray[np.float64]) -> float:
    """Expected calibration error: mean |observed share - mean probability| over voxels of probability 0.1 and more.

    Nearly all voxels are far from any tumour and of probability 0; they would make every model look calibrated.
    """
    voxels, chance, share = bins[1:].T
    there = voxels > 0
    return float((np.abs(share - chance)[there] * voxels[there]).sum() / max(voxels.sum(), 1))
