"""What a run gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from oncontour.core.checks import Check, Step
from oncontour.core.errors import OncontourError
from oncontour.core.sequence import Sequence
from oncontour.core.study import Decision
from oncontour.measure.regions import RegionMeasurement


@dataclass(frozen=True)
class CaseResult:
    """A case that was segmented.

    Args:
        name: the case's name.
        folder: where its files are.
        reference: the sequence whose native grid the result is in.
        missing: standard sequences that the study lacks.
        measurements: one for each region, outermost first.
        checks: every quality check.
        steps: what was done, and how long it took; some ran side by side.
        seconds: wall time of all of it.
        decisions: every series or file looked at.
        notes: assumptions and repairs, in words.
        certainty_note: on what intervals and predicted Dice (`measurements[n].certainty`) rest, or why there are none.
    """

    name: str
    folder: Path
    reference: Sequence
    missing: tuple[Sequence, ...]
    measurements: tuple[RegionMeasurement, ...]
    checks: tuple[Check, ...]
    steps: tuple[Step, ...]
    seconds: float
    decisions: tuple[Decision, ...]
    notes: tuple[str, ...]
    certainty_note: str = ""


@dataclass(frozen=True)
class CaseOutcome:
    """What became of one case of a run.

    Args:
        name: the case's name.
        folder: its result folder.
        status: "done", "skipped" (`--resume` found its result) or "failed".
        seconds: wall time.
        volumes_ml: region -> mL; empty where it failed.
        result: where it was done.
        error: where it failed.
    """

    name: str
    folder: Path
    status: Literal["done", "skipped", "failed"]
    seconds: float
    volumes_ml: Mapping[str, float]
    result: CaseResult | None = None
    error: OncontourError | None = None
