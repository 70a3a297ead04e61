"""Numbers that tests are given, checked in one place."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from oncontour.core.errors import InputError


def sample(values: ArrayLike, name: str = "sample", least: int = 1) -> NDArray[np.float64]:
    """A list of finite numbers.

    Raises:
        InputError: fewer than `least`, another shape, or a number that is none.
    """
    array = np.asarray(values, float)
    if array.ndim != 1 or array.size < least:
        raise InputError(name, f"shape {array.shape}", f"a list of {least} or more numbers", "Give more cases.")
    gaps = int(np.count_nonzero(~np.isfinite(array)))
    if gaps:
        remedy = "Decide what a case without a number counts as (a missed tumour must not improve a mean)."
        raise InputError(name, f"{gaps} of {array.size} values missing or infinite", "finite numbers", remedy)
    return array


def paired_samples(a: ArrayLike, b: ArrayLike, least: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two lists of finite numbers of the same cases; errors as for `sample`."""
    first, second = sample(a, "first sample", least), sample(b, "second sample", least)
    if first.shape != second.shape:
        found = f"{first.size} and {second.size} values"
        raise InputError("paired samples", found, "as many, case by case", "Compare the cases that both have.")
    return first, second
