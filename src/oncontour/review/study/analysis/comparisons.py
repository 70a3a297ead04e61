"""Whether sources differ: scores, acceptable shares, and how often they were taken for AI's.

Paper 001: Kruskal-Wallis with Mann-Whitney post hoc for scores, chi-square for shares, adjusted by Benjamini-Hochberg.
Its printed P values come out where chi-square has Yates' correction and the family is one rater's comparisons of one
model with the other experts (docs/published-figures.md): that is what `focus` makes. Readings repeat on cases, so
beside each test stands a difference with its bootstrap interval over cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, groupby
from math import nan

import numpy as np

from oncontour.core.errors import InputError
from oncontour.evaluate.statistics import Test, benjamini_hochberg, chi_square, compare_groups, percentiles
from oncontour.evaluate.statistics.groups import mann_whitney
from oncontour.review.study.analysis.summaries import by_rater, by_source, resampled
from oncontour.review.study.readings import Reading

SCORE, ACCEPTABLE, CALLED_AI = "score", "acceptable", "called AI"


@dataclass(frozen=True)
class Comparison:
    """Two sources, or all, as one rater, or all, judged them.

    Args:
        rater: name.
        measure: "score", "acceptable" or "called AI".
        first, second: sources; both empty: all of them.
        n_first, n_second: masks; of all: n_first.
        test: name.
        statistic, p: of it; chi-square's without correction.
        p_yates, p_exact: of 2 x 2 tables, with Yates' correction, and Fisher's; else NaN.
        p_adjusted: by Benjamini-Hochberg over the family: of p_yates where there is one, else of p.
        family: in words; empty: not adjusted.
        effect, effect_size: of the test; of shares, the difference.
        difference, low, high: of means or shares, first less second; 95 %, bootstrap over cases.
    """

    rater: str
    measure: str
    first: str
    second: str
    n_first: int
    n_second: int
    test: str
    statistic: float
    p: float
    p_yates: float
    p_exact: float
    p_adjusted: float
    family: str
    effect: str
    effect_size: float
    difference: float
    low: float
    high: float


def compare(
    rows: Sequence[Reading], order: Sequence[str], threshold: int, focus: str | None = None, seed: int = 0
) -> tuple[Comparison, ...]:
    """Every two sources of every rater; with a focus, that source against each other one.

    Args:
        rows: first readings.
        order: of sources.
        threshold: the least score that is acceptable.
        focus: a source; its comparisons with experts are one family, those with models another.
        seed: of the bootstrap.

    Raises:
        InputError: no such source as the focus.
    """
    if focus is not None and focus not in order:
        raise InputError("--focus", repr(focus), f"one of {', '.join(order)}", "Correct the source's name.")
    measures: dict[str, Callable[[Reading], float]] = {
        SCORE: lambda row: row.score,
        ACCEPTABLE: lambda row: row.score >= threshold,
    }
    if any(row.called_ai is not None for row in rows):
        measures[CALLED_AI] = lambda row: bool(row.called_ai)
    found: list[Comparison] = []
    for rater, own in by_rater(rows).items():
        for measure, value in measures.items():
            found += _of_rater(rater, own, order, measure, value, focus, seed)
    return tuple(found)


def _of_rater(
    rater: str,
    rows: Sequence[Reading],
    order: Sequence[str],
    measure: str,
    value: Callable[[Reading], float],
    focus: str | None,
    seed: int,
) -> list[Comparison]:
    groups = by_source(rows, order)
    values = {source: np.array([value(row) for row in own], float) for source, own in groups.items()}
    kinds = {source: own[0].kind for source, own in groups.items()}
    if len(groups) < 2:
        return []
    samples = resampled(rows, [value(row) for row in rows], seed)
    pairs = []
    for first, second, family in _pairs(kinds, focus):
        apart = samples[first] - samples[second]
        interval, difference = percentiles(apart), float(values[first].mean() - values[second].mean())
        test = (_scores if measure == SCORE else _shares)(values[first], values[second])
        pairs.append(
            Comparison(
                rater=rater, measure=measure, first=first, second=second, n_first=len(values[first]),
                n_second=len(values[second]), **test, p_adjusted=nan, family=f"{rater}, {measure}: {family}",
                difference=difference, low=interval.low, high=interval.high,
            )
        )  # fmt: skip
    return [*_overall(rater, measure, values), *_adjusted(pairs)]


def _pairs(kinds: Mapping[str, str], focus: str | None) -> list[tuple[str, str, str]]:
    """First, second, family; those of a family together."""
    if focus is None:
        return [(*pair, "all pairs") for pair in combinations(kinds, 2)]
    if focus not in kinds:
        return []
    others = sorted((name for name in kinds if name != focus), key=lambda name: kinds[name])
    return [(focus, name, f"{focus} against each {kinds[name]}") for name in others]


def _scores(first: np.ndarray, second: np.ndarray) -> dict:
    test = mann_whitney(first, second)
    return _cells(test) | {"p_yates": nan, "p_exact": nan}


def _shares(first: np.ndarray, second: np.ndarray) -> dict:
    table = [[int(one.sum()), int(len(one) - one.sum())] for one in (first, second)]
    cells = _cells(Test("chi-square", nan, nan, "difference of shares", float(first.mean() - second.mean()), 0))
    if not all(map(sum, zip(*table, strict=True))):  # Both say the same of every mask: there is nothing to test.
        return cells | {"p_yates": nan, "p_exact": nan}
    plain, corrected = chi_square(table), chi_square(table, yates=True)
    exact = nan if plain.exact_p is None else plain.exact_p
    return cells | {"statistic": plain.statistic, "p": plain.p, "p_yates": corrected.p, "p_exact": exact}


def _cells(test: Test) -> dict:
    return {
        "test": test.name, "statistic": test.statistic, "p": test.p, "effect": test.effect_name,
        "effect_size": test.effect,
    }  # fmt: skip


def _overall(rater: str, measure: str, values: Mapping[str, np.ndarray]) -> list[Comparison]:
    """All sources at once, where there are three or more."""
    if len(values) < 3:
        return []
    count = sum(map(len, values.values()))
    if measure == SCORE:
        cells = _cells(compare_groups(values).overall)
    else:
        table = np.array([[one.sum(), len(one) - one.sum()] for one in values.values()]).astype(int)
        cells = _cells(Test("chi-square", nan, nan, "Cramér's V", nan, count))
        if table.any(axis=0).all():
            found = chi_square(table)
            cells |= {
                "statistic": found.statistic,
                "p": found.p,
                "effect_size": float(np.sqrt(found.statistic / count)),
            }
    return [
        Comparison(
            rater=rater, measure=measure, first="", second="", n_first=count, n_second=0, **cells, p_yates=nan,
            p_exact=nan, p_adjusted=nan, family="", difference=nan, low=nan, high=nan,
        )
    ]  # fmt: skip


def _adjusted(pairs: Sequence[Comparison]) -> list[Comparison]:
    found: list[Comparison] = []
    for _, family in groupby(pairs, key=lambda one: one.family):
        own = list(family)
        raw = [one.p if np.isnan(one.p_yates) else one.p_yates for one in own]
        found += [replace(one, p_adjusted=float(p)) for one, p in zip(own, benjamini_hochberg(raw), strict=True)]
    return found
