"""MONAI's networks and sliding window, and ours: the same on the same tiles."""

import json

import numpy as np
import pytest
import torch
import yaml
from monai.inferers import sliding_window_inference
from monai.networks import nets

from oncontour.core.errors import BundleError
from oncontour.core.sequence import Sequence
from oncontour.inference.bundle import verify_bundle
from oncontour.interchange.imported import write_imported
from oncontour.interchange.monai import is_monai, read_monai
from oncontour.interchange.wishes import Wishes

ROI = (16, 24, 16)

SEGRESNET = {
    "_target_": "SegResNet", "in_channels": 2, "out_channels": "@outputs", "init_filters": 8, "blocks_down": [1, 1, 2],
    "blocks_up": [1, 1], "dropout_prob": 0.2,
}  # fmt: skip
DYNUNET = {
    "_target_": "monai.networks.nets.DynUNet", "spatial_dims": 3, "in_channels": 2, "out_channels": 3,
    "kernel_size": [[3, 3, 1], [3, 3, 3], [3, 3, 3], 3], "strides": [[1, 1, 1], [2, 2, 1], [2, 2, 2], 2],
    "upsample_kernel_size": [[2, 2, 1], [2, 2, 2], 2], "filters": [4, 6, 8, 10, 12],
    "norm_name": ["INSTANCE", {"affine": True}], "deep_supervision": True, "deep_supr_num": 2,
}  # fmt: skip
REGIONS = {"0": "tumor core", "1": "whole tumor", "2": "enhancing tumor"}
LABELS = {"0": "background", "1": "edema", "2": "enhancing tumor"}


def _write(folder, network, outputs=REGIONS, **inferer):
    """A bundle's folder, and MONAI's own network."""
    given = {k: v for k, v in network.items() if k != "_target_"}
    kind = getattr(nets, network["_target_"].rpartition(".")[2])
    torch.manual_seed(0)
    made = kind(**{**given, "out_channels": 3}).eval()
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    metadata = {
        "name": "Tiny tumours", "version": "0.1.0", "monai_version": "1.5.0", "copyright": "Somebody",
        "network_data_format": {
            "inputs": {"image": {"channel_def": {"0": "T1c", "1": "FLAIR"}}},
            "outputs": {"pred": {"channel_def": outputs}},
        },
    }  # fmt: skip
    config = {
        "imports": ["$import glob"],
        "outputs": 3,
        "bundle_root": "$print('never run')",
        "network_def": network,
        "network": "$@network_def.to(@device)",
        "preprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "LoadImaged", "keys": "image"},
                {"_target_": "Spacingd", "keys": "image", "pixdim": [1.0, 1.0, 2.0]},
                {"_target_": "NormalizeIntensityd", "keys": "image", "nonzero": True, "channel_wise": True},
            ],
        },
        "inferer": {"_target_": "SlidingWindowInferer", "roi_size": list(ROI), "overlap": 0.5, **inferer},
    }
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata))
    (folder / "configs" / "inference.json").write_text(json.dumps(config))
    torch.save(made.state_dict(), folder / "models" / "model.pt")
    return made


@pytest.mark.parametrize("size", [ROI, (32, 36, 24), (12, 20, 16)], ids=["one tile", "many", "smaller than one"])
@pytest.mark.parametrize("network", [SEGRESNET, DYNUNET], ids=["SegResNet", "DynUNet"])
def test_predictions_are_those_of_monai(tmp_path, network, size):
    made = _write(tmp_path / "monai", network)
    bundle = write_imported(read_monai(tmp_path / "monai"), tmp_path / "bundle")
    assert is_monai(tmp_path / "monai")
    image = np.random.default_rng(0).normal(size=(2, *size)).astype(np.float32)
    with torch.inference_mode():
        logits = sliding_window_inference(torch.from_numpy(image)[None], ROI, 1, made, overlap=0.5)
    theirs = torch.sigmoid(logits)[0, [1, 0, 2]].numpy()
    ours = bundle.probabilities(image)
    assert theirs.std() > 0.01
    assert ours == pytest.approx(theirs, abs=1e-5)
    assert ((ours > 0.5) != (theirs > 0.5)).mean() < 1e-4
    assert verify_bundle(bundle) < 1e-3


def test_plan_is_what_the_configuration_says(tmp_path):
    _write(tmp_path / "monai", SEGRESNET, mode="gaussian")
    plan = read_monai(tmp_path / "monai").plan
    assert plan.name == "tiny-tumours"
    assert plan.scheme == "brats"
    assert plan.channels == (Sequence.T1CE, Sequence.FLAIR)
    assert plan.spacing == (1.0, 1.0, 2.0)
    assert (plan.inference.weighting, plan.inference.tile, plan.inference.overlap) == ("gaussian", ROI, 0.5)


def test_softmax_over_labels(tmp_path):
    made = _write(tmp_path / "monai", SEGRESNET, LABELS)
    bundle = write_imported(read_monai(tmp_path / "monai"), tmp_path / "bundle")
    assert dict(bundle.scheme.painting()) == {"WT": 1, "ET": 2}
    image = np.random.default_rng(0).normal(size=(2, *ROI)).astype(np.float32)
    with torch.inference_mode():
        chances = torch.softmax(made(torch.from_numpy(image)[None]), 1)[0].numpy()
    assert bundle.probabilities(image) == pytest.approx(np.stack([chances[1] + chances[2], chances[2]]), abs=1e-5)


def test_yaml_and_torchscript(tmp_path):
    made = _write(tmp_path / "monai", SEGRESNET)
    configs, weights = tmp_path / "monai" / "configs", tmp_path / "monai" / "models"
    content = json.loads((configs / "inference.json").read_text())
    (configs / "inference.json").unlink()
    (configs / "inference.yaml").write_text(yaml.safe_dump(content))
    (weights / "model.pt").unlink()
    torch.jit.trace(made, torch.zeros(1, 2, *ROI)).save(weights / "model.ts")
    bundle = write_imported(read_monai(tmp_path / "monai"), tmp_path / "bundle")
    image = np.random.default_rng(0).normal(size=(2, *ROI)).astype(np.float32)
    with torch.inference_mode():
        theirs = torch.sigmoid(made(torch.from_numpy(image)[None]))[0, [1, 0, 2]].numpy()
    assert bundle.probabilities(image) == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({**DYNUNET, "res_block": True}, "res_block"),
        ({**DYNUNET, "act_name": "prelu"}, "act_name"),
        ({**DYNUNET, "norm_name": "batch"}, "norm_name"),
        ({**SEGRESNET, "spatial_dims": 2}, "2-D"),
        ({"_target_": "UNETR"}, "UNETR"),
        ({**SEGRESNET, "in_channels": "$len(@channels)"}, "not evaluated"),
        ({**SEGRESNET, "in_channels": "@nowhere"}, "nowhere"),
        ({**SEGRESNET, "init_filters": 16}, "shapes"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path, network, message):
    _write(tmp_path / "monai", SEGRESNET if network["_target_"] != DYNUNET["_target_"] else DYNUNET)
    path = tmp_path / "monai" / "configs" / "inference.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"network_def": network}))
    with pytest.raises(BundleError, match=message):
        write_imported(read_monai(tmp_path / "monai"), tmp_path / "bundle")


@pytest.mark.parametrize(
    "transform",
    [{"_target_": "ScaleIntensityRanged", "a_min": 0}, {"_target_": "NormalizeIntensityd", "channel_wise": True}],
)
def test_other_scaling_is_refused(tmp_path, transform):
    _write(tmp_path / "monai", SEGRESNET)
    path = tmp_path / "monai" / "configs" / "inference.json"
    content = json.loads(path.read_text())
    content["preprocessing"]["transforms"].append(transform)
    path.write_text(json.dumps(content))
    with pytest.raises(BundleError, match=transform["_target_"]):
        read_monai(tmp_path / "monai")


def test_names_may_be_stated(tmp_path):
    _write(tmp_path / "monai", SEGRESNET)
    path = tmp_path / "monai" / "configs" / "metadata.json"
    path.write_text(path.read_text().replace("T1c", "first image"))
    with pytest.raises(BundleError, match="first image"):
        read_monai(tmp_path / "monai")
    wishes = Wishes(name="mine", channels=(Sequence.T2, Sequence.FLAIR))
    assert read_monai(tmp_path / "monai", wishes).plan.channels == wishes.channels
