"""`oncontour bundle`: list, show, verify, calibrate, import, export."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.errors import InputError
from oncontour.core.sequence import Sequence
from oncontour.inference.bundle import calibrated, load_bundle, save_bundle, shipped_bundles
from oncontour.inference.calibration import Calibration, Misses, RegionCalibration
from oncontour.interchange.wishes import Wishes
from oncontour.networks import NETWORKS
from oncontour.plans.plan import Plan

ARGUMENTS = {"inputs": 2, "outputs": 3, "features": [4, 8], "fine": 4}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bundle with a tiny untrained network."""
    plan = Plan.model_validate(
        {
            "name": "tiny", "scheme": "brats", "channels": ["T1CE", "FLAIR"], "spacing_mm": 2.0,
            "normalisation": "zscore",
            "network": {"name": "residual_unet", "arguments": ARGUMENTS},
            "training": {"epochs": 1, "steps_per_epoch": 1, "batch": 1, "patch": [16, 16, 16]},
            "inference": {"mirror": [], "tile": [64, 64, 64], "overlap": 0.25},
        }
    )  # fmt: skip
    network = NETWORKS["residual_unet"](**plan.network.arguments)
    golden = np.random.default_rng(0).normal(size=(2, 16, 16, 16)).astype(np.float32)
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    save_bundle(folder, plan, network, golden, "# tiny\n\nA [test] model.\n", {"licence": "x"})
    return folder


def run(*arguments):
    return CliRunner().invoke(app, ["bundle", *map(str, arguments)], env={"COLUMNS": "200"})


def test_show_prints_what_goes_in_what_comes_out_and_how_it_is_painted(folder):
    done = run("show", folder)
    assert done.exit_code == 0, done.output
    for text in (
        "tiny",
        "A [test] model.",
        "T1CE, FLAIR",
        "2 mm",
        "zscore",
        "whole tumour",
        "painted from top to bottom",
    ):
        assert text in done.stdout
    rows = [line.split("│")[1:-1] for line in done.stdout.splitlines() if line.startswith("│")]
    assert [(row[0].strip(), row[3].strip()) for row in rows] == [("WT", "2"), ("TC", "1"), ("ET", "3")]


def test_verify_runs_the_golden_sample(folder):
    done = run("verify", folder)
    assert done.exit_code == 0, done.output
    assert "tiny: sound" in done.stdout


def test_verify_finds_damage(folder, tmp_path):
    damaged = tmp_path / "tiny"
    damaged.mkdir()
    for path in folder.rglob("*"):
        if path.is_file():
            (damaged / path.relative_to(folder)).parent.mkdir(exist_ok=True)
            (damaged / path.relative_to(folder)).write_bytes(path.read_bytes())
    weights = damaged / "fold_0.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    done = run("verify", damaged)
    assert done.exit_code == 2
    assert "fold_0.safetensors" in done.stderr
    assert "expected sha256" in done.stderr


def test_an_unknown_bundle_is_unusable():
    done = run("show", "no-such-model")
    assert done.exit_code == 2
    assert "no plan.yaml" in done.stderr


def test_list_names_what_is_shipped():
    done = run("list")
    assert done.exit_code == 0
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == shipped_bundles()


def test_export_writes_a_graph_or_says_why_not(folder, tmp_path):
    pytest.importorskip("onnxscript", reason="onnxscript is not installed: no ONNX file can be written")
    done = run("export", folder, "--onnx", tmp_path / "x.onnx")
    assert done.exit_code == 0, done.output
    assert "any x any x any voxels, multiples of 4 x 4 x 4" in done.stdout
    assert (tmp_path / "x.onnx").stat().st_size > 1000
    refused = run("export", folder, "--nnunet", tmp_path / "nnunet")
    assert refused.exit_code == 2
    assert "residual_unet" in refused.stderr
    assert not (tmp_path / "nnunet").exists()


def test_export_needs_to_know_what_for(folder):
    assert run("export", folder).exit_code == 2


def test_import_passes_on_what_the_user_says(tmp_path, folder, monkeypatch):
    seen = []

    def fake(*arguments):
        seen.extend(arguments)
        return load_bundle(folder)

    monkeypatch.setattr("oncontour.interchange.importing.import_model", fake)
    done = run(
        "import", tmp_path, "--out", tmp_path / "b", "--channels", "t1ce,FLAIR", "--folds", "0,all", "--name", "x"
    )
    assert done.exit_code == 0, done.output
    wishes = Wishes("x", (Sequence.T1CE, Sequence.FLAIR), ("0", "all"))
    assert seen == [tmp_path, tmp_path / "b", wishes]
    assert run("import", tmp_path, "--out", tmp_path / "b", "--channels", "CT").exit_code == 2


def test_import_of_no_model_is_unusable(tmp_path):
    done = run("import", tmp_path, "--out", tmp_path / "bundle")
    assert done.exit_code == 2
    assert "no model" in done.stderr
    assert not (tmp_path / "bundle").exists()


def test_calibrate_says_on_what_and_what_was_left_out(folder, tmp_path, monkeypatch):
    region = RegionCalibration(misses=Misses(), volume=None, dice=None, range_ml=None)
    known = Calibration(
        cohort="phantom cases", cases=12, seeds=(1, 12), sha256="0", oncontour="1", sequences={"T1CE FLAIR": 12},
        regions={"WT": region},
    )  # fmt: skip
    asked = []

    def calibrate(name, cohort, out, work, progress):
        asked.append((name, cohort, out, work))
        progress(12, 12)
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        return calibrated(load_bundle(copy), known), [InputError("case13", "nothing", "an image", "Copy it again.")]

    monkeypatch.setattr("oncontour.pipeline.calibrate.calibrate", calibrate)
    done = run("calibrate", folder, tmp_path, "--work", tmp_path / "work")
    assert done.exit_code == 0, done.output
    assert asked == [(str(folder), tmp_path, None, tmp_path / "work")]
    assert "tiny: calibrated on 12 cases" in done.stdout
    assert "case13" in done.stderr
    assert "12 held-out cases" in run("show", tmp_path / "copy").stdout
