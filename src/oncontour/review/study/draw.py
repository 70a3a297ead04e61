"""Which masks each rater is shown, in which order and colours: a function of the plan and the masks that are there.

Chance has two streams. The first chooses cases and masks. The second arranges them, and is asked how many there are,
never whose: order and colours cannot depend on sources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.random import Generator

from oncontour.review.study.plan import COLOURS, KINDS, Kind, StudyPlan

T = TypeVar("T")

Available = Mapping[str, Collection[str]]
"""Case -> sources that have a mask of it."""


@dataclass(frozen=True)
class Drawn:
    """A mask on a page."""

    source: str
    colour: str


@dataclass(frozen=True)
class Page:
    """What a rater is shown at once.

    Args:
        case: its name.
        masks: in the order in which they are shown.
        reading: 1, and 2 where the rater has seen the same masks before.
        read_by_all: whether all raters read the case.
    """

    case: str
    masks: tuple[Drawn, ...]
    reading: int
    read_by_all: bool


@dataclass(frozen=True)
class Short:
    """A case of which a rater is shown fewer masks than planned; none: too few of a kind are there."""

    rater: str
    case: str
    masks: int


@dataclass(frozen=True)
class Draw:
    """A study's pages.

    Args:
        pages: rater -> pages in their order.
        read_by_all: cases.
        short: rater by rater.
    """

    pages: Mapping[str, tuple[Page, ...]]
    read_by_all: tuple[str, ...]
    short: tuple[Short, ...]


class _Fair:
    """Chooses, of those that may be taken, the ones taken least so far; among equals chance decides."""

    def __init__(self, chance: Generator) -> None:
        self._chance = chance
        self._taken: Counter[object] = Counter()

    def take(self, options: Sequence[T], count: int = 1) -> list[T]:
        found = sorted(_shuffled(options, self._chance), key=self._taken.__getitem__)[:count]
        self.note(found)
        return found

    def note(self, taken: Iterable[object]) -> None:
        self._taken.update(taken)


def draw_study(plan: StudyPlan, available: Available) -> Draw:
    """Draw the pages of every rater.

    Of each rater and case: as many masks as planned, of each kind as many as its bounds allow, never the rater's own.
    Of which kind there are more, and whose masks are taken, is by chance, but evenly: where all are there, no source of
    a kind is taken more than once more than another (cases that all raters read apart: there the same are taken).

    Args:
        available: sources of every case; those that the plan does not name are not drawn.
    """
    choice, arrangement = (np.random.default_rng([plan.draw.seed, stream]) for stream in (0, 1))
    common = _common(plan, available, choice)
    pages: dict[str, tuple[Page, ...]] = {}
    short: list[Short] = []
    for rater, settings in plan.raters.items():
        cases = sorted(available if settings.cases == "all" else common)
        chosen = _chosen(plan, settings.own, cases, available, common, choice)
        short += [Short(rater, case, len(found)) for case, found in chosen.items() if len(found) < plan.draw.masks]
        pages[rater] = _arranged(plan, chosen, common, arrangement)
    return Draw(pages, tuple(sorted(common)), tuple(short))


def _common(plan: StudyPlan, available: Available, chance: Generator) -> dict[str, list[str]]:
    """The masks that all raters see of the cases that all read: of sources that none of them drew."""
    if len(plan.raters) < 2:
        return {}
    owned = {settings.own for settings in plan.raters.values()}
    there = {case: _by_kind(plan, set(sources) - owned) for case, sources in available.items()}
    fitting = sorted(case for case, sources in there.items() if any(sources.values()))
    count = min(plan.draw.read_by_all, len(fitting))
    cases = _shuffled(fitting, chance)[:count]
    experts, models = plan.draw.experts, plan.draw.models
    sources, splits = _Fair(chance), _Fair(chance)
    found = {}
    for case in cases:
        options = [
            (e, m)
            for e in range(min(experts[1], len(there[case]["expert"])) + 1)
            for m in range(min(models[1], len(there[case]["model"])) + 1)
            if max(e, experts[0]) + max(m, models[0]) <= plan.draw.masks
        ]
        split = splits.take(_largest(options))[0]
        found[case] = [one for kind, n in zip(KINDS, split, strict=True) for one in sources.take(there[case][kind], n)]
    return found


def _chosen(
    plan: StudyPlan,
    own: str | None,
    cases: Sequence[str],
    available: Available,
    common: Mapping[str, Sequence[str]],
    chance: Generator,
) -> dict[str, list[str]]:
    """Sources of each case for one rater; none where too few of a kind are there."""
    sources, splits = _Fair(chance), _Fair(chance)
    found = {}
    for case in _shuffled(cases, chance):
        there = _by_kind(plan, set(available[case]) - {own})
        fixed = _by_kind(plan, common.get(case, ()))
        options = [
            (e, m)
            for e in _range(plan.draw.experts, len(fixed["expert"]), len(there["expert"]))
            for m in _range(plan.draw.models, len(fixed["model"]), len(there["model"]))
            if e + m <= plan.draw.masks
        ]
        found[case] = []
        if not options:
            continue
        split = splits.take(_largest(options))[0]
        for kind, count in zip(KINDS, split, strict=True):
            sources.note(fixed[kind])
            others = [one for one in there[kind] if one not in fixed[kind]]
            found[case] += [*fixed[kind], *sources.take(others, count - len(fixed[kind]))]
    return {case: found[case] for case in cases}


def _by_kind(plan: StudyPlan, sources: Collection[str | None]) -> dict[Kind, list[str]]:
    """In the plan's order, which is the same in every run."""
    return {kind: [name for name in plan.of_kind(kind) if name in sources] for kind in KINDS}


def _range(bounds: tuple[int, int], fixed: int, there: int) -> range:
    return range(max(bounds[0], fixed), min(bounds[1], there) + 1)


def _largest(splits: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those with the most masks."""
    most = max(map(sum, splits))
    return [one for one in splits if sum(one) == most]


def _arranged(
    plan: StudyPlan, chosen: Mapping[str, Sequence[str]], common: Collection[str], chance: Generator
) -> tuple[Page, ...]:
    """A rater's pages in their order."""
    pages = []
    for case, sources in chosen.items():
        mixed = _shuffled(sources, chance)
        for start in range(0, len(mixed), plan.draw.page):
            masks = _coloured(mixed[start : start + plan.draw.page], chance)
            pages.append(Page(case, masks, 1, case in common))
    return (*_with_second_readings(_shuffled(pages, chance), plan.draw.read_twice, chance),)


def _coloured(sources: Sequence[str], chance: Generator) -> tuple[Drawn, ...]:
    colours = _shuffled(COLOURS, chance)
    return tuple(Drawn(source, colour) for source, colour in zip(sources, colours, strict=False))


def _shuffled(items: Sequence[T], chance: Generator) -> list[T]:
    return [items[int(n)] for n in chance.permutation(len(items))]


def _with_second_readings(pages: list[Page], wanted: int, chance: Generator) -> list[Page]:
    """Pages of the first third again, in other order and colours, among those of the last."""
    third = len(pages) // 3
    again = sorted(_shuffled(range(third), chance)[:wanted])
    last = pages[len(pages) - third :]
    for n in again:
        masks = _coloured(_shuffled([mask.source for mask in pages[n].masks], chance), chance)
        second = Page(pages[n].case, masks, 2, pages[n].read_by_all)
        last.insert(int(chance.integers(len(last) + 1)), second)
    return [*pages[: len(pages) - third], *last]
