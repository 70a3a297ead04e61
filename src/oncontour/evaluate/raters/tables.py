"""What `oncontour raters` writes."""

from __future__ import annotations

from math import nan
from pathlib import Path

from oncontour.data.datasets.tables import write_table
from oncontour.data.files import explained, write_json
from oncontour.evaluate.raters.agreement import Band, Cell, Versus
from oncontour.evaluate.raters.case import PairScore
from oncontour.evaluate.raters.consensus import Rate
from oncontour.evaluate.raters.run import Raters
from oncontour.evaluate.records import cell, write_records
from oncontour.evaluate.statistics.paired import Paired

FILES = ("pairs.csv", "matrix.csv", "references.csv", "band.csv", "staple.csv", "raters.json")
MATRIX_COLUMNS = ("region", "first", "second", "n", "median", "q1", "q3", "mean", "n_both_empty", "n_one_empty")
TEST_COLUMNS = ("mean_difference", "low", "high", "test", "p", "p_adjusted", "effect", "effect_size")
REFERENCE_COLUMNS = (
    "region", "reference", "first", "second", "n", "median_first", "q1_first", "q3_first", "median_second",
    "q1_second", "q3_second", *TEST_COLUMNS,
)  # fmt: skip
BAND_COLUMNS = (
    "region", "model", "n", "median_model", "median_experts", *TEST_COLUMNS, "n_below", "n_within", "n_above",
    "share_within_or_above",
)  # fmt: skip


def write_raters(found: Raters, out: Path) -> tuple[Path, ...]:
    """Write pairs.csv, matrix.csv, references.csv, band.csv, staple.csv and raters.json.

    A table of nothing has its names of columns alone: band.csv without models, staple.csv without a consensus.

    Raises:
        OutputError: a file cannot be written.
    """
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    both_ways = [
        _cell_row(one, *names) for one in found.matrix for names in ((one.first, one.second), (one.second, one.first))
    ]
    write_records(out / "pairs.csv", PairScore, found.scores)
    _write(out / "matrix.csv", MATRIX_COLUMNS, both_ways)
    _write(out / "references.csv", REFERENCE_COLUMNS, [_versus_row(one) for one in found.references])
    _write(out / "band.csv", BAND_COLUMNS, [_band_row(one) for one in found.bands])
    write_records(out / "staple.csv", Rate, found.rates)
    write_json(out / "raters.json", _summary(found))
    return tuple(out / name for name in FILES)


def _write(path: Path, columns: tuple[str, ...], rows: list[tuple]) -> None:
    write_table(path, columns, (dict(zip(columns, map(cell, row), strict=True)) for row in rows))


def _cell_row(one: Cell, first: str, second: str) -> tuple:
    dice = one.dice
    numbers = dice.n, dice.median, dice.low_quartile, dice.high_quartile, dice.mean
    return (one.region, first, second, *numbers, one.both_empty, one.one_empty)


def _versus_row(one: Versus) -> tuple:
    names = one.region, one.reference, one.first, one.second
    quartiles = [number for dice in one.dice for number in (dice.median, dice.low_quartile, dice.high_quartile)]
    return (*names, one.dice[0].n, *quartiles, *_test(one.paired, one.adjusted_p))


def _band_row(one: Band) -> tuple:
    medians = one.model_dice.n, one.model_dice.median, one.expert_dice.median
    counts = one.below, one.within, one.above, one.reached
    return (one.region, one.model, *medians, *_test(one.paired, one.adjusted_p), *counts)


def _test(paired: Paired | None, adjusted_p: float) -> tuple:
    if paired is None:
        return (nan, nan, nan, "", nan, nan, "", nan)
    test = paired.wilcoxon
    difference = paired.mean, paired.interval.low, paired.interval.high
    return (*difference, test.name, test.p, adjusted_p, test.effect_name, test.effect)


def _summary(found: Raters) -> dict:
    return {
        "experts": [source.name for source in found.sources if source.expert],
        "models": [source.name for source in found.sources if not source.expert],
        "cases": list(found.cases),
        "masks_missing": {name: list(cases) for name, cases in found.missing.items()},
        "cases_of_one_source": list(found.alone),
        "failed": {
            case: {name: error.as_json() for name, error in errors.items()} for case, errors in found.failed.items()
        },
        "adjusted": {
            "method": "Benjamini-Hochberg",
            "references.csv": found.family,
            "band.csv": found.band_family,
        },
    }
