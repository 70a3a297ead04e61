"""A follow-up as rows and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from oncontour.evaluate.follow.measured import RegionSize, Scan
from oncontour.evaluate.follow.run import FollowUp
from oncontour.measure.assessment import Assessment
from oncontour.measure.criteria import CATEGORY_WORDS, RULES, THRESHOLDS, Rule
from oncontour.measure.interval import LEVEL, Interval
from oncontour.measure.lesions import sum_of_products

SCHEMA = "oncontour/follow-up/1"
"""The number after the last slash grows when a key changes its meaning or goes; new keys do not count."""

MEASURES: dict[Rule, str] = {"area": "sum_of_products_mm2", "volume": "solid_volume_ml"}
"""What each rule judges, as `follow.csv` names it."""


NOT_JUDGED: Mapping[str, object] = dict.fromkeys(
    ("from_baseline", "over_nadir", "by_size", "response", "confirmed", "beyond_error")
)
"""Columns of what is judged, empty."""


def rows(follow_up: FollowUp, *, show_dates: bool = False) -> list[dict[str, object]]:
    """Rows of `follow.csv`: one a scan, region and measure.

    Columns: `scan` (1 the first), `day` (after baseline), `date` where it is asked for, `region`, `measure`, `value`,
    `low` and `high` (95 % interval), and for what was judged `from_baseline`, `over_nadir` (relative changes),
    `by_size`, `response`, `confirmed` (1 or 0), `beyond_error` (1 or 0, of the change since baseline); empty: none, or
    not known.
    """
    found = []
    for number, scan in enumerate(follow_up.scans):
        first: dict[str, object] = {"scan": number + 1, "day": follow_up.responses["area"][number].day}
        if show_dates and isinstance(scan.visit.day, date):
            first["date"] = scan.visit.day.isoformat()
        for size in scan.regions.values():
            for measure, value, interval in _values(size, follow_up.criteria.most_lesions):
                judged: list[Rule] = [
                    one for one in RULES if MEASURES[one] == measure and size.region == follow_up.region.name
                ]
                assessment = follow_up.responses[judged[0]][number] if judged else None
                found.append(
                    first
                    | {"region": size.region, "measure": measure, "value": value}
                    | _bounds(interval)
                    | _judged(assessment)
                )
    return found


def _values(size: RegionSize, most: int) -> Iterator[tuple[str, float, Interval | None]]:
    yield "volume_ml", size.volume_ml, size.interval
    yield MEASURES["volume"], size.solid_ml, size.solid_interval
    yield MEASURES["area"], sum_of_products(size.lesions, most), None
    yield "lesions", len(size.lesions), None
    yield "measurable_lesions", sum(lesion.measurable for lesion in size.lesions), None


def _bounds(interval: Interval | None) -> dict[str, object]:
    return {"low": interval.low if interval else None, "high": interval.high if interval else None}


def _judged(one: Assessment | None) -> dict[str, object]:
    if one is None or one.from_baseline is None or one.over_nadir is None:
        return dict(NOT_JUDGED)
    return {
        "from_baseline": one.from_baseline.relative,
        "over_nadir": one.over_nadir.relative,
        "by_size": one.by_size,
        "response": one.category,
        "confirmed": None if one.confirmed is None else int(one.confirmed),
        "beyond_error": None if one.from_baseline.beyond_error is None else int(one.from_baseline.beyond_error),
    }


def document(follow_up: FollowUp, version: str, statement: str, *, show_dates: bool = False) -> dict[str, Any]:
    """What `follow.json` says.

    Keys: `schema`, `version`, `statement`, `scheme`, `region` (followed), `criteria` (with their source), `thresholds`
    by rule, `level` of intervals, `notes`, and `scans`, a list of `scan`, `day`, `date` (null unless asked for),
    `inputs` (`new_lesion`, `steroids`, `clinical`), `mask_sha256`, `spacing_mm`, `regions` (each `region`, `volume_ml`,
    `solid_ml`, `interval` or null, `lesions`), and `assessments` by rule: `role`, `size`, `by_size`, `category`,
    `category_words`, `confirmed`, `from_baseline` and `over_nadir` (each `day`, `before`, `after`, `relative`,
    `interval`, `beyond_error`), `unknown`, `words`.
    """
    return {
        "schema": SCHEMA,
        "version": version,
        "statement": statement,
        "scheme": follow_up.scheme.name,
        "region": follow_up.region.name,
        "criteria": asdict(follow_up.criteria),
        "thresholds": {rule: asdict(limits) for rule, limits in THRESHOLDS.items()},
        "level": LEVEL,
        "notes": list(follow_up.notes),
        "scans": [_scan(follow_up, number, scan, show_dates) for number, scan in enumerate(follow_up.scans)],
    }


def _scan(follow_up: FollowUp, number: int, scan: Scan, show_dates: bool) -> dict[str, Any]:
    visit = scan.visit
    return {
        "scan": number + 1,
        "day": follow_up.responses["area"][number].day,
        "date": visit.day.isoformat() if show_dates and isinstance(visit.day, date) else None,
        "inputs": {"new_lesion": visit.new_lesion, "steroids": visit.steroids, "clinical": visit.clinical},
        "mask_sha256": scan.sha256,
        "spacing_mm": list(scan.spacing),
        "regions": [asdict(size) for size in scan.regions.values()],
        "assessments": {rule: _assessment(judged[number]) for rule, judged in follow_up.responses.items()},
    }


def _assessment(one: Assessment) -> dict[str, Any]:
    found = asdict(one)
    found["category_words"] = CATEGORY_WORDS[one.category] if one.category else None
    return found
