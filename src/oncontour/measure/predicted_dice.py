"""Dice predicted without a reference, from how sure the model is of each voxel and how steady its result.

Two signs of quality, each 0 to 1 and the higher the better:

- **expected Dice** of the mask M under the model's own probabilities p: 2 sum(p in M) / (|M| + sum(p)), the soft Dice
  of mask and probabilities; the Dice to expect if every voxel were right as often as p says.
- **agreement**: mean Dice of the mask with those found in variants of the images (structure-wise uncertainty:
  Roy 2019, NeuroImage 195:11, sections 3.2 and 3.3).

Networks are surer than they are right, so both are held against the Dice of held-out cases: a linear function of their
logits, of log volume, and of whether a T1CE was there, with coefficients that may not be negative, so that it stays
monotone on few cases. Without a T1CE enhancement and core are guessed, and networks guess with confidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from oncontour.core.overlap import dice
from oncontour.inference.calibration import DiceModel

LEAST_CASES = 10
"""Two for each coefficient."""

EDGE = 0.01
"""Signs and Dice are held this far from 0 and 1, so that their logit is finite."""


@dataclass(frozen=True)
class Signs:
    """What tells of a region's quality before any reference is seen.

    Args:
        expected: expected Dice.
        agreement: with variants.
        volume_ml: predicted, more than 0.
        contrast: whether there was a T1CE.
    """

    expected: float
    agreement: float
    volume_ml: float
    contrast: bool


def expected_dice(mask: NDArray[np.bool_], probability: NDArray[np.floating]) -> float | None:
    """Soft Dice of a mask with the probabilities that it was made of; None for an empty mask.

    >>> expected_dice(np.array([True, False]), np.array([1.0, 0.0]))
    1.0
    """
    if not mask.any():
        return None
    return float(2 * probability[mask].sum() / (np.count_nonzero(mask) + probability.sum(dtype=np.float64)))


def agreement(mask: NDArray[np.bool_], kinds: Iterable[Sequence[NDArray[np.bool_]]]) -> float | None:
    """Mean Dice of a mask with those of variants; None without variants or for an empty mask.

    Args:
        kinds: masks found in variants of one kind each, which count by their median: without the one sequence that
            shows a region, that region is always another.
    """
    scores = [np.median([dice(other, mask) for other in others]) for others in kinds]
    return float(np.mean(scores)) if scores and mask.any() else None


def fit_dice(signs: Sequence[Signs], found: ArrayLike) -> DiceModel | None:
    """Learn the Dice of held-out cases from their signs; None for fewer than `LEAST_CASES`.

    Args:
        signs: of n cases.
        found: (n,) the Dice of each with its reference, 0 to 1.
    """
    scores = np.asarray(found, np.float64)
    if len(signs) < LEAST_CASES:
        return None
    intercept, expected, steady, volume, contrast = _solve(_rows(signs), _logit(scores)).tolist()
    return DiceModel(
        cases=len(signs),
        intercept=intercept,
        expected=expected,
        agreement=steady,
        volume=volume,
        contrast=contrast,
        error=float(np.mean(np.abs(dice_left_out(signs, scores) - scores))),
    )


def dice_left_out(signs: Sequence[Signs], found: ArrayLike) -> NDArray[np.float64]:
    """(n,) the Dice that is predicted for each of n held-out cases by what the others teach; as `fit_dice`."""
    rows, target = _rows(signs), _logit(np.asarray(found, np.float64))
    fits = [_solve(np.delete(rows, n, 0), np.delete(target, n)) for n in range(len(rows))]
    return np.array([_sigmoid(float(row @ fit)) for row, fit in zip(rows, fits, strict=True)])


def predict_dice(model: DiceModel, signs: Signs) -> float:
    """The Dice that a region probably has, 0 to 1.

    >>> plain = DiceModel(cases=20, intercept=0.0, expected=1.0, agreement=0.0, volume=0.0, error=0.05)
    >>> round(predict_dice(plain, Signs(expected=0.8, agreement=0.5, volume_ml=3.0, contrast=True)), 6)
    0.8
    """
    weights = np.array([model.intercept, model.expected, model.agreement, model.volume, model.contrast])
    return _sigmoid(float(_rows([signs])[0] @ weights))


def _rows(signs: Sequence[Signs]) -> NDArray[np.float64]:
    """(n, 5): what the coefficients of `DiceModel` are multiplied with."""
    logits = _logit(np.array([(one.expected, one.agreement) for one in signs]))
    rest = np.array([(np.log(one.volume_ml), one.contrast) for one in signs])
    return np.column_stack((np.ones(len(signs)), logits, rest))


def _solve(rows: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares with coefficients of at least 0, the intercept free; 0 for what is the same in all cases."""
    from scipy.optimize import lsq_linear

    telling = np.ptp(rows, axis=0) > 0
    telling[0] = True
    lowest = np.where(np.arange(rows.shape[1]) == 0, -np.inf, 0)[telling]
    found = np.zeros(rows.shape[1])
    found[telling] = lsq_linear(rows[:, telling], target, bounds=(lowest, np.inf)).x
    return found


def _logit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    held = np.clip(values, EDGE, 1 - EDGE)
    return np.log(held / (1 - held))


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
