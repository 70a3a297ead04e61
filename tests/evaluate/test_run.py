"""An evaluation from folders to tables, and masks that cannot be compared."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.errors import GeometryError, InputError
from oncontour.data.nifti import read_voxels
from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.metrics import dice, hd95
from oncontour.evaluate.run import evaluate, write_evaluation
from oncontour.evaluate.summary import spread, summarise

from .conftest import AFFINE, labels, write

FACE = [
    "case", "region", "dice", "jaccard", "sensitivity", "specificity", "precision", "hd95", "assd", "volume_pred_ml",
    "volume_ref_ml", "rvd", "lesion_dice", "lesion_hd95", "ref_empty", "pred_empty",
]  # fmt: skip
"""The columns that stay (design: faces that stay stable)."""


def by_case(scores: tuple[RegionScore, ...], region: str) -> dict[str, RegionScore]:
    return {score.case: score for score in scores if score.region == region}


def test_every_case_and_region_is_scored(folders):
    found = evaluate(*folders, "brats")
    assert (found.missing, found.extra, found.failed) == (("c",), ("d",), {})
    whole = by_case(found.scores, "WT")
    assert list(whole) == ["a", "b", "c", "e"]
    assert whole["a"].dice == pytest.approx(5 / 6)
    assert whole["a"].hd95 == pytest.approx(1.0)
    assert whole["a"].volume_ref_ml == pytest.approx(216 * 2 / 1000)
    assert (whole["b"].dice, whole["b"].pred_empty, whole["b"].prediction_missing) == (0, True, False)
    assert (whole["c"].dice, whole["c"].pred_empty, whole["c"].prediction_missing) == (0, True, True)
    assert (whole["e"].dice, whole["e"].hd95, whole["e"].ref_empty) == (1, 0, True)
    assert np.isnan(whole["b"].hd95)
    assert np.isnan(whole["e"].rvd)


def test_scores_are_those_of_the_metrics(folders):
    pred, ref = folders
    p, r = (read_voxels(path)[0].array for path in (pred / "a_pred.nii.gz", ref / "a-seg.nii.gz"))
    core = by_case(evaluate(*folders, "brats").scores, "TC")["a"]
    masks = np.isin(p, (1, 3)), np.isin(r, (1, 3))
    assert core.dice == dice(*masks)
    assert core.hd95 == hd95(*masks, (1, 1, 2))
    assert core.hd95_brats2023 == hd95(*masks, (1, 1, 2), "brats2023")


def test_a_missed_tumour_never_improves_a_mean(folders):
    summary = {one.region: one for one in evaluate(*folders, "brats").summaries}["WT"]
    assert (summary.cases, summary.ref_empty, summary.missed, summary.predictions_missing) == (4, 1, 2, 1)
    assert summary.all_cases["dice"].mean == pytest.approx((5 / 6 + 0 + 0 + 1) / 4)
    assert summary.present["dice"].mean == pytest.approx((5 / 6) / 3)
    assert summary.present["hd95"].mean == pytest.approx((1 + 374 + 374) / 3)
    assert summary.missed_percent == pytest.approx(200 / 3)
    own = summarise(evaluate(*folders, "brats").scores, penalty_mm=100.0)[0]
    assert own.present["hd95"].mean == pytest.approx((1 + 100 + 100) / 3)


def test_several_processes_find_the_same(folders):
    assert repr(evaluate(*folders, "brats", workers=2)) == repr(evaluate(*folders, "brats"))


def test_tables_keep_their_columns_and_full_precision(folders, tmp_path):
    found = evaluate(*folders, "brats")
    cases, table, summary, *_ = write_evaluation(found, tmp_path / "out")
    rows = list(csv.DictReader(cases.open()))
    assert list(rows[0])[: len(FACE)] == FACE
    assert float(rows[0]["dice"]) == found.scores[0].dice
    missed = next(row for row in rows if row["case"] == "b")
    assert (missed["hd95"], missed["pred_empty"], missed["ref_empty"]) == ("", "1", "0")
    assert {row["cases"] for row in csv.DictReader(table.open())} == {"all", "present"}
    content = json.loads(summary.read_text())
    assert content["predictions_missing"] == ["c"]
    assert content["regions"][0]["region"] == "WT"


def test_one_bad_case_stops_none_of_the_others(folders):
    pred, _ = folders
    write(pred / "b_pred.nii.gz", labels((2, 2, 2))[:-1])
    moved = AFFINE.copy()
    moved[0, 3] = 1.0
    write(pred / "e_pred.nii.gz", labels(), moved)
    found = evaluate(*folders, "brats")
    assert set(found.failed) == {"b", "e"}
    assert {score.case for score in found.scores} == {"a", "c"}
    assert isinstance(found.failed["b"], GeometryError)
    assert "29 x 28 x 26" in str(found.failed["b"])
    assert "1 mm away" in str(found.failed["e"])
    assert "--resample" in str(found.failed["e"])


def test_another_orientation_is_one_grid_after_resampling(folders):
    """The same mask, stored with flipped and swapped axes: refused, or resampled voxel by voxel."""
    pred, ref = folders
    array = read_voxels(ref / "a-seg.nii.gz")[0].array.astype(np.uint8)
    turned = np.ascontiguousarray(array[::-1].transpose(1, 0, 2))
    affine = AFFINE[:, [1, 0, 2, 3]].copy()
    affine[:3, 1] *= -1
    affine[:3, 3] = AFFINE[:3, :3] @ [array.shape[0] - 1, 0, 0]
    write(pred / "a_pred.nii.gz", turned, affine)
    assert "a" in evaluate(*folders, "brats").failed
    whole = by_case(evaluate(*folders, "brats", placing="resample").scores, "WT")
    assert whole["a"].dice == 1


@pytest.mark.parametrize(("value", "message"), [(7, r"labels \[0, 1, 2, 3, 7\]"), (2.5, "2.5")])
def test_labels_that_are_none_are_told(folders, value, message):
    from oncontour.core.volume import Volume
    from oncontour.data.nifti import write_nifti

    pred, _ = folders
    array = labels((5, 5, 5)).astype(np.float32)
    array[0, 0, 0] = value
    write_nifti(Volume(array, AFFINE), pred / "a_pred.nii.gz", "float32")
    with pytest.raises(InputError, match=message):
        raise evaluate(*folders, "brats").failed["a"]


def test_composites_of_a_scheme_are_scored(tmp_path):
    write(tmp_path / "p/a.nii.gz", labels((5, 5, 5)))
    write(tmp_path / "r/a.nii.gz", labels((5, 5, 5)))
    regions = {score.region for score in evaluate(tmp_path / "p", tmp_path / "r", "paediatric").scores}
    assert regions == {"WT", "TC", "ET", "NET", "CC", "ED", "NETCCED"}


def test_command(folders, tmp_path):
    pred, ref = folders
    done = CliRunner().invoke(app, ["evaluate", str(pred), str(ref), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "counted as missed: c" in done.stdout
    assert "not scored: d" in done.stdout
    assert (tmp_path / "out/cases.csv").is_file()
    write(pred / "b_pred.nii.gz", labels()[:-1])
    done = CliRunner().invoke(app, ["evaluate", str(pred), str(ref), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "Case b" in done.stderr
    assert CliRunner().invoke(app, ["evaluate", str(pred), "--out", str(tmp_path / "x")]).exit_code == 2


def test_spread_of_few_values():
    assert np.isnan(spread([]).mean)
    assert spread([0.5]).mean == 0.5
    assert np.isnan(spread([0.5]).deviation)
    assert str(spread([0.5, 1.0])) == "0.750 (0.354) (0.750) [0.625-0.875]"
