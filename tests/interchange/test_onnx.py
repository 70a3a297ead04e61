"""ONNX graphs, run by onnxruntime beside torch."""

import numpy as np
import pytest
import torch

from oncontour.core.errors import BundleError
from oncontour.inference.bundle import save_bundle
from oncontour.interchange.onnx import export_onnx
from oncontour.networks import NETWORKS
from oncontour.plans.plan import Plan

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: no ONNX file is checked")
pytest.importorskip("onnxscript", reason="onnxscript is not installed: no ONNX file can be written")

NETWORK = {"inputs": 2, "outputs": 3, "features": [4, 8], "fine": 4}


def _bundle(tmp_path, name="residual_unet", arguments=NETWORK, folds=1, output="sigmoid", **changes):
    plan = Plan.model_validate({
        "name": "tiny", "scheme": "brats", "channels": ["T1CE", "FLAIR"], "spacing_mm": 1.0, "normalisation": "zscore",
        "network": {"name": name, "arguments": arguments},
        "training": {"epochs": 1, "steps_per_epoch": 1, "batch": 2, "patch": [16] * 3, "loss": {"output": output}},
        "inference": {"mirror": [], "tile": [64] * 3, "overlap": 0.25, **changes.pop("inference", {})},
        **changes,
    })  # fmt: skip
    networks = {}
    for fold in range(folds):
        torch.manual_seed(fold)
        networks[f"fold_{fold}"] = NETWORKS[name](**arguments)
    golden = np.random.default_rng(0).normal(size=(2, 16, 16, 16)).astype(np.float32)
    return save_bundle(tmp_path / "own", plan, networks, golden, "# tiny\n\nText.\n", {})


@pytest.mark.parametrize(
    "changes",
    [
        {"folds": 2},
        {"folds": 2, "inference": {"average": "logits"}, "output": "softmax", "arguments": NETWORK | {"outputs": 4}},
        {"name": "nnunet", "arguments": {
            "inputs": 2, "outputs": 3, "features_per_stage": [4, 6], "strides": [1, 2], "dimensions": 2, "axis": 1}},
    ],
    ids=["folds", "softmax", "2d"],
)  # fmt: skip
def test_graph_gives_the_probabilities_of_the_bundle(tmp_path, changes):
    bundle = _bundle(tmp_path, **changes)
    written = export_onnx(bundle, tmp_path / "x.onnx")
    assert written.difference <= 1e-4
    assert written.shape == (1, 2, None, None, None)
    session = onnxruntime.InferenceSession(str(written.path), providers=["CPUExecutionProvider"])
    image = np.random.default_rng(1).normal(size=(2, 12, 20, 8)).astype(np.float32)
    found = session.run(["probabilities"], {"image": image[None]})[0][0]
    assert found == pytest.approx(bundle.probabilities(image), abs=1e-4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own", "x.onnx"]


def test_cascade_is_refused(tmp_path):
    bundle = _bundle(tmp_path)
    stages = [{"region": "WT"}, {"region": "TC", "within": "WT"}, {"region": "ET", "within": "TC"}]
    plan = Plan.model_validate(bundle.plan.model_dump() | {"stages": stages})
    object.__setattr__(bundle, "plan", plan)
    with pytest.raises(BundleError, match="cascade"):
        export_onnx(bundle, tmp_path / "x.onnx")
