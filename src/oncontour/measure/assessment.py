"""One scan of a follow-up: what is known of it, and what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from oncontour.measure.change import Change
from oncontour.measure.criteria import Category
from oncontour.measure.interval import Interval

Steroids = Literal["none", "stable", "increased", "decreased", "unknown"]
"""Dose of corticosteroids against that at baseline; a physiological replacement dose counts as none."""

Clinical = Literal["improved", "stable", "worse", "unknown"]
"""Clinical state against baseline; "worse" has no other cause than the tumour."""

STEROIDS: tuple[Steroids, ...] = ("none", "stable", "increased", "decreased", "unknown")
CLINICAL: tuple[Clinical, ...] = ("improved", "stable", "worse", "unknown")

RANK: dict[Category, int] = {"CR": 3, "PR": 2, "MR": 1, "SD": 0, "PD": -1, "NE": -1}
"""A scan shows a response as well when its rank is not lower."""


@dataclass(frozen=True)
class Timepoint:
    """What is known of one scan.

    Args:
        day: date, or number of days since any day, the same for all scans.
        size: sum of products of the measurable lesions, mm2; or volume, mL.
        unmeasurable: sum of products of lesions that are there but not measurable, mm2; 0 for volumes.
        measurable: whether a lesion is measurable; None: one is where the size is above 0.
        interval: 95 % interval of the size.
        new_lesion: whether a reader sees a lesion that was not there before; None: not known.
        steroids: see `Steroids`.
        clinical: see `Clinical`.
    """

    day: int | date
    size: float
    unmeasurable: float = 0.0
    measurable: bool | None = None
    interval: Interval | None = None
    new_lesion: bool | None = None
    steroids: Steroids = "unknown"
    clinical: Clinical = "unknown"

    @property
    def has_measurable(self) -> bool:
        """Whether a lesion is measurable."""
        return self.size > 0 if self.measurable is None else self.measurable

    @property
    def empty(self) -> bool:
        """Whether nothing is left, measurable or not."""
        return self.size == 0 and self.unmeasurable == 0


@dataclass(frozen=True)
class Assessment:
    """What one scan shows by one rule.

    Args:
        day: days after baseline.
        role: "before" (the baseline; not judged, and no nadir), "baseline" or "follow-up".
        size: as given.
        by_size: the criterion that the size alone meets; None but at follow-up.
        category: with new lesions, steroids and clinical state; None but at follow-up.
        confirmed: whether a response lasted as long as the criteria ask; None where nothing is to be confirmed.
        from_baseline: change since baseline; None but at follow-up.
        over_nadir: change since the smallest size from baseline to the scan before; None but at follow-up.
        unknown: inputs that were not known.
        words: why, in sentences with the numbers.
    """

    day: int
    role: Literal["before", "baseline", "follow-up"]
    size: float
    by_size: Category | None = None
    category: Category | None = None
    confirmed: bool | None = None
    from_baseline: Change | None = None
    over_nadir: Change | None = None
    unknown: tuple[str, ...] = ()
    words: str = ""


def run_days(judged: Sequence[Assessment], one: Assessment) -> tuple[int, int]:
    """First and last day of the scans in a row around `one` that show its response, or a better one."""
    place, rank = judged.index(one), RANK[one.category or "NE"]
    first = last = place
    while first > 0 and RANK[judged[first - 1].category or "NE"] >= rank:
        first -= 1
    while last < len(judged) - 1 and RANK[judged[last + 1].category or "NE"] >= rank:
        last += 1
    return judged[first].day, judged[last].day
