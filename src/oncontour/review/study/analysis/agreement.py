"""How far raters agree with one another, and with themselves: intraclass correlation of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from oncontour.evaluate.statistics import icc
from oncontour.evaluate.statistics.icc import Form
from oncontour.review.study.readings import Reading

FORMS: tuple[Form, Form] = ("3,1", "2,1")
"""Paper 003's (two-way mixed, consistency), and absolute agreement, which a rater who always gives more lowers."""

EVERY = "all sources"


@dataclass(frozen=True)
class Agreement:
    """An intraclass correlation of scores of the same masks.

    Args:
        between: "raters", or "readings" of one rater.
        raters: names, with " and " between.
        source: name, or "all sources".
        n: masks.
        form: Shrout and Fleiss's.
        value, low, high: with its 95 % interval; NaN where scores do not vary.
    """

    between: Literal["raters", "readings"]
    raters: str
    source: str
    n: int
    form: str
    value: float
    low: float
    high: float


Scores = Mapping[tuple[str, str], int]
"""(case, source) -> score."""


def agree(rows: Sequence[Reading], order: Sequence[str]) -> tuple[Agreement, ...]:
    """Of every two raters, and of all where there are more; then of each rater's two readings.

    Args:
        rows: all readings.
        order: of sources.
    """
    raters = list(dict.fromkeys(row.rater for row in rows))
    read = {
        (rater, reading): {(r.case, r.source): r.score for r in rows if (r.rater, r.reading) == (rater, reading)}
        for rater in raters
        for reading in (1, 2)
    }
    groups = [*combinations(raters, 2), *([tuple(raters)] if len(raters) > 2 else [])]
    found: list[Agreement] = []
    for group in groups:
        found += _correlated("raters", " and ".join(group), [read[rater, 1] for rater in group], order)
    for rater in raters:
        found += _correlated("readings", rater, [read[rater, 1], read[rater, 2]], order)
    return tuple(found)


def _correlated(
    between: Literal["raters", "readings"], raters: str, scores: Sequence[Scores], order: Sequence[str]
) -> list[Agreement]:
    """Of masks that all have scored: of each source with two or more, and of all together."""
    shared = sorted(set.intersection(*(set(one) for one in scores)))
    found = []
    for source in (*order, EVERY):
        masks = [mask for mask in shared if source in (mask[1], EVERY)]
        if len(masks) < 2:
            continue
        table = np.array([[one[mask] for one in scores] for mask in masks])
        for form in FORMS:
            value = icc(table, form)
            found.append(Agreement(between, raters, source, len(masks), form, value.value, value.low, value.high))
    return found
