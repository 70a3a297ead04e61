"""The outcome of a quality check: OK, warn or fail, with its number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Check:
    """One check of `quality.json` and of the report.

    Args:
        name: what was checked, such as "registration agreement FLAIR".
        verdict: "ok", "warn" or "fail".
        value: the number that was measured, None where nothing could be measured.
        unit: its unit, such as "mm" or "".
        limit: the rule in words, such as "at most 0.5 mm".
        message: one sentence for the reader.
    """

    name: str
    verdict: Verdict
    value: float | None
    unit: str
    limit: str
    message: str


def worst(checks: Iterable[Check]) -> Verdict:
    """The worst verdict of some checks; "ok" where there are none.

    >>> worst([])
    'ok'
    """
    found = {check.verdict for check in checks}
    return "fail" if "fail" in found else "warn" if "warn" in found else "ok"


@dataclass(frozen=True)
class Step:
    """What a processing step did, for `quality.json`.

    Args:
        name: such as "bias field T1CE".
        seconds: wall time.
        summary: what it did, in one sentence with its numbers.
    """

    name: str
    seconds: float
    summary: str
