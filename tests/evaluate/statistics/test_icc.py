"""Shrout and Fleiss's example, simulated coverage, ties, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from oncontour.core.errors import InputError
from oncontour.evaluate.statistics import FORMS, icc

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_published_example_with_its_intervals():
    """Shrout and Fleiss 1979, Tables 2 and 4; intervals as McGraw and Wong's formulas give them."""
    expected = {
        "1,1": (0.166, -0.133, 0.723), "2,1": (0.290, 0.019, 0.761), "3,1": (0.715, 0.342, 0.946),
        "1,k": (0.443, -0.884, 0.912), "2,k": (0.620, 0.071, 0.927), "3,k": (0.909, 0.676, 0.986),
    }  # fmt: skip
    for form, values in expected.items():
        found = icc(SHROUT_FLEISS, form)
        assert (found.value, found.low, found.high) == pytest.approx(values, abs=6e-4)
        assert (found.subjects, found.raters, found.form) == (6, 4, form)


@pytest.mark.parametrize("form", ["2,1", "3,1"])
def test_interval_covers_the_truth_as_often_as_it_says(form):
    """Subjects' variance 4, raters' 1, error's 1: agreement 4/6, consistency 4/5."""
    rng = np.random.default_rng(0)
    truth = {"2,1": 4 / 6, "3,1": 4 / 5}[form]
    hits = 0
    for _ in range(300):
        raters = rng.normal(0, 1, (1, 6)) if form == "2,1" else np.linspace(-1, 1, 6)[None]
        found = icc(rng.normal(0, 2, (30, 1)) + raters + rng.normal(0, 1, (30, 6)), form)
        hits += found.low <= truth <= found.high
    assert 0.91 <= hits / 300 <= 0.98


@given(table=arrays(float, st.tuples(st.integers(2, 8), st.integers(2, 5)), elements=st.integers(0, 5)))
def test_values_lie_within_their_intervals(table):
    for form in FORMS:
        found = icc(table, form)
        if np.isnan(found.value):
            continue
        assert found.value <= 1 + 1e-12
        exact = not form.startswith("2") or found.value > 0.05  # Form 2's interval is an approximation.
        if np.isfinite([found.low, found.high]).all() and exact:
            assert found.low - 1e-9 <= found.value <= found.high + 1e-9


def test_perfect_agreement_and_no_variance():
    assert icc([[1, 1], [2, 2], [5, 5]], "2,1").value == 1
    assert icc([[1, 2], [2, 3], [5, 6]], "3,1").value == 1
    assert icc([[1, 2], [2, 3], [5, 6]], "2,1").value < 1
    assert np.isnan(icc([[3, 3], [3, 3]], "3,1").value)


def test_what_is_no_table_is_refused():
    with pytest.raises(InputError, match="gaps"):
        icc([[1, 2], [3, float("nan")]])
    with pytest.raises(InputError, match=r"\(4,\)"):
        icc([1, 2, 3, 4])
    with pytest.raises(InputError, match="'4,1'"):
        icc(SHROUT_FLEISS, "4,1")  # pyright: ignore[reportArgumentType]
