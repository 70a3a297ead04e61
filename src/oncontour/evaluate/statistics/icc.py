"""Intraclass correlation: how far raters, or methods, agree on numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from oncontour.core.errors import InputError

Form = Literal["1,1", "2,1", "3,1", "1,k", "2,k", "3,k"]
FORMS: tuple[Form, ...] = ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")


UNDEFINED = (float("nan"), float("nan"), float("nan"))
"""Value and limits where nothing varies."""


@dataclass(frozen=True)
class Icc:
    """An intraclass correlation with its interval.

    Args:
        form: Shrout and Fleiss's name.
        value: at most 1; below 0 where raters agree less than by chance, -inf where they contradict each other and a
            mean of them means nothing. NaN where nothing varies.
        low, high: limits of the interval, from the F distribution; of form 2 an approximation, poor for values below 0.
        subjects, raters: how many.
        confidence: of the interval.
    """

    form: Form
    value: float
    low: float
    high: float
    subjects: int
    raters: int
    confidence: float


@dataclass(frozen=True)
class _Squares:
    """Mean squares of a two-way table without repetition."""

    rows: float
    columns: float
    error: float
    within: float


def icc(ratings: ArrayLike, form: Form = "2,1", confidence: float = 0.95) -> Icc:
    """Intraclass correlation of a table of ratings.

    "1": each subject was rated by other raters; "2": the same raters, a sample, absolute agreement; "3": these raters
    alone, consistency (a rater may always give more). ",1": of a single rating; ",k": of the mean of all raters.
    Paper 003 reports "3,1" (two-way mixed, consistency).

    Args:
        ratings: (n subjects, k raters), two or more of each, no gaps.
        form: which of the six.
        confidence: of the interval, between 0 and 1.

    Raises:
        InputError: an unknown form, or a table that is not one.

    Source: Shrout and Fleiss 1979; intervals of McGraw and Wong 1996, Table 7.

    >>> table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> [round(icc(table, form).value, 2) for form in FORMS]
    [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    """
    table = _table(ratings)
    if form not in FORMS:
        raise InputError("icc", repr(form), f"one of {', '.join(FORMS)}", "Name the form.")
    if not 0 < confidence < 1:
        raise InputError("icc", f"confidence {confidence}", "between 0 and 1", "Give 0.95 for 95 %.")
    n, k = table.shape
    squares, upper = _squares(table), (1 + confidence) / 2
    if form.startswith("2"):
        value, low, high = _agreement(squares, n, k, upper)
    else:
        value, low, high = _consistency(squares.rows, *_rest(squares, form, n, k), n, k, upper)
    if form.endswith("k"):
        value, low, high = (_of_mean(one, k) for one in (value, low, high))
    return Icc(form, value, low, high, n, k, confidence)


def _table(ratings: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(ratings, float)
    if table.ndim != 2 or min(table.shape) < 2 or not np.isfinite(table).all():
        found = f"an array of shape {table.shape}" + (" with gaps" if not np.isfinite(table).all() else "")
        remedy = "Leave out subjects that a rater did not rate."
        raise InputError("icc", found, "(subjects, raters), two or more of each, all rated", remedy)
    return table


def _squares(table: NDArray[np.float64]) -> _Squares:
    n, k = table.shape
    mean, rows, columns = table.mean(), table.mean(1), table.mean(0)
    between, raters = k * ((rows - mean) ** 2).sum(), n * ((columns - mean) ** 2).sum()
    total = ((table - mean) ** 2).sum()
    error = max(float(total - between - raters), 0.0)
    return _Squares(
        float(between) / (n - 1),
        float(raters) / (k - 1),
        error / ((n - 1) * (k - 1)),
        float(total - between) / (n * (k - 1)),
    )


def _rest(squares: _Squares, form: Form, n: int, k: int) -> tuple[float, int]:
    """What rows are held against, and its degrees of freedom."""
    return (squares.within, n * (k - 1)) if form.startswith("1") else (squares.error, (n - 1) * (k - 1))


def _of_mean(single: float, k: int) -> float:
    """Spearman and Brown's formula, from one rating to the mean of k; it has no bottom."""
    weight = 1 + (k - 1) * single
    return k * single / weight if not weight <= 0 else -float("inf")


def _consistency(rows: float, rest: float, freedom: int, n: int, k: int, upper: float) -> tuple[float, float, float]:
    """Value and interval of a single rating, forms 1 and 3."""
    if rest == 0:
        return (1.0, 1.0, 1.0) if rows else UNDEFINED
    ratio = rows / rest
    lowest = ratio / float(stats.f.ppf(upper, n - 1, freedom))
    highest = ratio * float(stats.f.ppf(upper, freedom, n - 1))
    value, low, high = ((one - 1) / (one + k - 1) for one in (ratio, lowest, highest))
    return value, low, high


def _agreement(squares: _Squares, n: int, k: int, upper: float) -> tuple[float, float, float]:
    """Value and interval of a single rating, form 2."""
    rows, columns, error = squares.rows, squares.columns, squares.error
    whole = rows + (k - 1) * error + k * (columns - error) / n
    if whole == 0:
        return UNDEFINED
    value = (rows - error) / whole
    if value == 1:
        return 1.0, 1.0, 1.0
    a, b = k * value / (n * (1 - value)), 1 + k * value * (n - 1) / (n * (1 - value))
    spread = (a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    freedom = (a * columns + b * error) ** 2 / spread if spread else 1.0
    less, more = float(stats.f.ppf(upper, n - 1, freedom)), float(stats.f.ppf(upper, freedom, n - 1))
    rest = k * columns + (k * n - k - n) * error
    low = n * (rows - less * error) / (less * rest + n * rows)
    high = n * (more * rows - error) / (rest + n * more * rows)
    return value, low, high
