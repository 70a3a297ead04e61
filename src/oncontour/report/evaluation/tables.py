"""Rows of the page of an evaluation: its figures as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oncontour.core.labels import LabelScheme
from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.summary import SUMMARISED, RegionSummary
from oncontour.report.evaluation.words import METRICS, between, mean_deviation, median_quartiles, number, share
from oncontour.report.page import volume_text

SHOWN = ("dice", "sensitivity", "precision", "hd95", "lesion_dice")
"""What the first table has columns of; the rest stands in the table of all metrics."""

MOST_RANKED = 5
"""Worst cases, and best."""


@dataclass(frozen=True)
class Name:
    """A region, as tables name it."""

    name: str
    title: str
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class VolumeRow:
    """A line of the table of overlap and volume: paper 001's Table 2."""

    region: Name
    present: int
    dice: str
    aggregated: str
    rvd: str
    icc: str
    zero: str


@dataclass(frozen=True)
class SummaryRow:
    """A region's means and medians: (mean (SD), median [quartiles]) of each metric shown."""

    region: Name
    cases: int
    absent: int
    missed: int
    invented: int
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MetricRow:
    """One metric of one region."""

    region: str
    metric: str
    n: int
    mean: str
    median: str


@dataclass(frozen=True)
class Cell:
    """A cell that is sorted by a number; NaN, where there is none, always stands last."""

    text: str
    key: str


@dataclass(frozen=True)
class CaseRow:
    """A line of the table of cases: Dice of each region, and more of the first."""

    case: str
    dice: tuple[Cell, ...]
    first: tuple[Cell, ...]
    note: str


def region_name(scheme: LabelScheme, name: str) -> Name:
    """A region's words and colour."""
    region = scheme.region(name)
    return Name(region.name, region.title, region.colour)


def volume_rows(summaries: Sequence[RegionSummary], scheme: LabelScheme) -> list[VolumeRow]:
    """Overlap and volume, a line a region."""
    return [
        VolumeRow(
            region_name(scheme, one.region),
            one.cases - one.ref_empty,
            median_quartiles(one.present["dice"], 2),
            number(one.aggregated_dice, 2),
            median_quartiles(one.rvd_percent, 1),
            f"{number(one.icc[0], 2)} ({between(one.icc[1], one.icc[2], 2)})",
            share(one.missed, one.cases - one.ref_empty),
        )
        for one in summaries
    ]


def summary_lines(summaries: Sequence[RegionSummary], scheme: LabelScheme, *, present: bool) -> list[SummaryRow]:
    """Means and medians, a line a region; of all cases, or of those whose reference has the region."""
    rows = []
    for one in summaries:
        spreads = one.present if present else one.all_cases
        cells = tuple(
            (mean_deviation(spreads[metric], METRICS[metric][1]), median_quartiles(spreads[metric], METRICS[metric][1]))
            for metric in SHOWN
        )
        region, count = region_name(scheme, one.region), spreads["dice"].n
        absent, invented = (0, 0) if present else (one.ref_empty, one.false_alarms)
        rows.append(SummaryRow(region, count, absent, one.missed, invented, cells))
    return rows


def metric_rows(summaries: Sequence[RegionSummary], *, present: bool) -> list[MetricRow]:
    """Every metric of every region."""
    return [
        MetricRow(
            one.region, METRICS[metric][0], found.n, mean_deviation(found, digits), median_quartiles(found, digits)
        )
        for one in summaries
        for metric in SUMMARISED
        for found, digits in [((one.present if present else one.all_cases)[metric], METRICS[metric][1])]
    ]


def case_rows(scores: Sequence[RegionScore], regions: Sequence[str]) -> list[CaseRow]:
    """Every case, in the order of the scores.

    Args:
        scores: of all cases and regions.
        regions: in the order of columns.
    """
    cases: dict[str, dict[str, RegionScore]] = {}
    for score in scores:
        cases.setdefault(score.case, {})[score.region] = score
    return [_case_row(case, [found[region] for region in regions]) for case, found in cases.items()]


def _case_row(case: str, found: Sequence[RegionScore]) -> CaseRow:
    first = found[0]
    cells = (
        _cell(first.hd95, 1),
        Cell(volume_text(first.volume_ref_ml), repr(first.volume_ref_ml)),
        Cell(volume_text(first.volume_pred_ml), repr(first.volume_pred_ml)),
        _cell(100 * first.rvd, 0),
    )
    return CaseRow(case, tuple(_cell(one.dice, 3) for one in found), cells, _note(found))


def _cell(value: float, digits: int) -> Cell:
    return Cell(number(value, digits), repr(float(value)))


def _note(found: Sequence[RegionScore]) -> str:
    if found[0].prediction_missing:
        return "no prediction"
    kinds = {
        "missed": [one.region for one in found if one.dice == 0 and not one.ref_empty],
        "invented": [one.region for one in found if one.ref_empty and not one.pred_empty],
        "absent": [one.region for one in found if one.ref_empty and one.pred_empty],
    }
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names)


def ranked(scores: Sequence[RegionScore], region: str) -> tuple[list[RegionScore], list[RegionScore]]:
    """The worst cases of a region that is there, and the best, none of them twice."""
    own = sorted(
        (one for one in scores if one.region == region and not one.ref_empty), key=lambda one: (one.dice, one.case)
    )
    count = min(MOST_RANKED, len(own) // 2)
    return own[:count], own[::-1][:count]
