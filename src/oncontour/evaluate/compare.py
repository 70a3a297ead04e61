"""Models on the same cases: by how much each region differs, and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import InputError
from oncontour.data.datasets.tables import read_table
from oncontour.evaluate.metrics.lesionwise import PENALTY_MM
from oncontour.evaluate.statistics.groups import Groups, compare_repeated
from oncontour.evaluate.statistics.multiple import benjamini_hochberg
from oncontour.evaluate.statistics.outcome import Test
from oncontour.evaluate.statistics.paired import Paired, compare_paired
from oncontour.evaluate.summary import DISTANCES, SUMMARISED

TESTS: Mapping[str, str] = {"wilcoxon": "wilcoxon", "t": "t", "paper": "rank_sum"}
"""What `--test` may say, and the field of `Paired` that it chooses. "paper" is the unpaired test of paper 001."""

TestName = Literal["wilcoxon", "t", "paper"]


@dataclass(frozen=True)
class Model:
    """Scores of one model.

    Args:
        name: in tables.
        scores: region -> case -> the metric.
    """

    name: str
    scores: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Difference:
    """Two models in one region, first less second.

    Args:
        region, first, second: names.
        medians: of both.
        paired: how they differ.
        test: the one that was asked for.
        adjusted_p: of it, by Benjamini and Hochberg over the family.
    """

    region: str
    first: str
    second: str
    medians: tuple[float, float]
    paired: Paired
    test: Test
    adjusted_p: float


@dataclass(frozen=True)
class Comparison:
    """All regions of several models.

    Args:
        metric: that was compared.
        cases: that all models have, by region.
        left_out: cases that some model lacks.
        differences: of every two models in every region.
        overall: region -> Friedman's test, where there are three models or more.
        family: what the P values were adjusted over, in words.
    """

    metric: str
    cases: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]
    differences: tuple[Difference, ...]
    overall: Mapping[str, Groups]
    family: str

    def as_rows(self) -> list[dict[str, Any]]:
        """A row a difference, for a table."""
        return [_row(self.metric, one) for one in self.differences]


def read_model(path: Path, metric: str, name: str = "", penalty_mm: float = PENALTY_MM) -> Model:
    """Read the scores that `oncontour evaluate` wrote.

    Args:
        path: its folder, or a cases.csv.
        metric: a column of numbers.
        name: in tables; by default the folder's.
        penalty_mm: what an undefined distance counts as.

    Raises:
        InputError: no such table or column, a case twice in a region, or a cell that is no number.
    """
    if metric not in SUMMARISED:
        raise InputError("--metric", repr(metric), f"one of {', '.join(SUMMARISED)}", "Choose a metric.")
    table = path / "cases.csv" if path.is_dir() else path
    content = read_table(table)
    for column in ("case", "region", metric):
        if column not in content.columns:
            found = f"columns {', '.join(content.columns)}"
            raise InputError(table, found, f"a column {column!r}", "Give what `oncontour evaluate` wrote.")
    scores: dict[str, dict[str, float]] = {}
    for row in content.rows:
        region = scores.setdefault(row["region"], {})
        if row["case"] in region:
            found = f"case {row['case']!r} twice in region {row['region']}"
            raise InputError(table, found, "one row a case and region", "Evaluate anew.")
        region[row["case"]] = _number(row[metric], metric, penalty_mm, table, row["case"])
    return Model(name or (path.name if path.is_dir() else path.parent.name), scores)


def _number(text: str, metric: str, penalty_mm: float, table: Path, case: str) -> float:
    if not text and metric in DISTANCES:
        return penalty_mm
    try:
        return float(text)
    except ValueError:
        found = f"{metric} {text!r} of case {case!r}"
        raise InputError(table, found, "a number", "Evaluate anew.") from None


def compare(models: Sequence[Model], metric: str, test: TestName = "wilcoxon", seed: int = 0) -> Comparison:
    """Compare models on the cases that all of them have.

    Args:
        models: two or more, of different names.
        metric: that was read.
        test: whose P values are adjusted; the others stand beside it.
        seed: of bootstrap intervals.

    Raises:
        InputError: fewer than two models, names twice, no region of them all, or fewer than two cases in one.
    """
    names = [model.name for model in models]
    if len(models) < 2 or len(set(names)) < len(names):
        raise InputError("models", ", ".join(names), "two or more of different names", "Name them with NAME=FOLDER.")
    regions = [region for region in models[0].scores if all(region in model.scores for model in models)]
    if not regions:
        raise InputError("models", "no region that all have", "one at least", "Evaluate them with one --scheme.")
    cases = {region: _common(models, region) for region in regions}
    every = {case for model in models for region in regions for case in model.scores[region]}
    differences = [
        _difference(region, one, other, cases[region], test, seed)
        for region in regions
        for one, other in combinations(models, 2)
    ]
    adjusted = benjamini_hochberg([one.test.p for one in differences])
    overall = {
        region: compare_repeated({model.name: _values(model, region, cases[region]) for model in models})
        for region in regions
        if len(models) > 2
    }
    count = f"{len(regions)} regions" + (f" and {len(differences) // len(regions)} pairs" if len(models) > 2 else "")
    return Comparison(
        metric=metric,
        cases=cases,
        left_out=tuple(sorted(every - set().union(*cases.values()))),
        differences=tuple(replace(one, adjusted_p=float(p)) for one, p in zip(differences, adjusted, strict=True)),
        overall=overall,
        family=f"{len(differences)} tests of {metric}: {count}",
    )


def _common(models: Sequence[Model], region: str) -> tuple[str, ...]:
    shared = set.intersection(*(set(model.scores[region]) for model in models))
    if len(shared) < 2:
        found = f"{len(shared)} cases that all models have in region {region}"
        raise InputError("models", found, "two or more", "Evaluate them on the same cases.")
    return tuple(sorted(shared))


def _values(model: Model, region: str, cases: Sequence[str]) -> NDArray[np.float64]:
    return np.array([model.scores[region][case] for case in cases])


def _difference(region: str, one: Model, other: Model, cases: Sequence[str], test: TestName, seed: int) -> Difference:
    first, second = _values(one, region, cases), _values(other, region, cases)
    found = compare_paired(first, second, seed=seed)
    medians = float(np.median(first)), float(np.median(second))
    return Difference(
        region, one.name, other.name, medians, found, getattr(found, TESTS[test]), adjusted_p=float("nan")
    )


def _row(metric: str, one: Difference) -> dict[str, Any]:
    return {
        "metric": metric,
        "region": one.region,
        "first": one.first,
        "second": one.second,
        "n": one.paired.n,
        "median_first": one.medians[0],
        "median_second": one.medians[1],
        "mean_difference": one.paired.mean,
        "low": one.paired.interval.low,
        "high": one.paired.interval.high,
        "test": one.test.name,
        "p": one.test.p,
        "p_adjusted": one.adjusted_p,
        "effect": one.test.effect_name,
        "effect_size": one.test.effect,
        "p_wilcoxon": one.paired.wilcoxon.p,
        "p_paired_t": one.paired.t.p,
        "p_rank_sum": one.paired.rank_sum.p,
    }
