"""What a cohort scores, region by region, so that a missed tumour never improves a mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.metrics.lesionwise import PENALTY_MM
from oncontour.evaluate.metrics.volume import aggregated_dice
from oncontour.evaluate.statistics.icc import UNDEFINED, icc

DISTANCES = ("hd95", "assd", "hd95_pooled", "hd95_brats2023")
SUMMARISED = (
    "dice", "jaccard", "sensitivity", "specificity", "precision", *DISTANCES, "surface_dice", "lesion_dice",
    "lesion_hd95", "panoptic_quality", "recognition_quality",
)  # fmt: skip
"""Columns of `RegionScore` that get a mean."""


@dataclass(frozen=True)
class Spread:
    """Mean (SD) (median) [quartiles] of n values; NaN where there are none (SD: fewer than two).

    Quartiles are interpolated linearly.
    """

    n: int
    mean: float
    deviation: float
    median: float
    low_quartile: float
    high_quartile: float

    def __str__(self) -> str:
        """As tables have it.

        >>> str(spread([0.5, 0.75, 1.0]))
        '0.750 (0.250) (0.750) [0.625-0.875]'
        """
        quartiles = f"[{self.low_quartile:.3f}-{self.high_quartile:.3f}]"
        return f"{self.mean:.3f} ({self.deviation:.3f}) ({self.median:.3f}) {quartiles}"


def spread(values: Sequence[float] | NDArray[np.float64]) -> Spread:
    """The spread of values."""
    array = np.asarray(values, float)
    if not array.size:
        return Spread(0, *[float("nan")] * 5)
    deviation = float(array.std(ddof=1)) if array.size > 1 else float("nan")
    low, middle, high = (float(one) for one in np.percentile(array, [25, 50, 75]))
    return Spread(array.size, float(array.mean()), deviation, middle, low, high)


@dataclass(frozen=True)
class RegionSummary:
    """One region of a cohort.

    Args:
        region: its name.
        cases: how many.
        ref_empty: cases whose reference lacks the region.
        missed: cases that have it of which nothing overlaps (Dice 0).
        false_alarms: cases that lack it where something was found.
        predictions_missing: cases without a file, counted as empty masks.
        all_cases: of each metric. A distance that is undefined since one mask alone is empty counts as the penalty.
        present: the same of cases whose reference has the region.
        aggregated_dice: of all voxels together.
        rvd_percent: |RVD| in percent, of cases whose reference has the region.
        icc: of volumes in mL, absolute agreement "2,1", with its limits; NaN with fewer than two cases.
        penalty_mm: what an undefined distance counts as.
    """

    region: str
    cases: int
    ref_empty: int
    missed: int
    false_alarms: int
    predictions_missing: int
    all_cases: dict[str, Spread]
    present: dict[str, Spread]
    aggregated_dice: float
    rvd_percent: Spread
    icc: tuple[float, float, float]
    penalty_mm: float

    @property
    def missed_percent(self) -> float:
        """Share of cases that have the region with Dice 0, in percent (paper 001: "% DSC = 0")."""
        present = self.cases - self.ref_empty
        return 100 * self.missed / present if present else float("nan")

    def as_json(self) -> dict[str, Any]:
        """For programs; NaN becomes null."""
        fields = {name: value for name, value in self.__dict__.items() if name not in ("all_cases", "present")}
        fields["rvd_percent"] = self.rvd_percent.__dict__
        fields["missed_percent"] = self.missed_percent
        for name in ("all_cases", "present"):
            fields[name] = {metric: one.__dict__ for metric, one in getattr(self, name).items()}
        return without_nan(fields)


def without_nan(value: Any) -> Any:
    """The same lists and mappings with None where a number is none: JSON knows no NaN."""
    if isinstance(value, dict):
        return {name: without_nan(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def summarise(scores: Iterable[RegionScore], penalty_mm: float = PENALTY_MM) -> tuple[RegionSummary, ...]:
    """Summarise each region, in the order in which regions first occur.

    Args:
        scores: of all cases.
        penalty_mm: what a distance counts as where one mask alone is empty: 374, as in BraTS 2023, or for example
            the images' own diagonal.
    """
    regions: dict[str, list[RegionScore]] = {}
    for score in scores:
        regions.setdefault(score.region, []).append(score)
    return tuple(_region(name, rows, penalty_mm) for name, rows in regions.items())


def _region(name: str, rows: list[RegionScore], penalty_mm: float) -> RegionSummary:
    present = [row for row in rows if not row.ref_empty]
    return RegionSummary(
        region=name,
        cases=len(rows),
        ref_empty=len(rows) - len(present),
        missed=sum(row.dice == 0 for row in present),
        false_alarms=sum(row.ref_empty and not row.pred_empty for row in rows),
        predictions_missing=sum(row.prediction_missing for row in rows),
        all_cases=_spreads(rows, penalty_mm),
        present=_spreads(present, penalty_mm),
        aggregated_dice=aggregated_dice(
            [row.voxels_common for row in rows], [row.voxels_pred for row in rows], [row.voxels_ref for row in rows]
        ),
        rvd_percent=spread([100 * abs(row.rvd) for row in present]),
        icc=_agreement(rows),
        penalty_mm=penalty_mm,
    )


def _spreads(rows: list[RegionScore], penalty_mm: float) -> dict[str, Spread]:
    spreads = {}
    for metric in SUMMARISED:
        values = np.array([getattr(row, metric) for row in rows], float)
        spreads[metric] = spread(np.where(np.isnan(values), penalty_mm, values) if metric in DISTANCES else values)
    return spreads


def _agreement(rows: list[RegionScore]) -> tuple[float, float, float]:
    if len(rows) < 2:
        return UNDEFINED
    found = icc([[row.volume_pred_ml, row.volume_ref_ml] for row in rows], "2,1")
    return found.value, found.low, found.high
