"""Calibration of a bundle on a cohort; the finding of tumours is replaced."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from oncontour.core.errors import BundleError, InputError
from oncontour.core.labels import BRATS
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.inference.bundle import load_bundle, save_bundle
from oncontour.measure.predicted_dice import Signs
from oncontour.measure.regions import measure_regions
from oncontour.networks import NETWORKS
from oncontour.pipeline.calibrate import calibrate, learn_region
from oncontour.pipeline.observe import Observed, ObservedCase
from oncontour.plans.plan import Plan

CONTENT = {
    "name": "tiny", "scheme": "brats", "channels": ["T1CE", "FLAIR"], "spacing_mm": 2.0, "normalisation": "zscore",
    "network": {"name": "residual_unet", "arguments": {"inputs": 2, "outputs": 3, "features": [4, 8], "fine": 4}},
    "training": {"epochs": 1, "steps_per_epoch": 1, "batch": 1, "patch": [16, 16, 16]},
    "inference": {"mirror": [0], "tile": [64, 64, 64], "overlap": 0.25},
}  # fmt: skip


@pytest.fixture
def bundle(tmp_path):
    golden = np.random.default_rng(0).normal(size=(2, 16, 16, 16)).astype(np.float32)
    network = NETWORKS["residual_unet"](**CONTENT["network"]["arguments"])
    return save_bundle(tmp_path / "tiny", Plan.model_validate(CONTENT), network, golden, "# tiny\n\nA test.\n", {})


@pytest.fixture
def cohort(tmp_path):
    """Twelve cases in BraTS naming; of case n a cube of n + 3 voxels to a side is tumour, none in case 0."""
    for n in range(12):
        folder = tmp_path / "cohort" / f"case{n:02}"
        folder.mkdir(parents=True)
        image = np.random.default_rng(n).normal(100, 10, (20, 20, 20)).astype(np.float32)
        for name in ("t1c", "t2f"):
            write_nifti(Volume(image, np.eye(4)), folder / f"case{n:02}-{name}.nii.gz")
        label = np.zeros((20, 20, 20), np.uint8)
        if n:
            label[: n + 3, : n + 3, : n + 3] = 3
        write_nifti(Volume(label, np.eye(4)), folder / f"case{n:02}-seg.nii.gz", "uint8")
    return tmp_path / "cohort"


@pytest.fixture
def finds(monkeypatch):
    """Replaces the finding of tumours: a cube one voxel too large, nothing in case 1; counts its calls."""
    called = []

    def fake(study, options, models, clock, *, signs):
        called.append(study.name)
        n = int(study.name[-2:])
        masks = np.zeros((3, 20, 20, 20), bool)
        if n > 1:
            masks[:, : n + 4, : n + 3, : n + 3] = True
        regions = Volume(masks, np.eye(4))
        measured = measure_regions(regions, BRATS)
        signs = {one.name: Signs(0.8 + n / 100, 0.9, one.volume_ml, contrast=True) for one in measured if one.volume_ml}
        return SimpleNamespace(
            prepared=SimpleNamespace(brain=Volume(np.ones((20, 20, 20), bool), np.eye(4))),
            probabilities=Volume(masks * 0.75, np.eye(4)),
            masks=SimpleNamespace(scheme=BRATS, regions=regions),
            measurements=measured,
            signs=signs,
        )

    monkeypatch.setattr("oncontour.pipeline.observe.find_tumour", fake)
    return called


def test_a_bundle_learns_from_a_cohort_and_stays_sound(bundle, cohort, finds, tmp_path):
    found, failed = calibrate(str(bundle.folder), cohort, work=tmp_path / "work")
    assert not failed
    assert found.folder == bundle.folder
    known = load_bundle(bundle.folder).calibration
    assert known == found.calibration
    assert (known.cases, known.sequences, known.seeds) == (12, {"T1CE FLAIR": 12}, None)
    whole = known.regions["WT"]
    assert (whole.misses.present, whole.misses.missed, whole.misses.absent, whole.misses.invented) == (11, 1, 1, 0)
    assert whole.misses.largest_missed_ml == pytest.approx(4**3 / 1000)
    assert whole.volume.cases == 10
    assert whole.volume.bias == pytest.approx(np.mean([np.log((n + 4) / (n + 3)) for n in range(2, 12)]))
    assert whole.dice.cases == 10
    assert whole.range_ml == pytest.approx((6 * 5 * 5 / 1000, 15 * 14 * 14 / 1000))
    (bundle.folder / "calibration.yaml").write_text("cases: 1000")
    with pytest.raises(BundleError, match=r"calibration\.yaml"):
        load_bundle(bundle.folder)


def test_a_copy_leaves_the_bundle_as_it_was(bundle, cohort, finds, tmp_path):
    before = (bundle.folder / "provenance.json").read_bytes()
    found, _ = calibrate(str(bundle.folder), cohort, out=tmp_path / "copy")
    assert found.folder == tmp_path / "copy"
    assert found.calibration is not None
    assert (bundle.folder / "provenance.json").read_bytes() == before
    with pytest.raises(InputError, match="of that name"):
        calibrate(str(bundle.folder), cohort, out=tmp_path / "copy")


def test_what_is_done_is_kept_even_when_the_bundle_has_been_calibrated(bundle, cohort, finds, tmp_path):
    work = tmp_path / "work"
    first, _ = calibrate(str(bundle.folder), cohort, work=work)
    finds.clear()
    second, _ = calibrate(str(bundle.folder), cohort, work=work)
    assert finds == []
    assert second.calibration == first.calibration
    kept = json.loads((work / "case03.json").read_text())
    kept["record"]["options"]["bias_field"] = False
    (work / "case03.json").write_text(json.dumps(kept))
    calibrate(str(bundle.folder), cohort, work=work)
    assert finds == ["case03"]


def test_a_broken_case_is_left_out_and_named(bundle, cohort, finds):
    (cohort / "case05" / "case05-t1c.nii.gz").write_bytes(b"nothing")
    found, failed = calibrate(str(bundle.folder), cohort)
    assert found.calibration.cases == 11
    assert len(failed) == 1
    assert "case05" in failed[0].where


def test_inventions_are_counted_apart():
    none = Observed(0.0, 0.0, 1.0, None, None)
    invented = Observed(2.0, 0.0, 0.0, 0.7, 0.8)
    regions = (none, invented, Observed(3.0, 2.0, 0.8, 0.9, 0.9))
    found = learn_region([ObservedCase(f"{n}", "T1CE", {"WT": one}) for n, one in enumerate(regions)], "WT")
    assert (found.misses.absent, found.misses.invented, found.misses.present) == (2, 1, 1)
    assert found.volume is found.dice is None
    assert found.range_ml == (2.0, 3.0)
