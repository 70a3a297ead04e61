"""A case: the images of one study that came together, and how far they have come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar


class State(StrEnum):
    """How far a case is. The last five are ends; `node retry` leads out of them."""

    COMPLETE = "complete"
    WAITING = "waiting"
    WORKING = "working"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    IGNORED = "ignored"
    HELD = "held"
    QUARANTINED = "quarantined"
    PURGED = "purged"


BY_HAND = "by hand"
"""In place of a rule: a person said which bundle."""

FINISHED = frozenset((State.DELIVERED, State.IGNORED))
"""Ends that ask nothing of anybody."""

ENDS = frozenset((State.DELIVERED, State.IGNORED, State.HELD, State.QUARANTINED, State.PURGED))


@dataclass(frozen=True)
class Case:
    """A row of the ledger.

    Args:
        case: its name, <study>-<part>; it says nothing about the patient.
        study: token of its StudyInstanceUID.
        part: 1; 2 where late images came after the first was complete.
        images: names in the spool.
        sender: application entity title, "web" or "folder".
        complete_by: "count", "quiet" or "force".
        rule, bundle, priority: what routing decided.
        reason: why it is held, or in quarantine.
        node: who works on it.
        epoch: rises with each take-over; who has an older one must not deliver.
        round: 1, and one more each time a person has it done again.
        result: volumes, checks, the bundle's hash, seconds of each stage.
        first_at, last_at: of its images.
    """

    case: str
    study: str
    part: int
    images: tuple[str, ...]
    sender: str
    complete_by: str
    state: State
    rule: str | None
    bundle: str | None
    priority: int
    reason: str | None
    node: str | None
    epoch: int
    round: int
    result: Mapping[str, Any] | None
    first_at: float
    last_at: float
    complete_at: float
    changed_at: float


@dataclass(frozen=True)
class Standing:
    """How far a case is, without its images and results.

    Args:
        changed_at: when it came into its state.
    """

    case: str
    study: str
    state: State
    changed_at: float


Part = TypeVar("Part", Case, Standing)


def present(parts: Iterable[Part]) -> list[Part]:
    """Parts of a study without those that were purged, which count as never having come."""
    return [part for part in parts if part.state is not State.PURGED]


def case_name(study: str, part: int) -> str:
    """The name of a study's part."""
    return f"{study}-{part}"


def study_of(case: str) -> str:
    """The study's token in a case's name.

    >>> study_of(case_name("ab12", 2))
    'ab12'
    """
    return case.rpartition("-")[0]
