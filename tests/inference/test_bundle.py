import json

import numpy as np
import pytest

from oncontour.core.errors import BundleError
from oncontour.inference.bundle import load_bundle, save_bundle, shipped_bundles, verify_bundle
from oncontour.networks import NETWORKS
from oncontour.plans.plan import Plan


@pytest.fixture
def bundle(tmp_path):
    plan = Plan.model_validate(
        {
            "name": "tiny", "scheme": "brats", "channels": ["T1CE", "FLAIR"], "spacing_mm": 2.0,
            "normalisation": "zscore",
            "network": {
                "name": "residual_unet",
                "arguments": {"inputs": 2, "outputs": 3, "features": [4, 8], "fine": 4},
            },
            "synthetic": {"cases": 1, "seed": 0, "skull": False, "mni_share": 1.0},
            "training": {
                "steps": 1, "batch": 1, "patch": [16, 16, 16], "learning_rate": 0.01, "weight_decay": 0.0,
                "foreground": 0.5, "sequence_dropout": 0.0, "average_decay": 0.9, "seed": 0,
            },
            "inference": {"mirror": [0], "tile": [64, 64, 64], "overlap": 0.25},
        }
    )  # fmt: skip
    network = NETWORKS["residual_unet"](**plan.network.arguments)
    golden = np.random.default_rng(0).normal(size=(2, 16, 16, 16)).astype(np.float32)
    return save_bundle(
        tmp_path / "tiny", plan, network, golden, "# tiny\n\nA test model.\n\n## More\n", {"licence": "x"}
    )


def test_bundle_survives_saving_and_its_golden_sample_agrees(bundle):
    again = load_bundle(bundle.folder)
    assert again.plan == bundle.plan
    assert again.card_line == "A test model."
    assert verify_bundle(again) < 1e-3


def test_damaged_weights_are_refused(bundle):
    path = bundle.folder / "fold_0.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    with pytest.raises(BundleError, match=r"fold_0\.safetensors"):
        load_bundle(bundle.folder)


def test_weights_of_another_model_fail_the_golden_sample(bundle):
    from safetensors.torch import load_file, save_file

    path = bundle.folder / "fold_0.safetensors"
    weights = load_file(path)
    weights["head.bias"] += 3
    save_file(weights, path)
    provenance = json.loads((bundle.folder / "provenance.json").read_text())
    del provenance["sha256"]["fold_0.safetensors"]
    (bundle.folder / "provenance.json").write_text(json.dumps(provenance))
    with pytest.raises(BundleError, match="golden"):
        verify_bundle(load_bundle(bundle.folder))


def test_unknown_bundle_names_those_there_are():
    with pytest.raises(BundleError, match="no plan"):
        load_bundle("no-such-model")


@pytest.mark.parametrize("name", shipped_bundles())
def test_shipped_bundle_is_sound(name):
    assert verify_bundle(load_bundle(name)) < 0.02
