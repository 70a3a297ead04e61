"""Masks that cannot be scored: what is told, that nothing goes without a word, and that the other cases are scored."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app

AFFINE = np.diag([-1.0, -1.0, 2.0, 1.0])
FLIPPED = AFFINE @ np.diag([-1.0, 1.0, 1.0, 1.0])
MOVED = AFFINE + np.array([[0, 0, 0, 1.0], *[[0.0] * 4] * 3])
NOT_FINITE = AFFINE * np.array([[np.nan], [1], [1], [1]])
GRID = "12 x 10 x 8 voxels of 1 x 1 x 2 mm"


def mask(last: int = 3) -> np.ndarray:
    array = np.zeros((12, 10, 8), np.uint8)
    array[2:7, 2:7, 2:6] = 2
    array[3:5, 3:5, 3:5] = 1
    array[4, 4, 4] = last
    return array


def save(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE, slope: float | None = None) -> None:
    image = nibabel.Nifti1Image(array, None)
    image.header.set_sform(affine, 1)
    image.header.set_slope_inter(slope, 0 if slope else None)
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(image, path)


def image(kind: type) -> np.ndarray:
    return np.random.default_rng(0).normal(100, 20, (12, 10, 8)).clip(0, 255).astype(kind)


def cut_off(path: Path) -> None:
    save(path, mask())
    path.write_bytes(path.read_bytes()[:-20])


BAD = {
    "swapped orientation": (lambda p: save(p, mask(), FLIPPED), "another orientation, its corners lie up to 22 mm",
                            f"{GRID}, LPS", "--resample"),
    "one voxel's shift": (lambda p: save(p, mask(), MOVED), "its corners lie up to 1 mm away", f"{GRID}, LPS",
                          "the reference's affine"),
    "another shape": (lambda p: save(p, mask()[:-1]), "11 x 10 x 8 voxels", GRID, "--resample"),
    "no place": (lambda p: save(p, mask(), NOT_FINITE), "an affine that is not finite", "finite", "header"),
    "between labels": (lambda p: save(p, mask().astype(np.float32) * 1.5), "such as 1.5", "whole numbers",
                       "interpolated"),
    "scaled": (lambda p: save(p, mask().astype(np.int16), slope=0.3), "such as 0.6", "whole numbers", "a label map"),
    "NaN": (lambda p: save(p, np.where(mask() == 3, np.nan, mask()).astype(np.float32)), "1 voxel that hold",
            "whole numbers", "a label map"),
    "unknown label": (lambda p: save(p, mask(last=7)), "labels [0, 1, 2, 7]", "1, 2, 3 (BraTS 2023)", "--scheme"),
    "an image": (lambda p: save(p, image(np.float32)), "957 voxels that hold no label", "whole numbers",
                 "not an image"),
    "an image of bytes": (lambda p: save(p, image(np.uint8)), ", ...], ", "1, 2, 3 (BraTS 2023)", "--scheme"),
    "4-D": (lambda p: save(p, np.stack([mask()] * 3, -1)), "3 images in one file", "one 3-D image",
            "one 3-D file each"),
    "truncated": (cut_off, "damaged or truncated", "a NIfTI file", "again"),
    "no NIfTI": (lambda p: p.write_text("hello"), "5 bytes without a NIfTI header", "a NIfTI file", "whole"),
}  # fmt: skip


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    """Three cases, each found as it is."""
    for case in "abc":
        for side in ("pred", "ref"):
            save(tmp_path / side / f"{case}.nii.gz", mask())
    return tmp_path / "pred", tmp_path / "ref"


def run(*arguments, out: Path):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments), "--out", str(out)], env={"COLUMNS": "400"})


@pytest.mark.parametrize("side", ["pred", "ref"])
@pytest.mark.parametrize("what", BAD)
def test_a_mask_that_cannot_be_scored_is_told_and_stops_no_other(folders, tmp_path, what, side):
    make, found, expected, remedy = BAD[what]
    (tmp_path / side / "b.nii.gz").unlink()
    make(tmp_path / side / "b.nii.gz")
    done = run(*folders, out=tmp_path / "out")
    assert done.exit_code == 1, done.output
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert (summary["cases"], summary["cases_failed"]) == (3, 1)
    error = summary["failed"]["b"]
    if side == "pred":
        assert found in error["found"]
        assert expected in error["expected"]
        assert remedy in error["remedy"]
    for part in ("where", "found", "expected", "remedy"):
        assert error[part] in done.stderr
    assert "b.nii.gz" in error["where"]
    assert "1 of 3 cases could not be scored, and stand in no figure above: b" in done.stdout
    rows = list(csv.DictReader((tmp_path / "out/cases.csv").open()))
    assert {(row["case"], row["dice"]) for row in rows} == {("a", "1.0"), ("c", "1.0")}
    assert {row["n_failed"] for row in csv.DictReader((tmp_path / "out/summary.csv").open())} == {"1"}


def test_what_only_looks_odd_is_scored(folders, tmp_path):
    pred, ref = folders
    save(pred / "a.nii.gz", mask().astype(np.float32))
    save(pred / "b.nii.gz", mask().astype(np.int16) * 2, slope=0.5)
    save(pred / "c.nii.gz", mask()[..., None])
    done = run(pred, ref, out=tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert {row["dice"] for row in csv.DictReader((tmp_path / "out/cases.csv").open())} == {"1.0"}
    assert "could not be scored" not in done.stdout


def test_nothing_that_can_be_scored(folders, tmp_path):
    pred, ref = folders
    for case in "abc":
        (pred / f"{case}.nii.gz").write_bytes(b"")
    done = run(pred, ref, out=tmp_path / "out")
    assert done.exit_code == 1
    assert "3 of 3 cases could not be scored" in done.stdout
    assert json.loads((tmp_path / "out/summary.json").read_text())["regions"] == []


def test_several_processes_tell_the_same(folders, tmp_path):
    pred, ref = folders
    save(pred / "b.nii.gz", mask(last=7))
    done = run(pred, ref, "--workers", 2, out=tmp_path / "out")
    assert done.exit_code == 1
    assert "labels [0, 1, 2, 7]" in done.stderr


def test_resampling_is_asked_for(folders, tmp_path):
    pred, ref = folders
    turned = AFFINE @ np.diag([-1.0, 1.0, 1.0, 1.0])
    turned[:3, 3] = AFFINE[:3, :3] @ [11, 0, 0]
    save(pred / "b.nii.gz", mask()[::-1], turned)
    assert run(pred, ref, out=tmp_path / "out").exit_code == 1
    done = run(pred, ref, "--resample", out=tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert {row["dice"] for row in csv.DictReader((tmp_path / "out/cases.csv").open())} == {"1.0"}


def refused(done, *parts: str) -> None:
    assert done.exit_code == 2, done.output
    for part in (*parts, "found", "expected", "remedy"):
        assert part in done.stderr


def test_folders_that_cannot_be_paired(folders, tmp_path):
    pred, ref = folders
    (tmp_path / "empty").mkdir()
    refused(run(tmp_path / "empty", ref, out=tmp_path / "out"), str(tmp_path / "empty"), "an empty folder")
    refused(run(pred, tmp_path / "empty", out=tmp_path / "out"), str(tmp_path / "empty"))
    refused(run(pred, tmp_path / "gone", out=tmp_path / "out"), "nothing of that name")
    save(tmp_path / "other/x.nii.gz", mask())
    refused(run(tmp_path / "other", ref, out=tmp_path / "out"), "such as x", "such as a, b, c", "--map")
    save(pred / "a_pred.nii.gz", mask())
    refused(run(pred, ref, out=tmp_path / "out"), "a.nii.gz and a_pred.nii.gz, both of case 'a'")
    (pred / "a_pred.nii.gz").unlink()
    save(pred / "d/segmentation.nii.gz", mask())
    refused(run(pred, ref, out=tmp_path / "out"), "results in folders, such as d, and NIfTI files beside", "a.nii.gz")
    assert not (tmp_path / "out").exists()


TABLES = {
    "a file that is not there": ("a,pred/a.nii.gz,ref/a.nii.gz\nb,pred/x.nii.gz,ref/y.nii.gz", "for case 'b'"),
    "no row": ("", "no row"),
    "no name": (",pred/a.nii.gz,ref/a.nii.gz", "no case in row 2"),
    "no reference": ("a,pred/a.nii.gz,", "no reference for case 'a'"),
    "a case twice": ("a,pred/a.nii.gz,ref/a.nii.gz\na,pred/b.nii.gz,ref/b.nii.gz", "case 'a' twice"),
}  # fmt: skip


@pytest.mark.parametrize("what", TABLES)
def test_tables_that_leave_anything_open(folders, tmp_path, what):
    rows, message = TABLES[what]
    (tmp_path / "pairs.csv").write_text(f"case,prediction,reference\n{rows}\n")
    refused(run("--map", tmp_path / "pairs.csv", out=tmp_path / "out"), message, "pairs.csv")
    assert not (tmp_path / "out").exists()


def test_all_that_a_table_names_in_vain_is_told_at_once(folders, tmp_path):
    rows = "\n".join(f"{number},pred/x{number}.nii.gz,ref/a.nii.gz" for number in range(5))
    (tmp_path / "pairs.csv").write_text(f"case,prediction,reference\n{rows}\n")
    refused(run("--map", tmp_path / "pairs.csv", out=tmp_path / "out"), "x0.nii.gz", "x2.nii.gz", "and 2 more")
    assert not (tmp_path / "out").exists()


def test_a_table_and_folders_are_not_both_taken(folders, tmp_path):
    (tmp_path / "pairs.csv").write_text("case,prediction,reference\na,pred/a.nii.gz,ref/a.nii.gz\n")
    refused(run(*folders, "--map", tmp_path / "pairs.csv", out=tmp_path / "out"), "one of both")
    assert not (tmp_path / "out").exists()


def test_missing_predictions_of_a_table_count_as_missed(folders, tmp_path):
    (tmp_path / "pairs.csv").write_text("case,prediction,reference\na,pred/a.nii.gz,ref/a.nii.gz\nb,,ref/b.nii.gz\n")
    done = run("--map", tmp_path / "pairs.csv", out=tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "counted as missed: b" in done.stdout
    whole = [row for row in csv.DictReader((tmp_path / "out/cases.csv").open()) if row["region"] == "WT"]
    assert [(row["dice"], row["prediction_missing"]) for row in whole] == [("1.0", "0"), ("0.0", "1")]


def test_cases_that_a_data_set_leaves_out_are_told(folders, tmp_path):
    """A folder in which two files claim to be T1CE is left out of a data set, and so is its mask."""
    pred, _ = folders
    for case in "abc":
        for sequence in ("t1c", "t2f", *(["t1ce"] if case == "b" else [])):
            save(tmp_path / f"data/{case}/{case}-{sequence}.nii.gz", image(np.float32))
        save(tmp_path / f"data/{case}/{case}-seg.nii.gz", mask())
    done = run(pred, tmp_path / "data", out=tmp_path / "out")
    assert done.exit_code == 1, done.output
    assert "Left out" in done.stderr
    assert "not scored: b" in done.stdout
    assert len(json.loads((tmp_path / "out/summary.json").read_text())["left_out"]) == 1
