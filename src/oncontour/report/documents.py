"""What other programs read: `measurements.json` and `quality.json`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from oncontour.core.checks import Check, Step, worst
from oncontour.core.errors import OncontourError
from oncontour.core.sequence import ABSENCE_COSTS, Sequence
from oncontour.core.study import Decision
from oncontour.data.files import write_json
from oncontour.measure import RegionMeasurement
from oncontour.measure.certainty import Certainty
from oncontour.measure.interval import LEVEL
from oncontour.measure.side import Midplane, mid_sagittal_plane
from oncontour.report.case import CORRECTED_STATEMENT, STATEMENT, CaseReport

MEASUREMENTS_SCHEMA = "oncontour/measurements/1"
QUALITY_SCHEMA = "oncontour/quality/1"
"""The number after the last slash grows when a key changes its meaning or goes; new keys do not count."""

CORRECTED_NOTE = "Corrected by a reader: the intervals and predicted Dice of the model's own result do not hold."

DIGITS = 4
"""Decimals written: a tenth of a cubic millimetre, a tenth of a micrometre."""


def write_measurements(case: CaseReport, path: Path) -> None:
    """Write what was measured: `measurements_document` as JSON.

    Raises:
        OutputError: the file could not be written.
    """
    write_json(Path(path), measurements_document(case))


def measurements_document(case: CaseReport) -> dict[str, Any]:
    """What was measured, as `measurements.json` holds it.

    Keys: `schema`, `case`, `version`, `model`, `statement`, `reference` (sequence whose grid was measured), `findings`,
    `scheme`, and `regions`, a list in the scheme's order of objects with `name`, `title`, `volume_ml`,
    `share_of_whole` (0 to 1, null without tumour), `components`, `centroid_mm` ([x, y, z] RAS+, null if empty),
    `box_mm` ({"low", "high"}, RAS+, faces included, null if empty), `longest_diameter_mm`, `hemisphere` ("left",
    "right", "both" or null) and `certainty` (null where the bundle was not calibrated; else `interval_ml` ([low, high]
    or null), `level`, `predicted_dice` and its `predicted_dice_error` (or null), and `held_out` with `present`,
    `missed`, `largest_missed_ml`, `absent` and `invented`). `certainty_note` says in words what these rest on.
    `midplane` ({"a", "b", "c"} or null) is the plane x = a + b y + c z that parts the hemispheres. `corrected` stands
    in measurements of a version that a reader corrected (`corrected_document`).
    """
    plane = mid_sagittal_plane(case.brain)
    return _plain(
        {
            "schema": MEASUREMENTS_SCHEMA,
            "case": case.name,
            "version": case.version,
            "model": case.model_card,
            "statement": STATEMENT,
            "reference": case.reference,
            "findings": case.findings,
            "certainty_note": case.certainty_note,
            "scheme": case.scheme.name,
            "midplane": asdict(plane) if plane else None,
            "regions": [_region(item) for item in case.measurements],
        }
    )


def midplane_of(document: Mapping[str, Any]) -> Midplane | None:
    """The plane that parts the hemispheres; None in documents that have none."""
    plane = document.get("midplane")
    return Midplane(**plane) if plane else None


def corrected_document(
    made_from: Mapping[str, Any], version: str, findings: str, measurements: Iterable[RegionMeasurement]
) -> dict[str, Any]:
    """What was measured in masks that a reader corrected. Intervals and predicted Dice are the model's: it has none.

    Args:
        made_from: `measurements_document` of the result.
        version: of the program that measures.
        findings: the result in one sentence.
    """
    said = {
        "version": version,
        "statement": CORRECTED_STATEMENT,
        "findings": findings,
        "certainty_note": CORRECTED_NOTE,
        "corrected": True,
        "regions": [_region(item) for item in measurements],
    }
    return _plain({**made_from, **said})


def write_quality(
    path: Path,
    *,
    name: str,
    version: str,
    model_card: str = "",
    reference: Sequence | None = None,
    decisions: Iterable[Decision] = (),
    missing: Iterable[Sequence] = (),
    notes: Iterable[str] = (),
    checks: Iterable[Check] = (),
    steps: Iterable[Step] = (),
    seconds: float = 0.0,
    error: OncontourError | None = None,
) -> None:
    """Write what was found, assumed and checked, and how long each step took; also for a case that failed.

    Keys: `schema`, `case`, `version`, `model`, `status` ("done" or "failed"), `error` (null, or `kind`, `where`,
    `found`, `expected`, `remedy`), `reference` (sequence or null), `series` (list of `series`, `sequence` or null,
    `used`, `reason`, `confidence` 0 to 1), `missing` (list of `sequence`, `cost`), `notes` (list of sentences),
    `checks` (list of `name`, `verdict` "ok" / "warn" / "fail", `value` or null, `unit`, `limit`, `message`), `verdict`
    (the worst of them, "ok" if there are none), `steps` (list of `name`, `seconds`, `summary`), `seconds`
    (wall time of the whole case: less than the sum of its steps, of which some run side by side).

    Raises:
        OutputError: the file could not be written.
    """
    checks, steps = tuple(checks), tuple(steps)
    document = {
        "schema": QUALITY_SCHEMA,
        "case": name,
        "version": version,
        "model": model_card,
        "status": "failed" if error else "done",
        "error": error.as_json() if error else None,
        "reference": reference,
        "series": [
            {
                "series": item.series,
                "sequence": item.sequence,
                "used": item.used,
                "reason": item.reason,
                "confidence": item.confidence,
            }
            for item in decisions
        ],
        "missing": [{"sequence": item, "cost": ABSENCE_COSTS.get(item, "")} for item in missing],
        "notes": list(notes),
        "checks": [
            {
                "name": item.name,
                "verdict": item.verdict,
                "value": item.value,
                "unit": item.unit,
                "limit": item.limit,
                "message": item.message,
            }
            for item in checks
        ],
        "verdict": worst(checks),
        "steps": [{"name": item.name, "seconds": item.seconds, "summary": item.summary} for item in steps],
        "seconds": seconds,
    }
    _write(document, path)


def _region(item: RegionMeasurement) -> dict[str, Any]:
    return {
        "name": item.name,
        "title": item.title,
        "volume_ml": item.volume_ml,
        "share_of_whole": item.share,
        "components": item.components,
        "centroid_mm": item.centroid_mm,
        "box_mm": None if item.box_mm is None else {"low": item.box_mm[0], "high": item.box_mm[1]},
        "longest_diameter_mm": item.longest_mm,
        "hemisphere": item.hemisphere,
        "certainty": _certainty(item.certainty),
    }


def _certainty(item: Certainty | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return {
        "interval_ml": [item.interval.low, item.interval.high] if item.interval else None,
        "level": LEVEL,
        "predicted_dice": item.dice,
        "predicted_dice_error": item.dice_error,
        "held_out": item.misses.model_dump(),
    }


def _write(document: dict[str, Any], path: Path) -> None:
    write_json(Path(path), _plain(document))


def _plain(value: Any) -> Any:
    """Numbers rounded; what is not finite becomes null, since JSON has no word for it."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(float(value), DIGITS) if math.isfinite(value) else None
    return value
