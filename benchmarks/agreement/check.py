"""One figure of ours beside a peer's, on many cases: equal, different for a stated reason, or refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Figures = float | tuple[float, ...]

EXACT = 1e-6
"""Two figures are equal up to this difference, where nothing else is said."""


@dataclass(frozen=True)
class Reason:
    """Why a peer's figure is another.

    Args:
        text: in the table.
        applies: on which cases.
    """

    text: str
    applies: Callable[[Any], bool] = lambda case: True


@dataclass(frozen=True)
class Check:
    """A figure that two programs compute.

    Args:
        figure, ours, peer, function: names; the peer's is that of its distribution.
        own, theirs: from a case to figures.
        reasons: of differences that are expected; the first that applies is told.
        tolerance: up to which two figures are equal.
        why: of another tolerance than `EXACT`.
        note: what must be said beside "equal", such as that both call one library.
    """

    figure: str
    ours: str
    peer: str
    function: str
    own: Callable[[Any], Figures]
    theirs: Callable[[Any], Figures]
    reasons: tuple[Reason, ...] = ()
    tolerance: float = EXACT
    why: str = ""
    note: str = ""


@dataclass(frozen=True)
class Seen:
    """One case on which a peer differs or refuses: its name, our figures, and the peer's, or its error in words."""

    case: str
    own: tuple[float, ...]
    theirs: tuple[float, ...] | str
    apart: float


@dataclass
class Outcome:
    """What a check found.

    Args:
        check: whose.
        cases: how many there were.
        equal: how many of them are equal.
        largest: difference among those.
        explained: reason -> cases that differ for it.
        refused: what the peer said -> cases.
        unexplained: cases that differ for no stated reason.
    """

    check: Check
    cases: int = 0
    equal: int = 0
    largest: float = 0.0
    explained: dict[str, list[Seen]] = field(default_factory=dict)
    refused: dict[str, list[Seen]] = field(default_factory=dict)
    unexplained: list[Seen] = field(default_factory=list)


def run(check: Check, cases: Iterable[Any]) -> Outcome:
    """Compare a figure on every case (each has a `name`)."""
    outcome = Outcome(check)
    for case in cases:
        outcome.cases += 1
        own = _figures(check.own(case))
        try:
            theirs = _figures(check.theirs(case))
        except Exception as error:  # Whatever a peer raises is what is told.
            text = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
            outcome.refused.setdefault(text, []).append(Seen(case.name, own, text, math.inf))
            continue
        apart = max(map(_apart, own, theirs))
        if apart <= check.tolerance:
            outcome.equal += 1
            outcome.largest = max(outcome.largest, apart)
            continue
        seen = Seen(case.name, own, theirs, apart)
        reason = next((one.text for one in check.reasons if one.applies(case)), None)
        (outcome.unexplained if reason is None else outcome.explained.setdefault(reason, [])).append(seen)
    return outcome


def _figures(value: Figures) -> tuple[float, ...]:
    return tuple(map(float, value)) if isinstance(value, tuple) else (float(value),)


def _apart(one: float, other: float) -> float:
    if one == other or (math.isnan(one) and math.isnan(other)):
        return 0.0
    difference = abs(one - other)
    return math.inf if math.isnan(difference) else difference
