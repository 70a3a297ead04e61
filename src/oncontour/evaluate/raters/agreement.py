"""How several sources agree over a cohort: every two, each expert as reference, and models against the experts' band.

Dice of two masks that are both empty is 1, of one that is empty 0; tables count such cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import nan

import numpy as np

from oncontour.evaluate.raters.case import PairScore
from oncontour.evaluate.raters.sources import Source
from oncontour.evaluate.statistics.multiple import benjamini_hochberg
from oncontour.evaluate.statistics.paired import Paired, compare_paired
from oncontour.evaluate.summary import Spread, spread

Dices = Mapping[tuple[str, frozenset[str]], Mapping[str, float]]
"""Region and two sources -> case -> Dice."""

ROUNDING = 1e-9
"""A figure this near an end of a band is on it: the mean of three equal numbers need not equal them."""


@dataclass(frozen=True)
class Cell:
    """Two sources in one region, over all cases that both drew.

    Args:
        region, first, second: names.
        dice: of the two.
        both_empty, one_empty: cases of Dice 1 and 0 for that reason.
    """

    region: str
    first: str
    second: str
    dice: Spread
    both_empty: int
    one_empty: int


@dataclass(frozen=True)
class Versus:
    """Two sources against a third, an expert, in one region: whose Dice with it is higher.

    Args:
        region, reference, first, second: names.
        dice: of the first and of the second with the reference, in cases that all three drew.
        paired: first less second; None with fewer than two cases.
        adjusted_p: of the signed-rank test, by Benjamini and Hochberg over the family.
    """

    region: str
    reference: str
    first: str
    second: str
    dice: tuple[Spread, Spread]
    paired: Paired | None
    adjusted_p: float


@dataclass(frozen=True)
class Band:
    """A model against the band in which experts agree with one another, in one region.

    In each case: the model's figure is the mean of its Dice with every expert, the experts' the mean over every two of
    them, and the band reaches from their lowest to their highest pair. Cases that the model and two experts or more
    drew; where an expert lacks one, the others make the band.

    Args:
        region, model: names.
        model_dice, expert_dice: of these cases' figures.
        paired: model less experts; None with fewer than two cases.
        adjusted_p: of the signed-rank test, by Benjamini and Hochberg over the family.
        below, within, above: cases in which the model's figure lies there; the ends belong to the band.
    """

    region: str
    model: str
    model_dice: Spread
    expert_dice: Spread
    paired: Paired | None
    adjusted_p: float
    below: int
    within: int
    above: int

    @property
    def reached(self) -> float:
        """Share of cases in which the model lies within the band or above; NaN without cases."""
        cases = self.below + self.within + self.above
        return (self.within + self.above) / cases if cases else nan


def matrix(scores: Iterable[PairScore]) -> tuple[Cell, ...]:
    """Summarise every two sources in every region."""
    groups: dict[tuple[str, str, str], list[PairScore]] = {}
    for one in scores:
        groups.setdefault((one.region, one.first, one.second), []).append(one)
    cells = []
    for names, rows in groups.items():
        empty = [(not row.volume_first_ml) + (not row.volume_second_ml) for row in rows]
        cells.append(Cell(*names, spread([row.dice for row in rows]), empty.count(2), empty.count(1)))
    return tuple(cells)


def against_references(scores: Iterable[PairScore], sources: Sequence[Source], seed: int = 0) -> tuple[Versus, ...]:
    """With each expert as reference in turn, compare every two of the other sources (paper 001, Figure 4 B to D).

    Args:
        scores: of all cases.
        sources: all of them.
        seed: of bootstrap intervals.
    """
    dices, regions = _dices(scores)
    names = [source.name for source in sources]
    found = [
        _versus(region, reference.name, pair, dices, seed)
        for region in regions
        for reference in sources
        if reference.expert
        for pair in combinations([name for name in names if name != reference.name], 2)
    ]
    adjusted = _adjusted([one.paired for one in found])
    return tuple(replace(one, adjusted_p=p) for one, p in zip(found, adjusted, strict=True))


def _versus(region: str, reference: str, pair: tuple[str, str], dices: Dices, seed: int) -> Versus:
    one, other = (dices.get((region, frozenset((name, reference))), {}) for name in pair)
    cases = sorted(set(one) & set(other))
    first, second = [one[case] for case in cases], [other[case] for case in cases]
    paired = compare_paired(first, second, seed=seed) if len(cases) > 1 else None
    return Versus(region, reference, *pair, (spread(first), spread(second)), paired, nan)


def bands(scores: Iterable[PairScore], sources: Sequence[Source], seed: int = 0) -> tuple[Band, ...]:
    """Hold every model against the experts' band (`Band`); arguments as for `against_references`."""
    dices, regions = _dices(scores)
    experts = [source.name for source in sources if source.expert]
    models = [source.name for source in sources if not source.expert]
    found = [_band(region, model, experts, dices, seed) for region in regions for model in models]
    adjusted = _adjusted([one.paired for one in found])
    return tuple(replace(one, adjusted_p=p) for one, p in zip(found, adjusted, strict=True))


def _band(region: str, model: str, experts: Sequence[str], dices: Dices, seed: int) -> Band:
    own = [dices.get((region, frozenset((model, expert))), {}) for expert in experts]
    among = [dices.get((region, frozenset(pair)), {}) for pair in combinations(experts, 2)]
    cases = sorted(set().union(*own) & set().union(*among))
    figures = np.array([np.mean([one[case] for one in own if case in one]) for case in cases], float)
    pairs = [[one[case] for one in among if case in one] for case in cases]
    middle = np.array([np.mean(one) for one in pairs], float)
    below = int(sum(figure < min(one) - ROUNDING for figure, one in zip(figures, pairs, strict=True)))
    above = int(sum(figure > max(one) + ROUNDING for figure, one in zip(figures, pairs, strict=True)))
    paired = compare_paired(figures, middle, seed=seed) if len(cases) > 1 else None
    inside = len(cases) - below - above
    return Band(region, model, spread(figures), spread(middle), paired, nan, below, inside, above)


def _dices(scores: Iterable[PairScore]) -> tuple[Dices, tuple[str, ...]]:
    """Dice by region and pair, and the regions in their order."""
    found: dict[tuple[str, frozenset[str]], dict[str, float]] = {}
    for one in scores:
        found.setdefault((one.region, frozenset((one.first, one.second))), {})[one.case] = one.dice
    return found, tuple(dict.fromkeys(region for region, _ in found))


def _adjusted(found: Sequence[Paired | None]) -> list[float]:
    return [float(p) for p in benjamini_hochberg([one.wilcoxon.p if one else nan for one in found])]
