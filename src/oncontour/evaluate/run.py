"""An evaluation from two folders to tables: many cases, side by side; one that fails stops none of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from functools import partial
from math import isnan
from pathlib import Path

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.labels import SCHEMES
from oncontour.data.datasets.labels import assumed
from oncontour.data.datasets.tables import write_table
from oncontour.data.files import explained, write_json
from oncontour.data.parallel import each
from oncontour.evaluate.case import Measures, Placing, RegionScore, evaluate_pair
from oncontour.evaluate.metrics.lesionwise import PENALTY_MM, Challenge
from oncontour.evaluate.pairs import Pair, Pairing, find_masks, pair_by_name, pair_by_table
from oncontour.evaluate.summary import SUMMARISED, RegionSummary, summarise

RULES_OF: dict[str, Challenge] = {"paediatric": "paediatric"}
"""Lesion-wise rules of a scheme; else those of glioma."""


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Args:
        scores: of every case and region.
        summaries: of every region.
        missing: cases without a prediction: scored as empty masks.
        extra: predictions without a reference: not scored.
        failed: case -> why it could not be scored. It is in no figure, which may flatter a mean: say how many.
        left_out: why cases of a data set were not looked at.
    """

    scores: tuple[RegionScore, ...]
    summaries: tuple[RegionSummary, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    failed: dict[str, OncontourError]
    left_out: tuple[OncontourError, ...] = ()

    @property
    def cases(self) -> int:
        """How many there are, scored or not."""
        return len({score.case for score in self.scores}) + len(self.failed)

    @property
    def complete(self) -> bool:
        """Whether every case was scored."""
        return not (self.failed or self.left_out)


def evaluate(
    predictions: Path | None,
    references: Path | None,
    scheme: str,
    *,
    table: Path | None = None,
    placing: Placing = "refuse",
    rules: Challenge | None = None,
    tolerance_mm: float = 1.0,
    penalty_mm: float = PENALTY_MM,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Score predicted label maps against references.

    Args:
        predictions, references: files, folders or data sets (`find_masks`); None where a table names the files.
        scheme: of both.
        table: CSV of pairs, instead of names that match.
        placing: what to do with a prediction on another grid than its reference.
        rules: lesion-wise; by default the scheme's.
        tolerance_mm: of surface Dice.
        penalty_mm: what an undefined distance counts as in a summary.
        workers: processes.
        progress: called with cases done, and all.

    Raises:
        InputError: nothing to pair, both a table and masks, or no such scheme.
    """
    if scheme not in SCHEMES:
        raise InputError("--scheme", repr(scheme), f"one of {', '.join(SCHEMES)}", "Correct the scheme's name.")
    predicted = reference = assumed(scheme)
    if table is not None and (predictions is not None or references is not None):
        found = f"a table ({table.name}) and masks ({predictions or references})"
        raise InputError("evaluation", found, "one of both", "Leave the masks out: the table names them.")
    if table is not None:
        pairing = pair_by_table(table)
    elif predictions is not None and references is not None:
        found, wanted = find_masks(predictions, scheme), find_masks(references, scheme)
        predicted, reference, pairing = found.conventions, wanted.conventions, pair_by_name(found, wanted)
    else:
        raise InputError("evaluation", "no masks named", "predictions and references, or a table", "Name both.")
    measures = Measures(scheme, predicted, reference, rules or RULES_OF.get(scheme, "glioma"), tolerance_mm, placing)
    return _scored(pairing, measures, penalty_mm, workers, progress)


def _scored(
    pairing: Pairing,
    measures: Measures,
    penalty_mm: float,
    workers: int,
    progress: Callable[[int, int], None],
) -> Evaluation:
    scores: list[RegionScore] = []
    failed: dict[str, OncontourError] = {}
    total = len(pairing.pairs)
    progress(0, total)
    results = each(partial(_tried, measures=measures), pairing.pairs, workers)
    for done, (pair, result) in enumerate(zip(pairing.pairs, results, strict=True), start=1):
        if isinstance(result, OncontourError):
            failed[pair.case] = result
        else:
            scores.extend(result)
        progress(done, total)
    summaries = summarise(scores, penalty_mm)
    return Evaluation(tuple(scores), summaries, pairing.missing, pairing.extra, failed, pairing.left_out)


def _tried(pair: Pair, measures: Measures) -> tuple[RegionScore, ...] | OncontourError:
    try:
        return evaluate_pair(pair, measures)
    except OncontourError as error:
        return error


def write_evaluation(evaluation: Evaluation, out: Path) -> tuple[Path, ...]:
    """Write cases.csv, summary.csv and summary.json.

    Raises:
        OutputError: a file cannot be written.
    """
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    columns = [field.name for field in fields(RegionScore)]
    rows = (dict(zip(columns, map(_cell, astuple(score)), strict=True)) for score in evaluation.scores)
    cases, table, summary = out / "cases.csv", out / "summary.csv", out / "summary.json"
    write_table(cases, columns, rows)
    write_table(table, SUMMARY_COLUMNS, _summary_rows(evaluation))
    write_json(
        summary,
        {
            "cases": evaluation.cases,
            "cases_failed": len(evaluation.failed),
            "regions": [one.as_json() for one in evaluation.summaries],
            "predictions_missing": list(evaluation.missing),
            "predictions_extra": list(evaluation.extra),
            "failed": {case: error.as_json() for case, error in evaluation.failed.items()},
            "left_out": [error.as_json() for error in evaluation.left_out],
        },
    )
    return cases, table, summary


SUMMARY_COLUMNS = (
    "region", "metric", "cases", "n", "mean", "sd", "median", "q1", "q3", "n_reference_empty", "n_missed",
    "n_false_alarms", "n_predictions_missing", "n_failed",
)  # fmt: skip


def _summary_rows(evaluation: Evaluation) -> list[dict[str, str]]:
    """A row a region, metric and set of cases ("all", or "present": whose reference has the region)."""
    rows = []
    for one in evaluation.summaries:
        counts = {
            "n_reference_empty": str(one.ref_empty),
            "n_missed": str(one.missed),
            "n_false_alarms": str(one.false_alarms),
            "n_predictions_missing": str(one.predictions_missing),
            "n_failed": str(len(evaluation.failed)),
        }
        for cases, spreads in (("all", one.all_cases), ("present", one.present)):
            for metric in SUMMARISED:
                found = spreads[metric]
                numbers = (
                    found.mean, found.deviation, found.median, found.low_quartile, found.high_quartile,
                )  # fmt: skip
                names = ("mean", "sd", "median", "q1", "q3")
                row = {"region": one.region, "metric": metric, "cases": cases, "n": str(found.n)}
                rows.append(row | dict(zip(names, map(_cell, numbers), strict=True)) | counts)
    return rows


def _cell(value: object) -> str:
    """Text of a table's cell: full precision, true and false as 1 and 0, nothing for NaN."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return "" if isnan(value) else repr(value)
    return str(value)
