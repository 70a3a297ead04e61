"""Scores of a model's and an expert's masks of the same cases, and of groups of cases (paper 003, Tables 2 and 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np
from numpy.typing import NDArray

from oncontour.evaluate.statistics import (
    benjamini_hochberg,
    chi_square,
    compare_groups,
    marginal_homogeneity,
    weighted_kappa,
)
from oncontour.evaluate.subgroups import LEAST, GroupTable
from oncontour.review.study.readings import Reading


@dataclass(frozen=True, eq=False)
class Crosstab:
    """One rater's scores of a model's and an expert's masks.

    Args:
        rater, model, expert: names.
        steps: of the scale.
        counts: (steps, steps) cases, the model's score in rows, the expert's in columns.
        p_association, p_permuted: chi-square of whether the scores go together (paper 003's test), uncorrected, and by
            permutation where an expected count is below 5, else NaN.
        least_expected: of chi-square.
        p_homogeneity: Stuart and Maxwell's test of whether both are scored alike.
        kappa: weighted linearly.
    """

    rater: str
    model: str
    expert: str
    steps: tuple[int, ...]
    counts: NDArray[np.int64]
    p_association: float
    p_permuted: float
    least_expected: float
    p_homogeneity: float
    kappa: float


def cross(rows: Sequence[Reading], steps: Sequence[int]) -> tuple[Crosstab, ...]:
    """Every model against every expert, rater by rater, over cases of which a rater scored both.

    Args:
        rows: first readings.
        steps: of the scale, in their order.
    """
    scores: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in rows:
        scores.setdefault((row.rater, row.kind, row.source), {})[row.case] = row.score
    found = []
    for (rater, kind, model), first in scores.items():
        for (other, other_kind, expert), second in scores.items():
            if (kind, other_kind, other) != ("model", "expert", rater):
                continue
            cases = first.keys() & second.keys()
            if cases:
                found.append(_crosstab(rater, model, expert, steps, [(first[case], second[case]) for case in cases]))
    return tuple(found)


def _crosstab(rater: str, model: str, expert: str, steps: Sequence[int], pairs: Sequence[tuple[int, int]]) -> Crosstab:
    counted = Counter(pairs)
    counts = np.array([[counted[one, other] for other in steps] for one in steps], np.int64)
    p, permuted, least = _association(counts)
    alike = marginal_homogeneity(counts).p
    return Crosstab(rater, model, expert, tuple(steps), counts, p, permuted, least, alike, weighted_kappa(counts))


def _association(counts: NDArray[np.int64]) -> tuple[float, float, float]:
    """P, P by permutation and the least expected count; NaN where a row or column alone has any."""
    if min(counts.any(axis=1).sum(), counts.any(axis=0).sum()) < 2:
        return nan, nan, nan
    found = chi_square(counts)
    return found.p, nan if found.exact_p is None else found.exact_p, found.min_expected


@dataclass(frozen=True, eq=False)
class Grouped:
    """One source's scores, by one rater, in groups of cases.

    Args:
        rater, source, column: names.
        steps: of the scale.
        counts: group -> cases of each score.
        p: chi-square, uncorrected.
        p_permuted: where an expected count is below 5; else NaN.
        p_ranks: Mann-Whitney's, or Kruskal-Wallis's of three groups and more, which know that scores are ordered.
        p_adjusted: of p, by Benjamini-Hochberg over all of the rater's groupings.
    """

    rater: str
    source: str
    column: str
    steps: tuple[int, ...]
    counts: Mapping[str, tuple[int, ...]]
    p: float
    p_permuted: float
    p_ranks: float
    p_adjusted: float


def group(
    rows: Sequence[Reading], order: Sequence[str], steps: Sequence[int], table: GroupTable
) -> tuple[Grouped, ...]:
    """Every source's scores by every column of a table of cases; groups of fewer than two cases are left out.

    Args:
        rows: first readings.
        order: of sources.
        steps: of the scale.
        table: what cases differ in.
    """
    found: list[Grouped] = []
    for rater in dict.fromkeys(row.rater for row in rows):
        made = []
        for column in table.columns:
            for source in order:
                own = [row for row in rows if (row.rater, row.source) == (rater, source)]
                one = _grouped(rater, source, column, own, steps, table)
                made += [one] if one else []
        adjusted = benjamini_hochberg([one.p for one in made])
        found += [replace(one, p_adjusted=float(p)) for one, p in zip(made, adjusted, strict=True)]
    return tuple(found)


def _grouped(
    rater: str, source: str, column: str, rows: Sequence[Reading], steps: Sequence[int], table: GroupTable
) -> Grouped | None:
    scores: dict[str, list[float]] = {}
    for row in rows:
        value = table.rows.get(row.case, {}).get(column)
        if value:
            scores.setdefault(value, []).append(row.score)
    groups = {value: own for value, own in sorted(scores.items()) if len(own) >= LEAST}
    if len(groups) < 2:
        return None
    counts = {value: tuple(own.count(step) for step in steps) for value, own in groups.items()}
    p, permuted, _ = _association(np.array(list(counts.values()), np.int64))
    ranks = compare_groups(groups).overall.p
    return Grouped(rater, source, column, tuple(steps), counts, p, permuted, ranks, nan)
