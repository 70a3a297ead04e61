"""Dice predicted without a reference, from how sure the model is of each voxel and how steady its result.

Two signs of quality, each 0 to 1 and the higher the better:

- **expected Dice** of the mask M under the model's own probabilities p: 2 sum(p in M) / (|M| + sum(p)), the soft Dice
  of mask and probabilities; the Dice to expect if every voxel were right as often as p says.
- **agreement**: mean Dice of the mask with those found in variants of the images (structure-wise uncertainty:
  Roy 2019, NeuroImage 195:11, sections 3.2 and 3.3).

Networks are surer than they are right, so both are held against the Dice of held-out cases: a linear function of their
logits and of log volume, with coefficients that may not be negative, so that it stays monotone on few cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from oncontour.core.overlap import dice
from oncontour.inference.calibration import DiceModel

LEAST_CASES = 10
"""Two and a half for each coefficient."""

EDGE = 0.01
"""Signs and Dice are held this far from 0 and 1, so that their logit is finite."""


@dataclass(frozen=True)
class Signs:
    """What tells of a region's quality before any reference is seen.

    Args:
        expected: expected Dice.
        agreement: with variants.
        volume_ml: predicted, more than 0.
    """

    expected: float
    agreement: float
    volume_ml: float


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
    rows, target = np.stack([_row(one) for one in signs]), _logit(scores)
    left_out = [
        abs(_sigmoid(float(rows[n] @ _solve(np.delete(rows, n, 0), np.delete(target, n)))) - scores[n])
        for n in range(len(rows))
    ]
    intercept, expected, steady, volume = (float(value) for value in _solve(rows, target))
    return DiceModel(
        cases=len(rows),
        intercept=intercept,
        expected=expected,
        agreement=steady,
        volume=volume,
        error=float(np.mean(left_out)),
    )


def predict_dice(model: DiceModel, signs: Signs) -> float:
    """The Dice that a region probably has, 0 to 1.

    >>> plain = DiceModel(cases=20, intercept=0.0, expected=1.0, agreement=0.0, volume=0.0, error=0.05)
    >>> round(predict_dice(plain, Signs(expected=0.8, agreement=0.5, volume_ml=3.0)), 6)
    0.8
    """
    weights = np.array([model.intercept, model.expected, model.agreement, model.volume])
    return _sigmoid(float(_row(signs) @ weights))


def _row(signs: Signs) -> NDArray[np.float64]:
    return np.array([1.0, *_logit(np.array([signs.expected, signs.agreement])), np.log(signs.volume_ml)])


def _solve(rows: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares with coefficients of at least 0, the intercept free."""
    from scipy.optimize import lsq_linear

    return lsq_linear(rows, target, bounds=([-np.inf, 0, 0, 0], np.inf)).x


def _logit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    held = np.clip(values, EDGE, 1 - EDGE)
    return np.log(held / (1 - held))


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
