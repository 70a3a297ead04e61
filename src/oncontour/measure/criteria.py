"""Response criteria as data: how much smaller is a response, how much larger is progression, how long it must last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from oncontour.core.errors import InputError

Rule = Literal["area", "volume"]
"""By sums of bidimensional products, or by volume."""

RULES: tuple[Rule, ...] = ("volume", "area")
"""In the order in which they are shown."""

Category = Literal["CR", "PR", "MR", "SD", "PD", "NE"]
"""Complete, partial and minor response, stable disease, progressive disease, not evaluable."""

CATEGORY_WORDS: Mapping[Category, str] = {
    "CR": "complete response",
    "PR": "partial response",
    "MR": "minor response",
    "SD": "stable disease",
    "PD": "progressive disease",
    "NE": "not evaluable",
}

MEASURABLE_MM = 10.0
"""Both diameters of a measurable lesion reach it (Wen 2010, "Measurable and Nonmeasurable Disease")."""

MEASURABLE_SLICES = 2
"""On so many axial slices (the same place)."""


@dataclass(frozen=True)
class Thresholds:
    """Relative changes, the limit itself included.

    Args:
        partial: from baseline, at most.
        progression: over nadir, at least.
        minor: from baseline, at most, where the criteria know a minor response; None: the rule has none.
        source: the papers.
    """

    partial: float
    progression: float
    minor: float | None
    source: str


THRESHOLDS: Mapping[Rule, Thresholds] = {
    "area": Thresholds(
        partial=-0.50,
        progression=0.25,
        minor=-0.25,
        source="Wen 2010, J Clin Oncol 28:1963, Table 4; minor response: van den Bent 2011, Lancet Oncol 12:583",
    ),
    "volume": Thresholds(
        partial=-0.65,
        progression=0.40,
        minor=None,
        source="modified RANO: Ellingson 2017, Neurotherapeutics 14:307",
    ),
}
"""The limits of volume are what those of area come to for a sphere: 1 - 0.5^1.5 and 1.25^1.5 - 1, rounded."""


@dataclass(frozen=True)
class Criteria:
    """One published set of response criteria.

    Args:
        name: as it is asked for.
        title: what it is for.
        source: the paper.
        enhancing: whether what enhances is followed; else the whole lesion, as FLAIR shows it.
        most_lesions: how many measurable lesions are summed at most.
        confirmation_days: how long complete and partial responses must last.
        minor: whether there is a minor response (by area).
    """

    name: str
    title: str
    source: str
    enhancing: bool
    most_lesions: int
    confirmation_days: int
    minor: bool


CRITERIA: Mapping[str, Criteria] = {
    one.name: one
    for one in (
        Criteria(
            name="RANO",
            title="contrast-enhancing (high-grade) glioma of adults",
            source="Wen 2010, J Clin Oncol 28:1963",
            enhancing=True,
            most_lesions=5,
            confirmation_days=28,
            minor=False,
        ),
        Criteria(
            name="RANO-LGG",
            title="non-enhancing (low-grade) glioma of adults",
            source="van den Bent 2011, Lancet Oncol 12:583",
            enhancing=False,
            most_lesions=5,
            confirmation_days=28,
            minor=True,
        ),
        Criteria(
            name="RAPNO",
            title="high-grade glioma of children",
            source="Erker 2020, Lancet Oncol 21:e317",
            enhancing=True,
            most_lesions=3,
            confirmation_days=56,
            minor=False,
        ),
        Criteria(
            name="RAPNO-LGG",
            title="low-grade glioma of children",
            source="Fangusaro 2020, Lancet Oncol 21:e305",
            enhancing=False,
            most_lesions=5,
            confirmation_days=56,
            minor=True,
        ),
    )
}


def criteria_named(name: str) -> Criteria:
    """The criteria of that name.

    Raises:
        InputError: none of that name.

    >>> criteria_named("RAPNO").confirmation_days
    56
    """
    if name not in CRITERIA:
        raise InputError("criteria", repr(name), f"one of {', '.join(CRITERIA)}", "Correct the name.")
    return CRITERIA[name]
