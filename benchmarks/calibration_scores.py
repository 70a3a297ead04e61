"""What a calibration says of cases that it was not learned on, and what is true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.inference.calibration import Calibration
from oncontour.measure.certainty import Certainty, certainty
from oncontour.measure.interval import Interval
from oncontour.pipeline.observe import Observed, ObservedCase


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
        Case(case.name, case.sequences, name, one, certainty(calibration, name, one.volume_ml, case.signs(name)))
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
