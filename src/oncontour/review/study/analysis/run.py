"""A study's analysis as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from oncontour.core.errors import InputError
from oncontour.evaluate.subgroups import GroupTable
from oncontour.review.study.analysis.agreement import Agreement, agree
from oncontour.review.study.analysis.comparisons import Comparison, compare
from oncontour.review.study.analysis.crosstabs import Crosstab, Grouped, cross, group
from oncontour.review.study.analysis.origin import Called, Telling, count_called, tell_apart
from oncontour.review.study.analysis.summaries import Summary, first_readings, summarise
from oncontour.review.study.readings import Reading, Readings
from oncontour.review.study.scales import SCALES, Scale

FEW_STEPS = 5
"""Scales of more have crosstabs of mostly empty cells, in which no test can be trusted."""


@dataclass(frozen=True)
class Analysis:
    """What a study found. Second readings are in `agreement` alone.

    Args:
        name: of the study.
        scale: that masks were scored on.
        order: sources, as the plan names them.
        rows: readings of locked pages.
        planned: rater -> masks to be read.
        lost: masks that could not be shown.
        focus: the source that others were held against; None: all pairs.
        summaries: of every rater and source.
        comparisons: of sources.
        called, telling: of the question of origin; empty where it was not asked.
        agreement: intraclass correlations.
        crosstabs: of scales of few steps.
        groups: of a table of cases, where one was given.
        seed: of bootstraps.
    """

    name: str
    scale: Scale
    order: tuple[str, ...]
    rows: tuple[Reading, ...]
    planned: Mapping[str, int]
    lost: int
    focus: str | None
    summaries: tuple[Summary, ...]
    comparisons: tuple[Comparison, ...]
    called: tuple[Called, ...]
    telling: tuple[Telling, ...]
    agreement: tuple[Agreement, ...]
    crosstabs: tuple[Crosstab, ...]
    groups: tuple[Grouped, ...]
    seed: int

    @property
    def unread(self) -> int:
        """Masks that are still to be read."""
        return sum(self.planned.values()) - len(self.rows)


def analyse(readings: Readings, focus: str | None = None, groups: GroupTable | None = None, seed: int = 0) -> Analysis:
    """Analyse what has been read and locked.

    Args:
        readings: unblinded.
        focus: a source to hold each other one against; None: all pairs.
        groups: what cases differ in (`evaluate.subgroups.read_groups`).
        seed: of bootstraps.

    Raises:
        InputError: nothing has been locked, or no such source as the focus.
    """
    plan, scale = readings.plan, SCALES[readings.plan.scale]
    if not readings.rows:
        raise InputError(plan.name, "no page locked yet", "one or more", "Wait for a rater.")
    order, first = tuple(plan.sources), first_readings(readings.rows)
    steps = range(scale.lowest, scale.highest + 1)
    asked = [row for row in first if row.called_ai is not None]
    return Analysis(
        name=plan.name,
        scale=scale,
        order=order,
        rows=readings.rows,
        planned=readings.planned,
        lost=len(readings.lost),
        focus=focus,
        summaries=summarise(first, order, scale.acceptable, seed),
        comparisons=compare(first, order, scale.acceptable, focus, seed),
        called=count_called(asked, order, seed) if asked else (),
        telling=tell_apart(asked, seed) if asked else (),
        agreement=agree(readings.rows, order),
        crosstabs=cross(first, steps) if len(steps) <= FEW_STEPS else (),
        groups=group(first, order, steps, groups) if groups else (),
        seed=seed,
    )


def mean_and_deviation(counts: Sequence[int], steps: Sequence[int]) -> tuple[float, float]:
    """Mean and standard deviation (ddof 1) of scores, by how many masks have each.

    >>> [round(one, 3) for one in mean_and_deviation([6, 42, 37, 12], [2, 3, 4, 5])]
    [3.567, 0.789]
    """
    n = sum(counts)
    mean = sum(count * step for count, step in zip(counts, steps, strict=True)) / n
    squares = sum(count * (step - mean) ** 2 for count, step in zip(counts, steps, strict=True))
    return mean, sqrt(squares / (n - 1)) if n > 1 else float("nan")
