"""A real study through everything that ships."""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pytest

from oncontour import segment
from oncontour.core.labels import BRATS
from oncontour.evaluate.metrics import dice
from oncontour.inference.bundle import shipped_bundles
from oncontour.pipeline.options import BRAIN_BUNDLE, DEFAULT_BUNDLE

DICE_FLOOR = {"WT": 0.85, "TC": 0.84, "ET": 0.81}
"""Just below what the shipped bundle gives here (0.871, 0.858, 0.830): a guard against regressions, not a claim."""

MEMORY_GIB = 6.0


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.skipif(not {DEFAULT_BUNDLE, BRAIN_BUNDLE} <= set(shipped_bundles()), reason="no shipped bundles here")
def test_a_glioma_is_found(shared, tmp_path):
    (outcome,) = segment(shared / "glioma-00000", tmp_path / "out")
    assert outcome.status == "done", outcome.error
    result = outcome.result
    assert result is not None
    sides = [check.verdict for check in result.checks if check.name.startswith("mirror")]
    assert sides == ["ok"] * 3
    assert not [check for check in result.checks if check.verdict == "fail"]
    truth = nibabel.load(shared / "glioma-00000" / "BraTS-GLI-00000-000-seg.nii.gz")
    found = nibabel.load(outcome.folder / "segmentation.nii.gz")
    np.testing.assert_allclose(found.affine, truth.affine, atol=1e-3)
    regions = [BRATS.encode(np.asarray(image.dataobj)) for image in (found, truth)]
    scores = {region.name: dice(*pair) for region, *pair in zip(BRATS.regions, *regions, strict=True)}
    assert all(scores[name] >= floor for name, floor in DICE_FLOOR.items()), scores
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["peak_memory_gib"] < MEMORY_GIB
