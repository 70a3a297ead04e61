import json

import numpy as np
import pytest
import torch

from oncontour.core.errors import BundleError
from oncontour.inference.bundle import calibrated, load_bundle, save_bundle, verify_bundle
from oncontour.inference.calibration import (
    Calibration,
    DiceModel,
    Misses,
    RegionCalibration,
    VolumeErrors,
    load_calibration,
    save_calibration,
)
from oncontour.networks import NETWORKS

KNOWN = Calibration(
    cohort="phantom cases", cases=20, seeds=(7, 26), sha256="ab", oncontour="1", sequences={"T1CE FLAIR": 20},
    regions={
        "WT": RegionCalibration(
            misses=Misses(present=19, missed=1, largest_missed_ml=0.25, absent=1),
            volume=VolumeErrors(cases=18, bias=-0.1, spread=0.3),
            dice=DiceModel(cases=18, intercept=-1, expected=0.5, agreement=0.25, volume=0, error=0.05),
            range_ml=(0.5, 120.0),
        ),
        "ET": RegionCalibration(misses=Misses(), volume=None, dice=None, range_ml=None),
    },
)  # fmt: skip


def test_it_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "calibration.yaml"
    save_calibration(KNOWN, path)
    assert load_calibration(path) == KNOWN
    path.write_text(path.read_text().replace("spread: 0.3", "spread: -0.3"))
    with pytest.raises(BundleError, match="calibrate"):
        load_calibration(path)


def test_a_bundle_carries_it_and_can_be_calibrated_again(tmp_path, make_plan):
    torch.manual_seed(0)
    network = NETWORKS["residual_unet"](inputs=2, outputs=3, features=[4, 8], fine=4)
    golden = np.random.default_rng(0).normal(size=(2, 16, 16, 16)).astype(np.float32)
    card = "# tiny\n\nA test model.\n\n## For what\n\nTests\nalone.\n\n## Measured\n\nNothing.\n"
    bundle = save_bundle(tmp_path / "tiny", make_plan(), network, golden, card, {"licence": "x"})
    assert bundle.calibration is None
    assert (bundle.card_line, bundle.purpose) == ("A test model.", "Tests alone.")
    other = KNOWN.model_copy(update={"cases": 21})
    for known in (other, KNOWN):
        assert calibrated(load_bundle(bundle.folder), known).calibration == known
    assert verify_bundle(load_bundle(bundle.folder)) < 1e-3
    provenance = json.loads((bundle.folder / "provenance.json").read_text())
    assert provenance["licence"] == "x"
    assert set(provenance["sha256"]) == {*bundle.provenance["sha256"], "calibration.yaml"}
