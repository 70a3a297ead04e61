import os
import signal
import subprocess
import sys
import time

import pytest
import yaml
from typer.testing import CliRunner

from oncontour.cli.main import app

PLAN = {
    "name": "tiny", "scheme": "brats", "channels": ["T1", "T1CE", "T2", "FLAIR"], "spacing_mm": 5.0,
    "normalisation": "zscore",
    "network": {"name": "residual_unet", "arguments": {"inputs": 4, "outputs": 3, "features": [4, 8], "fine": 4}},
    "synthetic": {"cases": 2, "seed": 5, "skull": False, "mni_share": 1.0},
    "training": {"epochs": 1, "steps_per_epoch": 2, "batch": 2, "patch": [16, 16, 16], "average_decay": 0.9},
    "inference": {"mirror": [0], "tile": [48, 48, 48], "overlap": 0.25},
}  # fmt: skip


@pytest.fixture
def plan(tmp_path):
    def write(**training):
        path = tmp_path / "tiny.yaml"
        path.write_text(yaml.safe_dump({**PLAN, "training": {**PLAN["training"], **training}}))
        return path

    return write


def arguments(plan, tmp_path, *others):
    common = ["--plan", plan, "--work", tmp_path / "work", "--folds", 2, "--device", "cpu", "--workers", 0]
    return ["train", *map(str, common), "--prepare-workers", "1", *others]


def test_a_recipe_is_trained_scored_and_bundled(plan, tmp_path):
    pytest.importorskip("nilearn")
    result = CliRunner().invoke(app, arguments(plan(), tmp_path, "--fold", "all", "--out", str(tmp_path / "bundle")))
    assert result.exit_code == 0, result.output
    assert "fold 1: epoch 1" in result.output
    assert "out of fold" in result.output
    assert (tmp_path / "bundle" / "fold_1.safetensors").exists()
    again = CliRunner().invoke(app, arguments(plan(), tmp_path, "--fold", "0"))
    assert again.exit_code == 2
    assert "--resume" in again.output
    resumed = CliRunner().invoke(app, arguments(plan(), tmp_path, "--fold", "0,1", "--resume"))
    assert resumed.exit_code == 0, resumed.output


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--fold", "one", "numbers with commas"),
        ("--fold", "7", "0 to 1"),
        ("--seeds", "a,b", "numbers with commas"),
        ("--cluster-options", "partition", "name=value"),
        ("--device", "cuda", "no GPU"),
    ],
)
def test_unusable_options_are_told(plan, tmp_path, option, value, said):
    import torch

    if value == "cuda" and torch.cuda.is_available():
        pytest.skip("a GPU is there")
    result = CliRunner().invoke(app, arguments(plan(), tmp_path, option, value))
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_its_processes_saves_and_says_how_to_go_on(plan, tmp_path, number):
    """A terminal and SLURM tell the workers too; these must not take the training down with them."""
    command = [sys.executable, "-m", "oncontour", *arguments(plan(epochs=1000), tmp_path, "--workers", "1")]
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, start_new_session=True, **pipes)
    log = tmp_path / "work" / "fold_0" / "log.csv"
    while not log.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    os.killpg(process.pid, number)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "--resume" in said
    assert (tmp_path / "work" / "fold_0" / "last.pt").exists()
