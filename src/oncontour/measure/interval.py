"""95 % interval of a predicted volume: a prediction interval of the log-ratio, learned on held-out cases.

Where a Dice is predicted the log-ratio is taken as a share of the largest that this Dice allows, so that the interval
of a good segmentation is narrow and that of a poor one wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from oncontour.core.errors import GeometryError, ImageContentError
from oncontour.inference.calibration import VolumeErrors

LEVEL = 0.95

LEAST_CASES = 5
"""With fewer, t is so large (4.3 with three cases) that the interval says nothing."""

LEAST_DICE, GREATEST_DICE = 0.1, 0.99
"""Predicted Dice is held within these: beyond them it says no more of a volume."""


@dataclass(frozen=True)
class Interval:
    """Where the true volume lies with a probability of `LEVEL`, mL."""

    low: float
    high: float


def largest_error(dice: ArrayLike) -> NDArray[np.float64]:
    """log((2 - d) / d): the largest |log(predicted / true volume)| of two masks whose Dice is d.

    The overlap is no larger than the smaller mask a, so that d <= 2 a / (a + b) and b / a <= (2 - d) / d.

    >>> largest_error(2 * 10 / (10 + 15)).round(4) == np.log(15 / 10).round(4)
    np.True_
    """
    held = np.clip(np.asarray(dice, np.float64), LEAST_DICE, GREATEST_DICE)
    return np.log((2 - held) / held)


def volume_errors(pred_ml: ArrayLike, ref_ml: ArrayLike, unit: ArrayLike = 1.0) -> VolumeErrors | None:
    """Mean and standard deviation of log(predicted / reference volume) over the cases where both are positive.

    Args:
        pred_ml, ref_ml: (n,) volumes of held-out cases. Where one is 0 the logarithm has no value: those are misses
            and inventions, which the caller must count apart.
        unit: (n,) that each logarithm is divided by: `largest_error` of the predicted Dice.

    Returns:
        None where fewer than `LEAST_CASES` are left.

    Raises:
        GeometryError: not as many predictions as references.
        ImageContentError: a volume that is negative or no number.
    """
    pred, ref = np.asarray(pred_ml, np.float64), np.asarray(ref_ml, np.float64)
    if pred.shape != ref.shape or pred.ndim != 1:
        found = f"predictions {pred.shape}, references {ref.shape}"
        raise GeometryError("held-out volumes", found, "two lists of one length", "Give one pair a case.")
    both = np.concatenate((pred, ref))
    if not (np.isfinite(both) & (both >= 0)).all():
        raise ImageContentError("held-out volumes", "negative values or NaN", "volumes in mL", "Leave such cases out.")
    there = (pred > 0) & (ref > 0)
    if np.count_nonzero(there) < LEAST_CASES:
        return None
    ratios = np.log(pred[there] / ref[there]) / np.broadcast_to(unit, pred.shape)[there]
    return VolumeErrors(cases=len(ratios), bias=float(ratios.mean()), spread=float(ratios.std(ddof=1)))


def interval(pred_ml: float, errors: VolumeErrors, unit: float = 1.0, level: float = LEVEL) -> Interval:
    """V exp(u (-b +- t s sqrt(1 + 1/n))): prediction interval of one further case whose log-ratio is normal.

    t has n - 1 degrees of freedom (the usual prediction interval for a normal sample with unknown mean and variance,
    here on the logarithm).

    Args:
        unit: u, in which the errors were learned.

    >>> interval(10.0, VolumeErrors(cases=20, bias=0.0, spread=0.0))
    Interval(low=10.0, high=10.0)
    """
    from scipy.stats import t

    half = float(t.ppf((1 + level) / 2, errors.cases - 1)) * errors.spread * math.sqrt(1 + 1 / errors.cases)
    return Interval(*(pred_ml * math.exp(unit * (end - errors.bias)) for end in (-half, half)))
