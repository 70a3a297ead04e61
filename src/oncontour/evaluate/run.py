"""An evaluation from two folders to tables: many cases, side by side; one that fails stops none of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from oncontour.core.errors import InputError, OncontourError
from oncontour.data.datasets.labels import assumed
from oncontour.data.datasets.tables import write_table
from oncontour.data.files import explained, write_json
from oncontour.data.parallel import each
from oncontour.evaluate.case import Measures, Placing, RegionScore, evaluate_pair, scheme_of
from oncontour.evaluate.metrics.lesionwise import PENALTY_MM, Challenge
from oncontour.evaluate.pairs import Pair, Pairing, find_masks, pair_by_name, pair_by_table
from oncontour.evaluate.proportions import Share, proportions
from oncontour.evaluate.records import write_records
from oncontour.evaluate.summary import RegionSummary, summarise
from oncontour.evaluate.tables import SUMMARY_COLUMNS, summary_rows

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
        pairs: what was held against what.
        measures: how.
        compared: both sides in a few words, such as "predicted against truth"; names of folders, not where they lie.
        left_out: why cases of a data set were not looked at.
    """

    scores: tuple[RegionScore, ...]
    summaries: tuple[RegionSummary, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    failed: dict[str, OncontourError]
    pairs: tuple[Pair, ...]
    measures: Measures
    compared: str
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
    scheme_of(scheme)
    predicted = reference = assumed(scheme)
    if table is not None and (predictions is not None or references is not None):
        found = f"a table ({table.name}) and masks ({predictions or references})"
        raise InputError("evaluation", found, "one of both", "Leave the masks out: the table names them.")
    if table is not None:
        pairing, compared = pair_by_table(table), f"pairs of {table.name}"
    elif predictions is not None and references is not None:
        found, wanted = find_masks(predictions, scheme), find_masks(references, scheme)
        predicted, reference, pairing = found.conventions, wanted.conventions, pair_by_name(found, wanted)
        compared = f"{predictions.absolute().name} against {references.absolute().name}"
    else:
        raise InputError("evaluation", "no masks named", "predictions and references, or a table", "Name both.")
    measures = Measures(scheme, predicted, reference, rules or RULES_OF.get(scheme, "glioma"), tolerance_mm, placing)
    return _scored(pairing, measures, compared, penalty_mm, workers, progress)


def _scored(
    pairing: Pairing,
    measures: Measures,
    compared: str,
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
    return Evaluation(
        tuple(scores),
        summarise(scores, penalty_mm),
        pairing.missing,
        pairing.extra,
        failed,
        pairing.pairs,
        measures,
        compared,
        pairing.left_out,
    )


def _tried(pair: Pair, measures: Measures) -> tuple[RegionScore, ...] | OncontourError:
    try:
        return evaluate_pair(pair, measures)
    except OncontourError as error:
        return error


def write_evaluation(evaluation: Evaluation, out: Path) -> tuple[Path, ...]:
    """Write cases.csv, summary.csv, summary.json and proportions.csv.

    Raises:
        OutputError: a file cannot be written.
    """
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    cases, table, summary = out / "cases.csv", out / "summary.csv", out / "summary.json"
    shares, parts = proportions(evaluation.scores), out / "proportions.csv"
    write_records(cases, RegionScore, evaluation.scores)
    write_records(parts, Share, shares.shares)
    failed = {"n_failed": str(len(evaluation.failed))}
    write_table(table, (*SUMMARY_COLUMNS, *failed), (row | failed for row in summary_rows(evaluation.summaries)))
    write_json(
        summary,
        {
            "cases": evaluation.cases,
            "cases_failed": len(evaluation.failed),
            "regions": [one.as_json() for one in evaluation.summaries],
            "proportions": shares.as_json(),
            "predictions_missing": list(evaluation.missing),
            "predictions_extra": list(evaluation.extra),
            "failed": {case: error.as_json() for case, error in evaluation.failed.items()},
            "left_out": [error.as_json() for error in evaluation.left_out],
        },
    )
    return cases, table, summary, parts
