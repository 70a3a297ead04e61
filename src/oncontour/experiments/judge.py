"""Predictions of a cohort by the ensemble of an arm's folds, in each case's own geometry, and their scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from oncontour.data.datasets import read_dataset
from oncontour.data.nifti import write_nifti
from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.records import read_records
from oncontour.evaluate.run import evaluate, write_evaluation
from oncontour.inference.bundle import load_bundle
from oncontour.plans.plan import Plan
from oncontour.training.crossval import consensus, native_result, predict_targets
from oncontour.training.prepare import prepare_dataset, settings
from oncontour.training.prepared import digest

MASKS = "masks"

Progress = Callable[[str, int, int], None]
"""Called with what is done ("cases", "predictions", "scores"), how many of it, and of how many."""


def prepared_folder(work: Path, cohort: str, plan: Plan) -> Path:
    """Where a cohort's cases lie as a plan wants them; all arms that want them alike share them."""
    return work / "prepared" / f"{cohort}-{digest(settings(plan))[:12]}"


def judge(bundle: Path, root: Path, prepared: Path, out: Path, workers: int, progress: Progress) -> dict[str, Any]:
    """Predict every case with a reference that has no mask yet, then score all of them (`evaluate.run`).

    As in the scores of a training there is no post-processing but the thresholds.

    Args:
        bundle: of the arm.
        root: of the cohort.
        prepared: its cases as the plan wants them.
        out: folder for `masks/` and the tables of the evaluation.

    Returns:
        How many cases were scored.

    Raises:
        InputError: a case cannot be used.
    """
    model = load_bundle(bundle)
    plan = model.plan
    dataset = read_dataset(root, plan.scheme)
    cases = prepare_dataset(dataset, plan, prepared, workers, progress=lambda n, of: progress("cases", n, of)).cases
    masks = out / MASKS
    masks.mkdir(parents=True, exist_ok=True)
    for done, case in enumerate(cases, start=1):
        path = masks / f"{case.name}.nii.gz"
        if not path.exists():
            found = consensus(predict_targets(model.networks, case, plan), plan)
            volume, _ = native_result(found, case, plan)
            label_map = volume.array if volume.array.ndim == 3 else model.scheme.combine(volume.array)
            write_nifti(volume.with_array(label_map), path, "uint8")
        progress("predictions", done, len(cases))
    scored = evaluate(masks, root, plan.scheme, workers=workers, progress=lambda n, of: progress("scores", n, of))
    for error in scored.failed.values():
        raise error
    write_evaluation(scored, out)
    return {"cases": scored.cases}


def read_scores(folder: Path) -> tuple[RegionScore, ...]:
    """What `judge` wrote.

    Raises:
        InputError: no such table.
    """
    return read_records(folder / "cases.csv", RegionScore)
