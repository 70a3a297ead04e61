"""Tables of counts: whether rows and columns go together, and whether two raters use a scale alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from oncontour.core.errors import InputError

SMALL = 5.0
"""Expected counts below this make chi-square's P value doubtful."""


@dataclass(frozen=True)
class ChiSquare:
    """Pearson's test of independence.

    Args:
        statistic, p, freedom: of the test.
        min_expected: the smallest expected count.
        exact_p: Fisher's where the table is 2 x 2, of a permutation test where a count is small; None where neither
            is needed.
        yates: whether Yates' correction was made (2 x 2 tables alone).
    """

    statistic: float
    p: float
    freedom: int
    min_expected: float
    exact_p: float | None
    yates: bool

    @property
    def doubtful(self) -> bool:
        """Whether an expected count is below 5."""
        return self.min_expected < SMALL


def chi_square(table: ArrayLike, yates: bool = False, permutations: int = 9999, seed: int = 0) -> ChiSquare:
    """Test whether the rows of a table of counts differ in their columns.

    Args:
        table: (rows, columns) counts; rows and columns of zeros are left out.
        yates: correct for continuity, where the table is 2 x 2.
        permutations: of the test beside it where an expected count is below 5 and the table is larger than 2 x 2.
        seed: of these.

    Raises:
        InputError: not counts, or fewer than two rows or columns with any.

    >>> round(chi_square([[10, 20], [20, 10]]).p, 4)
    0.0098
    """
    counts = _counts(table)
    expected = stats.contingency.expected_freq(counts)
    smallest, square = float(expected.min()), counts.shape == (2, 2)
    found = stats.chi2_contingency(counts, correction=yates and square)
    exact = None
    if square:
        exact = float(stats.fisher_exact(counts).pvalue)
    elif smallest < SMALL:
        exact = _permuted(counts, expected, permutations, seed)
    return ChiSquare(float(found.statistic), float(found.pvalue), int(found.dof), smallest, exact, yates and square)


def _permuted(counts: NDArray, expected: NDArray, permutations: int, seed: int) -> float:
    """Share of random tables with the same margins whose statistic is as large."""
    tables = stats.random_table(counts.sum(1), counts.sum(0), seed=seed).rvs(permutations)
    statistics = ((tables - expected) ** 2 / expected).sum(axis=(1, 2))
    own = ((counts - expected) ** 2 / expected).sum()
    return float((1 + np.count_nonzero(statistics >= own - 1e-9)) / (permutations + 1))


def _counts(table: ArrayLike) -> NDArray[np.int64]:
    values = np.asarray(table)
    counts = values.astype(np.int64) if values.ndim == 2 else None
    if counts is None or not np.array_equal(counts, values) or (counts < 0).any():
        raise InputError("table", f"{values.tolist()}", "rows of whole numbers from 0", "Give counts, not shares.")
    kept = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    if min(kept.shape) < 2:
        found = f"{kept.shape[0]} x {kept.shape[1]} with any count"
        raise InputError("table", found, "2 x 2 or more", "There is nothing to compare.")
    return kept


@dataclass(frozen=True)
class MarginalHomogeneity:
    """Stuart and Maxwell's test.

    Args:
        statistic, p, freedom: of the test; McNemar's, without correction, where the scale has two steps.
    """

    statistic: float
    p: float
    freedom: int


def marginal_homogeneity(table: ArrayLike) -> MarginalHomogeneity:
    """Test whether two raters of the same cases use the steps of a scale equally often (Stuart 1955, Maxwell 1970).

    An association test of the same table asks another question: whether their ratings go together.

    Args:
        table: (k, k) counts, a rater's ratings in rows, the other's in columns.

    Raises:
        InputError: not a square table of counts.

    >>> round(marginal_homogeneity([[20, 5], [15, 10]]).p, 4)
    0.0253
    """
    values = np.asarray(table)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or (values < 0).any():
        raise InputError("table", f"shape {values.shape}", "a square table of counts", "Use one scale for both.")
    off = values.astype(float) * (1 - np.eye(len(values)))
    used = (off + off.T).any(axis=1)  # Steps on which the two always agree say nothing, and make the matrix singular.
    off = off[used][:, used]
    if not off.any():
        return MarginalHomogeneity(0.0, 1.0, 0)
    difference = off.sum(1) - off.sum(0)
    covariance = np.diag(off.sum(1) + off.sum(0)) - off - off.T
    freedom = int(np.linalg.matrix_rank(covariance))
    statistic = float(difference @ np.linalg.pinv(covariance) @ difference)
    return MarginalHomogeneity(statistic, float(stats.chi2.sf(statistic, freedom)), freedom)
