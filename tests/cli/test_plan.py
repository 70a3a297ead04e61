"""`oncontour plan`."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.plans.file import load_plan


@pytest.fixture
def data(tmp_path):
    """Two cases named as BraTS 2021 names them."""
    root, affine = tmp_path / "data", np.diag([2.0, 2.0, 2.0, 1.0])
    for n in range(2):
        folder = root / f"BraTS2021_{n:05d}"
        folder.mkdir(parents=True)
        brain = np.zeros((40, 44, 36), np.float32)
        brain[4:36, 4:40, 4:32] = np.random.default_rng(n).normal(100, 9, (32, 36, 28))
        label = np.zeros(brain.shape, np.uint8)
        label[8:14, 6:12, 5:9] = 4
        for name in ("t1", "t1ce", "t2", "flair"):
            write_nifti(Volume(brain, affine), folder / f"{folder.name}_{name}.nii.gz", "float32")
        write_nifti(Volume(label, affine), folder / f"{folder.name}_seg.nii.gz", "uint8")
    return root


def run(*arguments):
    return CliRunner().invoke(app, ["plan", *map(str, arguments)], env={"COLUMNS": "240"})


def test_it_writes_a_plan_and_shows_why(data, tmp_path):
    out = tmp_path / "plan.yaml"
    done = run(data, "--network", "nnunet", "--memory", "8GB", "--out", out)
    assert done.exit_code == 0, done.output
    plan = load_plan(out)
    assert plan.network.name == "nnunet"
    assert plan.training.patch == (32, 40, 28)
    assert "Median: 32 x 36 x 28 voxels of 2 x 2 x 2 mm; WT 1.15 mL in 100%" in done.stdout
    rows = {row[0].strip(): row for row in (line.split("│")[1:-1] for line in done.stdout.splitlines() if "│" in line)}
    assert rows["training.patch"][1].strip() == "32, 40, 28"
    assert "median case" in rows["training.patch"][2]
    assert rows["network.arguments.strides"][1].strip().startswith("1 1 1, 2 2 2")
    assert f"--plan {out}" in done.stdout


def test_wishes_go_into_the_plan(data, tmp_path):
    out = tmp_path / "plan.yaml"
    wishes = ("--spacing", "4", "--patch", "16,16,32", "--epochs", 2, "--steps-per-epoch", 3, "--seed", 9)
    done = run(data, "--network", "residual_unet", "--out", out, "--precision", "bf16", *wishes)
    assert done.exit_code == 0, done.output
    plan = load_plan(out)
    assert plan.spacing == (4.0, 4.0, 4.0)
    assert plan.training.patch == (16, 16, 32)
    assert (plan.training.steps, plan.training.seed, plan.training.precision) == (6, 9, "bf16")


def test_a_fingerprint_is_kept_until_the_data_change(data, tmp_path):
    kept = tmp_path / "fingerprint.json"
    arguments = ("--network", "nnunet", "--fingerprint", kept, "--out")
    assert run(data, *arguments, tmp_path / "a.yaml").exit_code == 0
    kept.write_text(kept.read_text().replace('"brain_ml":', '"brain_ml":  '))
    touched = kept.read_text()
    assert run(data, *arguments, tmp_path / "b.yaml").exit_code == 0
    assert kept.read_text() == touched
    assert load_plan(tmp_path / "a.yaml") == load_plan(tmp_path / "b.yaml")
    (data / "BraTS2021_00001" / "BraTS2021_00001_seg.nii.gz").unlink()
    assert run(data, *arguments, tmp_path / "c.yaml").exit_code == 0
    assert kept.read_text() != touched


def test_a_case_that_is_left_out_is_named(data, tmp_path):
    (data / "BraTS2021_00001" / "BraTS2021_00001_t2.nii.gz").write_bytes(b"no image")
    done = run(data, "--out", tmp_path / "plan.yaml")
    assert done.exit_code == 1
    assert "Left out BraTS2021_00001" in done.stderr
    assert (tmp_path / "plan.yaml").exists()


def test_a_plan_is_not_overwritten(data, tmp_path):
    (tmp_path / "plan.yaml").write_text("mine")
    done = run(data, "--out", tmp_path / "plan.yaml")
    assert done.exit_code == 2
    assert "there already" in done.stderr
    assert (tmp_path / "plan.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--network", "vnet"), "vnet"),
        (("--memory", "much"), "much"),
        (("--patch", "16,16"), "16,16"),
        (("--spacing", "-1"), "--spacing"),
        (("--precision", "int8"), "int8"),
        (("--network", "nnunet", "--configuration", "3d_lowres"), "3d_fullres"),
    ],
)
def test_what_cannot_be_used_is_named(data, tmp_path, arguments, message):
    done = run(data, "--out", tmp_path / "plan.yaml", *arguments)
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert not (tmp_path / "plan.yaml").exists()


def test_no_data_set_is_named(tmp_path):
    done = run(tmp_path / "nowhere", "--out", tmp_path / "plan.yaml")
    assert done.exit_code == 2
    assert "nowhere" in done.stderr


def test_from_a_bundle(data, tmp_path):
    out = tmp_path / "plan.yaml"
    done = run(data, "--from", "default", "--epochs", 3, "--out", out)
    assert done.exit_code == 0, done.output
    assert "--from default" in done.stdout
    plan = load_plan(out)
    assert plan.name.endswith("from-default")
    assert (plan.training.epochs, plan.synthetic) == (3, None)
    both = run(data, "--from", "default", "--network", "nnunet", "--out", tmp_path / "other.yaml")
    assert both.exit_code == 2
    assert "none beside --from" in both.output
