"""What predictions said of their own quality, held against the truth: intervals of volumes, predicted Dice, chances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from oncontour.core.errors import OncontourError
from oncontour.data.datasets.tables import write_table
from oncontour.data.files import write_json
from oncontour.data.parallel import each
from oncontour.evaluate.case import Measures, RegionScore
from oncontour.evaluate.pairs import Pair
from oncontour.evaluate.probabilities import probability_file, region_bins
from oncontour.evaluate.records import cell
from oncontour.evaluate.reliability import BINS, Bin, calibration_error, reliability
from oncontour.evaluate.statistics.correlation import correlate
from oncontour.evaluate.summary import without_nan
from oncontour.evaluate.told import Told, read_told

CONFIDENCE = 0.95
"""Of the interval of a share of covered cases."""

LEAST = 3
"""A correlation of fewer cases is none."""


@dataclass(frozen=True)
class Coverage:
    """How often intervals hold the true volume.

    Args:
        given: cases where there is an interval and something to cover.
        covered: those that hold it.
        low, high: exact binomial limits (Clopper and Pearson) of the share, `CONFIDENCE`; NaN without cases.
        median_width: high end over low end.
    """

    given: int
    covered: int
    low: float
    high: float
    median_width: float

    @property
    def share(self) -> float:
        """Share of covered cases; NaN without any."""
        return self.covered / self.given if self.given else float("nan")


@dataclass(frozen=True)
class DicePrediction:
    """Predicted against true Dice.

    Args:
        n: cases.
        mean_error: predicted - true.
        mean_absolute_error: of the same.
        pearson, spearman: NaN of fewer than `LEAST` cases, or of constants.
    """

    n: int
    mean_error: float
    mean_absolute_error: float
    pearson: float
    spearman: float


@dataclass(frozen=True)
class RegionUncertainty:
    """One region of all cases.

    Args:
        region: its name.
        level: nominal probability of the intervals; NaN where none was given.
        coverage: of intervals.
        missed: cases that have the region of which nothing was found: no interval covers them.
        invented: cases that lack it where something was found.
        dice: predicted against true.
        bins: (`BINS`, 3) of probabilities (`reliability.reliability`); None where there are no maps.
    """

    region: str
    level: float
    coverage: Coverage
    missed: int
    invented: int
    dice: DicePrediction
    bins: NDArray[np.float64] | None


@dataclass(frozen=True)
class Uncertainty:
    """All that could be held against the truth.

    Args:
        told: of every case and region with a measurements.json.
        regions: summarised.
        cases: with a measurements.json.
        maps: cases with probability maps.
        failed: case -> why what lies beside its prediction could not be used.
    """

    told: tuple[Told, ...]
    regions: tuple[RegionUncertainty, ...]
    cases: int
    maps: int
    failed: Mapping[str, OncontourError]


def judge_uncertainty(
    pairs: Iterable[Pair], scores: Sequence[RegionScore], measures: Measures, workers: int = 1
) -> Uncertainty:
    """Hold against the truth what lies beside predictions: measurements.json, and probability maps.

    Args:
        pairs: as evaluated.
        scores: of the same.
        measures: how they were compared.
        workers: processes that read maps.
    """
    scored = {(score.case, score.region): score for score in scores}
    names = {score.case for score in scores}
    pairs = [pair for pair in pairs if pair.case in names]
    told: list[Told] = []
    failed: dict[str, OncontourError] = {}
    for pair in pairs:
        try:
            told += read_told(pair, scored)
        except OncontourError as error:
            failed[pair.case] = error
    mapped = [pair for pair in pairs if probability_file(pair) is not None]
    bins: dict[str, list[tuple[Bin, ...]]] = {}
    for pair, found in zip(mapped, each(partial(_bins, measures=measures), mapped, workers), strict=True):
        if isinstance(found, OncontourError):
            failed[pair.case] = found
            continue
        for region, own in found.items():
            bins.setdefault(region, []).append(own)
    regions = dict.fromkeys((*(one.region for one in told), *bins))
    summaries = tuple(
        _region(region, [one for one in told if one.region == region], bins.get(region, [])) for region in regions
    )
    maps = max((len(own) for own in bins.values()), default=0)
    return Uncertainty(tuple(told), summaries, len({one.case for one in told}), maps, failed)


def _bins(pair: Pair, measures: Measures) -> dict[str, tuple[Bin, ...]] | OncontourError:
    try:
        return region_bins(pair, measures)
    except OncontourError as error:
        return error


def _region(region: str, told: Sequence[Told], bins: Sequence[tuple[Bin, ...]]) -> RegionUncertainty:
    given = [(one.interval_ml, one.true_ml) for one in told if one.interval_ml and one.true_ml]
    guessed = [(one.predicted_dice, one.dice) for one in told if one.predicted_dice is not None]
    levels = [one.level for one in told if one.interval_ml]
    return RegionUncertainty(
        region,
        levels[0] if levels else float("nan"),
        coverage([ends for ends, _ in given], [truth for _, truth in given]),
        sum(one.true_ml > 0 and not one.volume_ml for one in told),
        sum(one.volume_ml > 0 and not one.true_ml for one in told),
        dice_prediction([one for one, _ in guessed], [truth for _, truth in guessed]),
        reliability(bins) if bins else None,
    )


def coverage(intervals: Sequence[tuple[float, float]], truth: ArrayLike) -> Coverage:
    """How often intervals hold the truth.

    Args:
        intervals: low and high end of n cases, more than 0.
        truth: (n,).

    >>> found = coverage([(1, 2), (3, 4)], [1.5, 5])
    >>> found.covered, found.given, round(found.low, 3), round(found.high, 3)
    (1, 2, 0.013, 0.987)
    """
    low, high = np.asarray(intervals, float).reshape(-1, 2).T
    values = np.asarray(truth, float)
    covered, given = int(np.count_nonzero((low <= values) & (values <= high))), len(values)
    if not given:
        return Coverage(0, 0, *[float("nan")] * 3)
    limits = stats.binomtest(covered, given).proportion_ci(CONFIDENCE, "exact")
    return Coverage(given, covered, float(limits.low), float(limits.high), float(np.median(high / low)))


def dice_prediction(predicted: ArrayLike, true: ArrayLike) -> DicePrediction:
    """Predicted against true Dice.

    Args:
        predicted, true: (n,) of the same cases.
    """
    guess, truth = np.asarray(predicted, float), np.asarray(true, float)
    if not guess.size:
        return DicePrediction(0, *[float("nan")] * 4)
    both = [correlate(guess, truth, name).r for name in ("pearson", "spearman")] if guess.size >= LEAST else None
    error = guess - truth
    return DicePrediction(
        guess.size, float(error.mean()), float(np.abs(error).mean()), *(both or [float("nan"), float("nan")])
    )


TOLD_COLUMNS = (
    "case", "region", "volume_ml", "true_ml", "low_ml", "high_ml", "level", "covered", "predicted_dice", "dice",
)  # fmt: skip
BIN_COLUMNS = ("region", "from", "to", "voxels", "mean_probability", "observed_share")


def write_uncertainty(found: Uncertainty, out: Path) -> tuple[Path, ...]:
    """Write uncertainty.json, uncertainty.csv (a row a case and region) and reliability.csv (a row a region and bin).

    Only those of which there is something to tell.

    Raises:
        OutputError: a file cannot be written.
    """
    summary, cases, bins = (out / name for name in ("uncertainty.json", "uncertainty.csv", "reliability.csv"))
    if not found.regions and not found.failed:
        return ()
    write_json(summary, as_json(found))
    if found.told:
        write_table(cases, TOLD_COLUMNS, map(_row, found.told))
    if found.maps:
        write_table(bins, BIN_COLUMNS, (row for one in found.regions for row in _bin_rows(one)))
    return tuple(compress((summary, cases, bins), (True, found.told, found.maps)))


def as_json(found: Uncertainty) -> dict[str, Any]:
    """For programs; NaN becomes null."""
    content = {
        "cases_with_measurements": found.cases,
        "cases_with_probabilities": found.maps,
        "regions": [_region_json(one) for one in found.regions],
        "failed": {case: error.as_json() for case, error in found.failed.items()},
    }
    return without_nan(content)


def _region_json(one: RegionUncertainty) -> dict[str, Any]:
    return {
        "region": one.region,
        "level": one.level,
        "coverage": asdict(one.coverage) | {"share": one.coverage.share, "confidence": CONFIDENCE},
        "missed": one.missed,
        "invented": one.invented,
        "predicted_dice": asdict(one.dice),
        "calibration_error": None if one.bins is None else calibration_error(one.bins),
    }


def _row(one: Told) -> dict[str, str]:
    low, high = one.interval_ml or (float("nan"), float("nan"))
    predicted = float("nan") if one.predicted_dice is None else one.predicted_dice
    covered = "" if one.covered is None else cell(one.covered)
    values = (one.case, one.region, one.volume_ml, one.true_ml, low, high, one.level, covered, predicted, one.dice)
    return dict(zip(TOLD_COLUMNS, map(cell, values), strict=True))


def _bin_rows(one: RegionUncertainty) -> Iterable[dict[str, str]]:
    for n, (voxels, chance, share) in enumerate([] if one.bins is None else one.bins.tolist()):
        values = (one.region, n / BINS, (n + 1) / BINS, int(voxels), chance, share)
        yield dict(zip(BIN_COLUMNS, map(cell, values), strict=True))
