"""How figures stand in the tables of an evaluation."""

from __future__ import annotations

from collections.abc import Iterable

from oncontour.evaluate.records import cell
from oncontour.evaluate.summary import SUMMARISED, RegionSummary

SUMMARY_COLUMNS = (
    "region", "metric", "cases", "n", "mean", "sd", "median", "q1", "q3", "n_reference_empty", "n_missed",
    "n_false_alarms", "n_predictions_missing",
)  # fmt: skip


def summary_rows(summaries: Iterable[RegionSummary]) -> list[dict[str, str]]:
    """A row a region, metric and set of cases ("all", or "present": whose reference has the region)."""
    rows = []
    for one in summaries:
        counts = {
            "n_reference_empty": str(one.ref_empty),
            "n_missed": str(one.missed),
            "n_false_alarms": str(one.false_alarms),
            "n_predictions_missing": str(one.predictions_missing),
        }
        for cases, spreads in (("all", one.all_cases), ("present", one.present)):
            for metric in SUMMARISED:
                found = spreads[metric]
                numbers = (
                    found.mean, found.deviation, found.median, found.low_quartile, found.high_quartile,
                )  # fmt: skip
                names = ("mean", "sd", "median", "q1", "q3")
                row = {"region": one.region, "metric": metric, "cases": cases, "n": str(found.n)}
                rows.append(row | dict(zip(names, map(cell, numbers), strict=True)) | counts)
    return rows
