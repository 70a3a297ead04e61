"""Scores of paper 003's two steps, point by point, and answers that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncontour.core.errors import InputError
from oncontour.review.study.scales import (
    COMMENT,
    CONSISTENT,
    HALF,
    INCLUDES,
    LIKERT,
    MORE,
    NONE,
    QUARTER,
    SCORE,
    SHARES,
    TWO_STEP,
    Score,
    check_answer,
    lacking,
    questions,
    score_of,
    two_step,
)

SEQUENCES = ("FLAIR", "T1CE", "ADC")


@pytest.mark.parametrize(
    ("consistent", "missing", "points"),
    [
        (True, NONE, 5), (True, QUARTER, 4), (True, HALF, 3), (True, MORE, 3),
        (False, NONE, 3), (False, QUARTER, 3), (False, HALF, 2), (False, MORE, 1),
    ],
)  # fmt: skip
def test_two_steps_as_the_paper_has_them(consistent, missing, points):
    assert two_step(consistent, [NONE, missing, NONE], False) == Score(points, points)
    assert two_step(consistent, [missing], True) == Score(points - 1, max(1, points - 1))


@given(st.booleans(), st.lists(st.sampled_from(SHARES), min_size=1, max_size=5), st.booleans())
def test_the_worst_sequence_decides_and_the_score_stays_on_the_scale(consistent, missing, includes):
    found = two_step(consistent, missing, includes)
    assert 1 <= found.value <= 5
    assert found.raw == two_step(consistent, [max(missing, key=SHARES.index)], includes).raw
    assert found.raw in (found.value, 0)


def test_figures_of_the_paper():
    """Figure 3: DL 5; manual inconsistent, less than a quarter missing: 3. Figure 4: DL 2, manual 4."""
    figures = [(True, [NONE] * 3, 5), (False, [QUARTER, NONE, QUARTER], 3)]
    figures += [(False, [HALF, NONE, NONE], 2), (True, [QUARTER, NONE, NONE], 4)]
    assert [two_step(consistent, missing, False).value for consistent, missing, _ in figures] == [5, 3, 2, 4]


def test_answers_make_the_score():
    answers = {CONSISTENT: True, INCLUDES: True, COMMENT: "", **{f"missing on {name}": NONE for name in SEQUENCES}}
    assert score_of(TWO_STEP, answers) == Score(4, 4)
    asked = questions(TWO_STEP, SEQUENCES, True)
    assert lacking(asked, answers) == ("made by AI",)
    assert lacking(questions(LIKERT, (), False), {}) == (SCORE,)


@pytest.mark.parametrize(
    ("name", "value"),
    [(SCORE, 0), (SCORE, 11), (SCORE, 7.0), (SCORE, True), (SCORE, "7"), (COMMENT, 3), (COMMENT, "x" * 5000),
     ("made by AI", 1), ("made by AI", None), ("whose", "e1"), (CONSISTENT, True)],
)  # fmt: skip
def test_what_is_no_answer_is_refused(name, value):
    with pytest.raises(InputError):
        check_answer(questions(LIKERT, (), True), name, value)
