"""Weighted kappa against scikit-learn's figures, and its ends."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.evaluate.statistics import weighted_kappa

TABLE = [[11, 3, 1, 0], [2, 9, 4, 1], [0, 5, 8, 2], [1, 0, 2, 12]]


@pytest.mark.parametrize(("weights", "expected"), [("linear", 0.667683591196339), ("quadratic", 0.7643227729329948)])
def test_figures_of_scikit_learn(weights, expected):
    """`cohen_kappa_score` of scikit-learn 1.9.1 on the same ratings."""
    assert weighted_kappa(TABLE, weights) == pytest.approx(expected, abs=1e-12)


def test_agreement_chance_and_contradiction():
    assert weighted_kappa(np.diag([4, 5, 6])) == 1
    assert weighted_kappa(np.outer([2, 4, 6], [1, 2, 3])) == pytest.approx(0)
    assert weighted_kappa([[0, 5], [5, 0]]) == -1
    assert np.isnan(weighted_kappa([[7, 0], [0, 0]]))
    assert np.isnan(weighted_kappa(np.zeros((3, 3))))


def test_two_steps_have_one_weight():
    table = [[20, 5], [10, 15]]
    assert weighted_kappa(table, "quadratic") == pytest.approx(weighted_kappa(table)) == pytest.approx(0.4)


def test_what_is_no_table_of_one_scale_is_told():
    for table in ([[1, 2]], [1, 2], [[1, -1], [0, 1]]):
        with pytest.raises(InputError, match="square table"):
            weighted_kappa(table)
