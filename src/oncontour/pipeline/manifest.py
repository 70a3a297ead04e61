"""run.json: what a run did, kept up to date case by case."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import oncontour
from oncontour.data.files import write_json
from oncontour.pipeline.options import Options
from oncontour.pipeline.outcome import CaseOutcome
from oncontour.pipeline.provenance import RECORD_NAME, peak_memory_gib, versions

MANIFEST_NAME = "run.json"
RESULT_NAME = "result.json"
"""What a container leaves for whoever began it."""


class Manifest:
    """OUT/run.json: versions, choices, bundles, and each case with its inputs, timings and memory.

    Args:
        out: the output folder.
        options: the run's choices.
        bundles: name and digest of each bundle.
    """

    def __init__(self, out: Path, options: Options, bundles: Mapping[str, Any]) -> None:
        self._path = out / MANIFEST_NAME
        self._head = {
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(),
            "options": {**options.record(), "resume": options.resume},
            "bundles": dict(bundles),
        }
        self._cases: list[dict[str, Any]] = []

    def add(self, outcome: CaseOutcome) -> None:
        """Enter a case that ended, and write the file anew."""
        self._cases.append(outcome_record(outcome))
        write_json(self._path, {**self._head, "peak_memory_gib": round(peak_memory_gib(), 2), "cases": self._cases})


def outcome_record(outcome: CaseOutcome) -> dict[str, Any]:
    """What became of a case, for JSON."""
    record: dict[str, Any] = {
        "case": outcome.name,
        "status": outcome.status,
        "folder": outcome.folder.name,
        "seconds": round(outcome.seconds, 2),
        "volumes_ml": {region: round(volume, 3) for region, volume in outcome.volumes_ml.items()},
    }
    if outcome.result is not None:
        record["steps"] = {step.name: round(step.seconds, 2) for step in outcome.result.steps}
        record["checks"] = {check.name: check.verdict for check in outcome.result.checks}
    if outcome.error is not None:
        record["error"] = outcome.error.as_json()
    else:
        record["inputs"] = _inputs(outcome.folder)
    return record


def run_record(outcomes: Iterable[CaseOutcome]) -> dict[str, Any]:
    """What became of a run, for whoever began it: JSON of `segment --json`, and result.json of a container."""
    cases = [outcome_record(outcome) for outcome in outcomes]
    return {
        "oncontour": oncontour.__version__,
        "status": "failed" if any(case["status"] == "failed" for case in cases) else "done",
        "cases": cases,
    }


def read_volumes(folder: Path) -> dict[str, float]:
    """Region -> mL of a finished case, from its measurements.json; empty where that cannot be read."""
    try:
        content = json.loads((folder / "measurements.json").read_text(encoding="utf-8"))
        return {region["name"]: float(region["volume_ml"]) for region in content["regions"]}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _inputs(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))["inputs"]
