"""Intervals, predicted Dice and probabilities held against the truth, where predictions come with them."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from scipy import stats

from oncontour.core.errors import InputError
from oncontour.core.labels import BRATS
from oncontour.data.nifti import read_voxels
from oncontour.evaluate.reliability import BINS, binned, calibration_error, reliability
from oncontour.evaluate.run import evaluate
from oncontour.evaluate.uncertainty import coverage, dice_prediction, judge_uncertainty, write_uncertainty

from .conftest import labels, write

PLACES = {"a": (5, 5, 5), "b": (6, 5, 5), "c": (9, 9, 9)}


def region(name: str, volume: float, interval: list[float] | None, dice: float | None) -> dict:
    sure = {"interval_ml": interval, "level": 0.95, "predicted_dice": dice}
    return {"name": name, "volume_ml": volume, "certainty": sure}


@pytest.fixture
def results(tmp_path):
    """Results as `oncontour segment` leaves them: the whole tumour is 0.432 mL."""
    told = {"a": region("WT", 0.432, [0.4, 0.5], 0.9), "b": region("WT", 0.432, [0.5, 0.6], 0.8),
            "c": region("WT", 0.0, None, None)}  # fmt: skip
    for case, place in PLACES.items():
        write(tmp_path / f"ref/{case}.nii.gz", labels((5, 5, 5)))
        found = labels(*[] if case == "c" else [place])
        write(tmp_path / f"out/{case}/segmentation.nii.gz", found)
        (tmp_path / f"out/{case}/measurements.json").write_text(json.dumps({"regions": [told[case]]}))
    return tmp_path / "out", tmp_path / "ref"


def judged(folders, scheme="brats"):
    found = evaluate(*folders, scheme)
    return found, judge_uncertainty(found.pairs, found.scores, found.measures)


def test_intervals_and_predicted_dice_are_held_against_the_truth(results, tmp_path):
    found, sure = judged(results)
    (whole,) = sure.regions
    assert (sure.cases, sure.maps, sure.failed) == (3, 0, {})
    assert (whole.region, whole.level, whole.missed, whole.invented) == ("WT", 0.95, 1, 0)
    assert (whole.coverage.given, whole.coverage.covered, whole.coverage.share) == (2, 1, 0.5)
    true = {score.case: score.dice for score in found.scores if score.region == "WT"}
    assert whole.dice.mean_error == pytest.approx(np.mean([0.9 - true["a"], 0.8 - true["b"]]))
    assert np.isnan(whole.dice.pearson)
    written = write_uncertainty(sure, tmp_path)
    assert [path.name for path in written] == ["uncertainty.json", "uncertainty.csv"]
    rows = list(csv.DictReader(written[1].open()))
    assert [(row["case"], row["covered"], row["predicted_dice"]) for row in rows] == [
        ("a", "1", "0.9"), ("b", "0", "0.8"), ("c", "", ""),
    ]  # fmt: skip
    assert json.loads(written[0].read_text())["regions"][0]["coverage"]["share"] == 0.5


def test_nothing_told_is_nothing_written(folders, tmp_path):
    _, sure = judged(folders)
    assert (sure.regions, sure.cases, sure.maps) == ((), 0, 0)
    assert write_uncertainty(sure, tmp_path) == ()


def test_a_damaged_file_is_told_and_stops_nothing(results, tmp_path):
    (results[0] / "a/measurements.json").write_text('{"regions": [{"name": "WT"}]}')
    (results[0] / "b/measurements.json").write_text("nothing")
    _, sure = judged(results)
    assert set(sure.failed) == {"a", "b"}
    assert sure.cases == 1
    written = write_uncertainty(sure, tmp_path)
    assert set(json.loads(written[0].read_text())["failed"]) == {"a", "b"}


def test_limits_of_coverage_are_exact():
    truth = [0.5] * 18 + [2.0] * 2
    found = coverage([(0.1, 1.0)] * 20, truth)
    assert (found.covered, found.given, found.median_width) == (18, 20, 10)
    assert found.low == pytest.approx(stats.beta.ppf(0.025, 18, 3))
    assert found.high == pytest.approx(stats.beta.ppf(0.975, 19, 2))
    assert np.isnan(coverage([], []).share)


def test_predicted_dice_of_a_rising_curve():
    found = dice_prediction([0.5, 0.6, 0.7], [0.1, 0.2, 0.9])
    assert found.spearman == pytest.approx(1)
    assert found.pearson == pytest.approx(np.corrcoef([0.5, 0.6, 0.7], [0.1, 0.2, 0.9])[0, 1])
    assert found.mean_absolute_error == pytest.approx((0.4 + 0.4 + 0.2) / 3)
    assert np.isnan(dice_prediction([0.5, 0.5, 0.5], [0.1, 0.2, 0.9]).pearson)


def test_probabilities_that_mean_what_they_say_have_no_error():
    rng = np.random.default_rng(4)
    chance = rng.random(200_000)
    honest = binned(chance, rng.random(chance.size) < chance)
    assert calibration_error(reliability([honest, ()])) < 0.01
    sure = binned(np.full(1000, 0.95), np.arange(1000) < 500)
    assert calibration_error(reliability([sure])) == pytest.approx(0.45)


def write_chances(path, array, labels_apart):
    """A map that is sure of the mask, in nnU-Net's order of axes."""
    channels = np.stack([array == value for value in range(4)]) if labels_apart else BRATS.encode(array)
    np.savez_compressed(path, probabilities=np.where(channels, 0.85, 0.05).astype(np.float32).transpose(0, 3, 2, 1))


@pytest.mark.parametrize("labels_apart", [True, False])
def test_maps_of_labels_and_of_regions(folders, tmp_path, labels_apart):
    pred, _ = folders
    array = read_voxels(pred / "a_pred.nii.gz")[0].array.astype(np.uint8)
    write_chances(pred / "a_pred.npz", array, labels_apart)
    found, sure = judged(folders)
    assert sure.maps == 1
    enhancing = next(one for one in sure.regions if one.region == "ET")
    voxels = [score.voxels_pred for score in found.scores if (score.case, score.region) == ("a", "ET")]
    assert enhancing.bins is not None
    assert enhancing.bins[8].tolist() == pytest.approx([voxels[0], 0.85, 0.0], rel=1e-6)
    rows = list(csv.DictReader(write_uncertainty(sure, tmp_path)[1].open()))
    assert len(rows) == 3 * BINS


def test_maps_of_other_masks_are_refused(folders):
    pred, _ = folders
    write_chances(pred / "a_pred.npz", labels((12, 12, 12)), labels_apart=True)
    np.savez(pred / "b_pred.npz", probabilities=np.zeros((7, 26, 28, 30), np.float32))
    _, sure = judged(folders)
    assert isinstance(sure.failed["a"], InputError)
    assert "Dice 0.00" in str(sure.failed["a"])
    assert "7 channels" in str(sure.failed["b"])
