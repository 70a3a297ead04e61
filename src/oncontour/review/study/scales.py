"""What raters are asked of a mask, and the score that their answers make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from oncontour.core.errors import InputError

ScaleName = Literal["likert", "two-step"]


@dataclass(frozen=True)
class Scale:
    """A scale of whole numbers.

    Args:
        name: as plans have it.
        lowest, highest: scores.
        acceptable: this score and more.
        means: what "acceptable" says, in words.
        instructions: for raters.
    """

    name: ScaleName
    lowest: int
    highest: int
    acceptable: int
    means: str
    instructions: str


LIKERT = Scale(
    "likert",
    1,
    10,
    7,
    "acceptable for volumetry",
    "Look at each outline on all slices. Give it a score from 1 (worst) to 10 (perfect). 7 is the threshold: a score "
    "of 7 or more says that you would accept the outline as it is for measuring the tumour's volume. Score each "
    "outline by itself, not against the others. Colours and order mean nothing: both are drawn by chance.",
)
"""Paper 001 (Boyd et al. 2024), Methods. Its own words (Figure S2) are not at hand; these are ours."""

TWO_STEP = Scale(
    "two-step",
    1,
    5,
    3,
    "good or better",
    "First say whether the outline is, in general, consistent with the lesion's shape on all sequences. Then look at "
    "each sequence and estimate by eye how much of the tumour's volume the outline misses there. Last say whether it "
    "includes normal anatomy or an artefact. The score follows from these answers.",
)
"""Paper 003 (Wan et al. 2024), Methods and Figure 2: 5 excellent, 4 very good, 3 good, 2 fair, 1 poor."""

SCALES: Mapping[str, Scale] = {scale.name: scale for scale in (LIKERT, TWO_STEP)}

SCORE, ORIGIN, COMMENT = "score", "made by AI", "comment"
CONSISTENT, INCLUDES, MISSING = "consistent", "includes normal anatomy", "missing on "
"""Names of questions; `MISSING` is followed by a sequence."""

NONE, QUARTER, HALF, MORE = "nothing", "less than a quarter", "a quarter to a half", "more than half"
SHARES = (NONE, QUARTER, HALF, MORE)
"""What an outline may miss of the tumour's volume."""

LONGEST = 4000
"""Characters of a comment."""


@dataclass(frozen=True)
class Question:
    """One thing asked of each mask.

    Args:
        name: what the answer is stored under.
        words: as a rater reads it.
        kind: "number" (low to high), "yes-no", "choice" or "text".
        choices: of a choice; the lowest and the highest of a number.
        required: before the page can be locked.
    """

    name: str
    words: str
    kind: Literal["number", "yes-no", "choice", "text"]
    choices: tuple[Any, ...] = ()
    required: bool = True


def questions(scale: Scale, sequences: Iterable[str], ask_origin: bool) -> tuple[Question, ...]:
    """All that is asked of a mask.

    Args:
        sequences: names, for the two-step scale.
        ask_origin: whether raters guess who made it (paper 001's Turing question).

    >>> [one.name for one in questions(TWO_STEP, ["FLAIR"], False)]
    ['consistent', 'missing on FLAIR', 'includes normal anatomy', 'comment']
    """
    if scale is LIKERT:
        asked = [Question(SCORE, "Score", "number", (scale.lowest, scale.highest))]
    else:
        words = "Consistent with the lesion's shape on all sequences?"
        asked = [Question(CONSISTENT, words, "yes-no")]
        asked += [Question(MISSING + name, f"Of the tumour, missing on {name}", "choice", SHARES) for name in sequences]
        asked.append(Question(INCLUDES, "Does it include normal anatomy or an artefact?", "yes-no"))
    if ask_origin:
        asked.append(Question(ORIGIN, "Was this outline made by a computer (AI)?", "yes-no"))
    return (*asked, Question(COMMENT, "Comment", "text", required=False))


def check_answer(asked: Iterable[Question], name: str, value: Any) -> None:
    """Refuse what is no answer.

    Raises:
        InputError: no such question, or a value that it does not allow.
    """
    by_name = {one.name: one for one in asked}
    if name not in by_name:
        raise InputError("question", repr(name), f"one of {', '.join(by_name)}", "Correct the question's name.")
    question = by_name[name]
    if question.kind == "number":
        low, high = question.choices
        good = type(value) is int and low <= value <= high
        expected = f"a whole number from {low} to {high}"
    elif question.kind == "yes-no":
        good, expected = isinstance(value, bool), "yes or no"
    elif question.kind == "choice":
        good, expected = value in question.choices, f"one of: {', '.join(question.choices)}"
    else:
        good, expected = isinstance(value, str) and len(value) <= LONGEST, f"text of at most {LONGEST} characters"
    if not good:
        found = f"{len(value)} characters" if isinstance(value, str) and question.kind == "text" else repr(value)[:40]
        raise InputError(f"answer to {name!r}", found, expected, "Answer again.")


def lacking(asked: Iterable[Question], answers: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of required questions without an answer."""
    return tuple(one.name for one in asked if one.required and one.name not in answers)


@dataclass(frozen=True)
class Score:
    """What answers come to.

    Args:
        raw: as the rules give it; the two-step scale's penalty may lead below 1.
        value: within the scale.
    """

    raw: int
    value: int


def score_of(scale: Scale, answers: Mapping[str, Any]) -> Score:
    """The score of a mask, all required questions answered.

    >>> score_of(LIKERT, {"score": 8})
    Score(raw=8, value=8)
    >>> two_step(False, [MORE, NONE], True)
    Score(raw=0, value=1)
    """
    if scale is LIKERT:
        return Score(answers[SCORE], answers[SCORE])
    missing = [value for name, value in answers.items() if name.startswith(MISSING)]
    return two_step(answers[CONSISTENT], missing, answers[INCLUDES])


def two_step(consistent: bool, missing: Iterable[str], includes: bool) -> Score:
    """Paper 003's score: step 1 says which half of the scale, step 2 the worst sequence's point on it.

    Consistent: 5 where nothing is missing, 4 less than a quarter, 3 more. Not consistent: 3 less than a quarter, 2 a
    quarter to a half, 1 more than half. One point less, once, where normal anatomy or an artefact is included; never
    below 1.

    Args:
        missing: of `SHARES`, one a sequence; at least one.
    """
    worst = max(SHARES.index(one) for one in missing)
    points = (5, 4, 3, 3) if consistent else (3, 3, 2, 1)
    raw = points[worst] - includes
    return Score(raw, max(raw, TWO_STEP.lowest))
