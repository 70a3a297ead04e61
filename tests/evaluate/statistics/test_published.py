"""P values that papers print, from the counts that they print; docs/published-figures.md says more of each."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.evaluate.statistics import benjamini_hochberg, chi_square, marginal_homogeneity

SCORES = np.array([[0, 1, 5, 0], [0, 23, 17, 2], [2, 15, 13, 7], [0, 3, 7, 2]])
"""Paper 003, Table 2: cases by score (2 to 5) of the network's mask in rows and of the manual one in columns."""


def test_association_of_paper_003_table_2():
    found = chi_square(SCORES)
    assert round(found.p, 3) == 0.107
    assert (found.freedom, found.doubtful) == (9, True)
    assert found.exact_p == pytest.approx(found.p, abs=0.01)


def test_marginals_of_paper_003_table_2_are_another_question():
    """Checked with statsmodels 0.15.0, `SquareTable(...).homogeneity()`: 2.0686 of 3 degrees of freedom."""
    found = marginal_homogeneity(SCORES)
    assert (round(found.statistic, 4), found.freedom) == (2.0686, 3)
    assert found.p == pytest.approx(0.5583, abs=1e-4)


@pytest.mark.parametrize(
    ("first", "second", "printed"),
    [
        ((3, 31, 30, 10), (3, 11, 7, 2), 0.357),
        ((0, 5, 8, 3), (6, 37, 29, 9), 0.367),
        ((0, 30, 33, 11), (2, 12, 9, 0), 0.015),
        ((0, 4, 9, 3), (2, 38, 33, 8), 0.315),
    ],
    ids=["network, foci", "network, new", "manual, foci", "manual, new"],
)
def test_subgroups_of_paper_003_table_3(first, second, printed):
    found = chi_square([first, second], yates=True)
    assert round(found.p, 3) == printed
    assert not found.yates  # Yates' correction is of 2 x 2 tables alone.
    assert found.doubtful


def acceptable(model: tuple[int, int], other: tuple[int, int]) -> float:
    return chi_square([[yes, total - yes] for yes, total in (model, other)], yates=True).p


def test_acceptability_of_paper_001():
    """With Yates' correction, adjusted over the two experts that a rater judged beside the model."""
    first = benjamini_hochberg([acceptable((58, 70), (61, 74)), acceptable((58, 70), (50, 63))])
    assert (first > 0.99).all()
    second = benjamini_hochberg([acceptable((54, 75), (29, 60)), acceptable((54, 75), (16, 71))])
    assert round(second[0], 3) == 0.009
    assert second[1] < 0.001
    assert round(acceptable((54, 75), (46, 81)), 2) == 0.07
