"""Many tests at once: P values that keep the share of false discoveries in hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from oncontour.core.errors import InputError


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    """Adjusted P values of one family of tests, in the order given (Benjamini and Hochberg 1995).

    A NaN, of a test that could not be done, stays one and is not counted among the family.

    Raises:
        InputError: values that are no probabilities.

    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(4).tolist()
    [0.03, 0.04, 0.04]
    """
    values = np.asarray(p, float)
    done = ~np.isnan(values)
    if values.ndim != 1 or ((values[done] < 0) | (values[done] > 1)).any():
        raise InputError("P values", f"{values.tolist()}", "a list of numbers from 0 to 1", "Give raw P values.")
    adjusted = np.full(values.shape, np.nan)
    if done.any():
        adjusted[done] = stats.false_discovery_control(values[done])
    return adjusted
