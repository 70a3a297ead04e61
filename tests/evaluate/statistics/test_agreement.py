"""Bland-Altman, correlation, false discoveries, tables of counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncontour.core.errors import InputError
from oncontour.evaluate.statistics import (
    benjamini_hochberg,
    bland_altman,
    chi_square,
    correlate,
    marginal_homogeneity,
)


def test_bland_altman_is_prediction_less_reference():
    found = bland_altman([11, 12, 13], [10, 10, 10])
    assert (found.bias, found.deviation, found.n) == (2, 1, 3)
    assert (found.low, found.high) == pytest.approx((2 - 1.96, 2 + 1.96))
    with pytest.raises(InputError, match="3 and 2"):
        bland_altman([1, 2, 3], [1, 2])
    with pytest.raises(InputError, match="1 of 2 values"):
        bland_altman([1, float("nan")], [1, 2])


def test_normal_samples_get_pearson_and_others_spearman():
    rng = np.random.default_rng(1)
    a = rng.normal(size=60)
    b = a + rng.normal(scale=0.5, size=60)
    assert correlate(a, b).method == "pearson"
    skewed = correlate(np.exp(2 * a), np.exp(2 * b))
    assert skewed.method == "spearman"
    assert skewed.normality_p is not None
    assert max(skewed.normality_p) < 0.05
    assert np.isnan(correlate([1, 1, 1], [1, 2, 3]).r)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusted_values_are_monotone_and_no_smaller(raw):
    adjusted = benjamini_hochberg(raw)
    assert (adjusted >= np.array(raw) - 1e-12).all()
    assert (adjusted <= 1).all()
    order = np.argsort(raw, kind="stable")
    assert (np.diff(adjusted[order]) >= -1e-12).all()


def test_a_test_that_could_not_be_done_is_not_of_the_family():
    assert benjamini_hochberg([0.01, float("nan"), 0.04])[[0, 2]].tolist() == pytest.approx([0.02, 0.04])
    with pytest.raises(InputError, match=r"1\.2"):
        benjamini_hochberg([1.2])


def test_chi_square_with_and_without_correction():
    plain, corrected = chi_square([[12, 5], [6, 14]]), chi_square([[12, 5], [6, 14]], yates=True)
    assert plain.statistic > corrected.statistic
    assert plain.p < corrected.p
    assert plain.exact_p == corrected.exact_p
    assert plain.min_expected == pytest.approx(17 * 18 / 37)
    assert not plain.doubtful


def test_a_small_table_has_a_permutation_test_beside_it():
    found = chi_square([[3, 0, 1], [0, 4, 1]])
    assert found.doubtful
    assert found.exact_p is not None
    assert 0.005 < found.exact_p < 0.2
    assert chi_square([[30, 20, 10], [20, 40, 10]]).exact_p is None


def test_rows_and_columns_of_zeros_say_nothing():
    assert chi_square([[12, 0, 5], [6, 0, 14], [0, 0, 0]]).p == chi_square([[12, 5], [6, 14]]).p
    with pytest.raises(InputError, match="1 x 2"):
        chi_square([[3, 4], [0, 0]])
    with pytest.raises(InputError, match="whole numbers"):
        chi_square([[0.5, 1], [2, 3]])


def test_association_and_marginals_are_two_questions():
    """Two raters who agree in order, one a step lower: associated, and not homogeneous."""
    table = [[5, 20, 0], [0, 5, 20], [0, 0, 5]]
    assert chi_square(table).p < 1e-4
    assert marginal_homogeneity(table).p < 1e-4
    assert marginal_homogeneity([[5, 9, 0], [9, 5, 1], [0, 1, 5]]).p > 0.99
    assert marginal_homogeneity([[5, 0], [0, 7]]).p == 1
