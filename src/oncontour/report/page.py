"""The words and numbers of the page, the same for HTML and PDF."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from oncontour.core.checks import Check, Step, Verdict
from oncontour.core.sequence import ABSENCE_COSTS, Sequence
from oncontour.core.study import Decision
from oncontour.drawing.views import signed
from oncontour.measure import RegionMeasurement
from oncontour.measure.certainty import Certainty
from oncontour.measure.regions import Point
from oncontour.report.case import CaseReport

VERDICT_WORDS: dict[Verdict, str] = {"ok": "OK", "warn": "Warning", "fail": "Fail"}

SEVERITY: tuple[Verdict, ...] = ("fail", "warn", "ok")
"""What needs attention stands first."""

NOTHING = "–"

PICTURES_NOTE = "Pictures: radiological orientation, the patient's right on the picture's left; each bar is 5 cm."
"""How to read the montage."""


def grid_note(case: CaseReport) -> str:
    """In which grid and coordinates the numbers are meant."""
    return (
        f"Volumes and diameters are measured in the grid of {case.reference}; "
        "x, y, z are its world coordinates, growing to the patient's right, front and head."
    )


@dataclass(frozen=True)
class RegionRow:
    """A line of the table of volumes."""

    name: str
    title: str
    colour: tuple[int, int, int]
    volume: str
    interval: str
    dice: str
    share: str
    components: str
    longest: str
    side: str
    centre: str


@dataclass(frozen=True)
class SequenceRow:
    """A standard sequence: where it came from and why, or what its absence costs."""

    name: str
    source: str
    text: str
    missing: bool
    reference: bool


@dataclass(frozen=True)
class CheckRow:
    """A quality check."""

    verdict: Verdict
    word: str
    name: str
    value: str
    text: str


def region_rows(case: CaseReport) -> list[RegionRow]:
    """One line for each measured region."""
    return [_region_row(case, item) for item in case.measurements]


def _region_row(case: CaseReport, item: RegionMeasurement) -> RegionRow:
    found = item.centroid_mm is not None
    return RegionRow(
        name=item.name,
        title=item.title,
        colour=case.scheme.region(item.name).colour,
        volume=volume_text(item.volume_ml),
        interval=interval_text(item.certainty),
        dice=dice_text(item.certainty),
        share=NOTHING if item.share is None else f"{100 * item.share:.0f} %",
        components=str(item.components),
        longest=f"{item.longest_mm:.0f}" if found else NOTHING,
        side=item.hemisphere or NOTHING,
        centre=NOTHING if item.centroid_mm is None else place_text(item.centroid_mm),
    )


def is_calibrated(case: CaseReport) -> bool:
    """Whether the table has columns for intervals and predicted Dice."""
    return any(item.certainty is not None for item in case.measurements)


def interval_text(certainty: Certainty | None) -> str:
    """The interval of a volume, such as "9.71 to 14.2"."""
    if certainty is None or certainty.interval is None:
        return NOTHING
    return f"{volume_text(certainty.interval.low)} to {volume_text(certainty.interval.high)}"


def dice_text(certainty: Certainty | None) -> str:
    """Predicted Dice and its mean error on held-out cases, such as "0.85 ± 0.05"."""
    if certainty is None or certainty.dice is None:
        return NOTHING
    return f"{certainty.dice:.2f} ± {certainty.dice_error:.2f}"


def volume_text(volume_ml: float) -> str:
    """A volume with the digits that it deserves.

    >>> [volume_text(value) for value in (0.0, 0.0421, 4.218, 56.754)]
    ['0', '0.042', '4.22', '56.8']
    """
    if volume_ml == 0:
        return "0"
    return f"{volume_ml:.3f}" if volume_ml < 1 else f"{volume_ml:.2f}" if volume_ml < 10 else f"{volume_ml:.1f}"


def place_text(point: Point) -> str:
    """A place in the world, RAS+.

    >>> place_text((23.4, -7.0, 31.6))
    '23, −7, 32'
    """
    return ", ".join(signed(value) for value in point)


def sequence_rows(case: CaseReport) -> list[SequenceRow]:
    """The sequences used, in the standard order, and those missing."""
    used = {decision.sequence: decision for decision in case.decisions if decision.used}
    rows = []
    for sequence in Sequence:
        if sequence in case.missing:
            cost = ABSENCE_COSTS.get(sequence, "less certain")
            rows.append(SequenceRow(str(sequence), "not in the study", cost[0].upper() + cost[1:], True, False))
        elif sequence in used or sequence in case.images:
            source, text = _source(used.get(sequence))
            rows.append(SequenceRow(str(sequence), source, text, False, sequence == case.reference))
    return rows


def _source(decision: Decision | None) -> tuple[str, str]:
    if decision is None:
        return "given", ""
    return decision.series, f"{decision.reason} ({100 * decision.confidence:.0f} %)"


def unused_decisions(case: CaseReport) -> list[Decision]:
    """Series that were looked at and left aside."""
    return [decision for decision in case.decisions if not decision.used]


def unused_text(case: CaseReport) -> str:
    """How many series were left aside, empty where all were used."""
    count = len(unused_decisions(case))
    return f"{count} other series {'was' if count == 1 else 'were'} looked at and not used." if count else ""


def check_rows(checks: Iterable[Check]) -> list[CheckRow]:
    """The checks, failures first, else in their own order."""
    return [
        CheckRow(check.verdict, VERDICT_WORDS[check.verdict], check.name, value_text(check), check.message)
        for check in sorted(checks, key=lambda check: SEVERITY.index(check.verdict))
    ]


def value_text(check: Check) -> str:
    """The measured number, its unit, and the rule that it was held against."""
    if check.value is None or not math.isfinite(check.value):
        number = NOTHING
    else:
        number = f"{check.value:.3g}" if abs(check.value) < 1000 else f"{check.value:.0f}"
    value = f"{number} {check.unit}".strip()
    return f"{value} ({check.limit})" if check.limit else value


def checks_text(checks: Iterable[Check]) -> str:
    """Counts by verdict.

    >>> checks_text([Check("a", "ok", 1.0, "", "", ""), Check("b", "warn", 1.0, "", "", "")])
    '1 warning, 1 OK'
    """
    counts = Counter(check.verdict for check in checks)
    words = {"fail": "failed", "warn": "warning" if counts["warn"] == 1 else "warnings", "ok": "OK"}
    return ", ".join(f"{counts[verdict]} {words[verdict]}" for verdict in SEVERITY if counts[verdict]) or "none made"


def step_texts(steps: Iterable[Step]) -> list[tuple[str, str]]:
    """(step, seconds) of every step."""
    return [(step.name, f"{step.seconds:.1f} s") for step in steps]
