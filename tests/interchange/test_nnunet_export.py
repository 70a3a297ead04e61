"""Bundles as folders that nnU-Net itself predicts with."""

import json

import nnunet_models as models
import numpy as np
import pytest
import torch

from oncontour.core.errors import BundleError, OutputError
from oncontour.inference.bundle import save_bundle
from oncontour.interchange.imported import write_imported
from oncontour.interchange.nnunet import read_nnunet
from oncontour.interchange.nnunet_export import export_nnunet
from oncontour.networks import NETWORKS
from oncontour.plans.plan import Plan

pytestmark = pytest.mark.peers

SPACING = (2.0, 1.0, 1.2)


def _own(tmp_path, scheme="brats", output="sigmoid", network="nnunet", folds=1, **changes):
    """A bundle as our training leaves it."""
    small = {"inputs": 2, "outputs": 3, "features": [4, 8], "fine": 4}
    arguments = small if network == "residual_unet" else {
        "inputs": 2, "outputs": 3, "features_per_stage": [6, 8, 10], "strides": [[1, 1, 1], [2, 2, 1], [2, 2, 2]],
        "kernel_sizes": [[3, 3, 1], [3, 3, 3], [3, 3, 3]], "n_conv_per_stage_decoder": [1, 2],
        **changes.pop("arguments", {}),
    }  # fmt: skip
    plan = Plan.model_validate({
        "name": "tiny", "scheme": scheme, "channels": ["T1CE", "FLAIR"], "spacing_mm": [1.2, 1.0, 2.0],
        "normalisation": "zscore", "network": {"name": network, "arguments": arguments},
        "training": {"epochs": 1, "steps_per_epoch": 1, "batch": 2, "patch": [20, 16, 8], "loss": {"output": output}},
        "inference": {"mirror": [0], "tile": [20, 16, 8], "overlap": 0.25},
        **changes,
    })  # fmt: skip
    networks = {}
    for fold in range(folds):
        torch.manual_seed(fold)
        networks[f"fold_{fold}"] = NETWORKS[network](**arguments)
    golden = np.random.default_rng(0).normal(size=(arguments["inputs"], 8, 8, 4)).astype(np.float32)
    return save_bundle(tmp_path / "own", plan, networks, golden, "# tiny\n\nText.\n", {"licence": "Apache-2.0"})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"folds": 2, "output": "softmax", "arguments": {"outputs": 4}},
        {"scheme": "whole", "arguments": {"outputs": 1}},
        {"network": "nnunet_resenc", "arguments": {"n_blocks_per_stage": [1, 2, 2]}},
        {"arguments": {"dimensions": 2, "axis": 2, "strides": [1, 2, 2], "kernel_sizes": 3}},
        {"arguments": {"dimensions": 2, "axis": 0, "strides": [1, [2, 1], 2], "kernel_sizes": 3}},
    ],
    ids=["regions", "softmax", "one region", "residual", "2d", "2d sagittal"],
)
def test_nnunet_predicts_with_our_networks(tmp_path, changes):
    """What nnU-Net makes of the folder is what our own path makes of it, and the weights are still ours."""
    bundle = _own(tmp_path, **changes)
    folder = export_nnunet(bundle, tmp_path / "nnunet")
    again = write_imported(read_nnunet(folder), tmp_path / "again")
    for ours, theirs in zip(bundle.networks, again.networks, strict=True):
        x = torch.randn(1, 2, 8, 8, 8)
        with torch.inference_mode():
            assert torch.allclose(ours[""](x), theirs[""](x), atol=1e-5)
    image = models.brain()
    expected = models.predict(folder, image, SPACING)
    assert len(np.unique(expected)) > 1
    assert (models.predict_ours(again, image, SPACING) != expected).mean() < 1e-4
    sagittal = bundle.plan.network.arguments.get("axis") == 0
    assert again.plan.inference.mirror == (() if sagittal else bundle.plan.inference.mirror)
    assert [region.name for region in again.scheme.regions] == [region.name for region in bundle.scheme.regions]
    assert list(again.scheme.painting().values()) == list(bundle.scheme.painting().values())


@pytest.mark.parametrize("transpose", [(0, 1, 2), (2, 0, 1)])
def test_imported_models_go_back_unchanged(tmp_path, transpose):
    content = models.plans({"3d_fullres": models.configuration(residual=True)}, transpose)
    theirs = models.write_model(tmp_path / "a", "3d_fullres", content, models.dataset(), folds=(0, 1), mirror=(0, 2))
    folder = export_nnunet(write_imported(read_nnunet(theirs), tmp_path / "bundle"), tmp_path / "b")
    image = models.brain()
    assert (models.predict(folder, image, SPACING) != models.predict(theirs, image, SPACING)).mean() < 1e-4


def test_cascade_goes_back_in_two_folders(tmp_path):
    coarse = models.configuration(spacing=[4.0, 2.0, 2.4], patch=[8, 12, 12])
    content = models.plans({
        "3d_lowres": coarse, "3d_cascade_fullres": models.configuration() | {"previous_stage": "3d_lowres"}
    })  # fmt: skip
    low = models.write_model(tmp_path / "T__3d_lowres", "3d_lowres", content, models.dataset(), seed=3)
    high = models.write_model(tmp_path / "T__3d_cascade_fullres", "3d_cascade_fullres", content, models.dataset())
    folder = export_nnunet(write_imported(read_nnunet(high), tmp_path / "bundle"), tmp_path / "out")
    image = models.brain()
    previous = models.predict(folder / "previous", image, SPACING)
    assert (previous != models.predict(low, image, SPACING)).mean() < 1e-4
    shown = previous[None].astype(np.float32)
    theirs = models.predict(high, image, SPACING, shown)
    assert (models.predict(folder, image, SPACING, shown) != theirs).mean() < 1e-4


def test_channels_and_reader_are_stated(tmp_path):
    folder = export_nnunet(_own(tmp_path), tmp_path / "nnunet")
    plans, dataset = (json.loads((folder / name).read_text()) for name in ("plans.json", "dataset.json"))
    assert plans["image_reader_writer"] == "NibabelIOWithReorient"  # our axes are RAS
    assert plans["configurations"]["3d_fullres"]["spacing"] == [2.0, 1.0, 1.2]
    assert dataset["channel_names"] == {"0": "T1CE", "1": "FLAIR"}
    assert dataset["labels"] == {"background": 0, "WT": [1, 2, 3], "TC": [1, 3], "ET": [3]}
    assert dataset["regions_class_order"] == [2, 1, 3]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"normalisation": "percentile95"}, "percentile95"),
        ({"network": "residual_unet"}, "residual_unet"),
    ],
)
def test_what_nnunet_cannot_do_is_refused_with_the_reason(tmp_path, changes, message):
    bundle = _own(tmp_path, **changes)
    with pytest.raises(BundleError, match=message):
        export_nnunet(bundle, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="new folder"):
        export_nnunet(_own(tmp_path), tmp_path / "out")
