import json

import numpy as np
import pytest
import torch

from oncontour.core.errors import BundleError
from oncontour.inference.bundle import load_bundle, save_bundle, shipped_bundles, verify_bundle
from oncontour.inference.labels import own_scheme
from oncontour.networks import NETWORKS

CARD = "# tiny\n\nA test model.\n\n## More\n"


def _network(seed=0, **changes):
    torch.manual_seed(seed)
    arguments = {"inputs": 2, "outputs": 3, "features": [4, 8], "fine": 4, **changes}
    return NETWORKS["residual_unet"](**arguments)


@pytest.fixture
def golden():
    return np.random.default_rng(0).normal(size=(2, 16, 16, 16)).astype(np.float32)


@pytest.fixture
def bundle(tmp_path, make_plan, golden):
    return save_bundle(tmp_path / "tiny", make_plan(), _network(), golden, CARD, {"licence": "x"})


def test_bundle_survives_saving_and_its_golden_sample_agrees(bundle):
    again = load_bundle(bundle.folder)
    assert again.plan == bundle.plan
    assert again.card_line == "A test model."
    assert verify_bundle(again) < 1e-3
    assert not list(bundle.folder.parent.glob("*.part"))


def test_folds_are_all_kept_and_averaged(tmp_path, make_plan, golden):
    folds = {f"fold_{n}": _network(n) for n in range(3)}
    bundle = save_bundle(tmp_path / "folds", make_plan(), folds, golden, CARD, {}, precision="float32")
    assert len(bundle.networks) == 3
    assert verify_bundle(bundle) < 1e-3
    alone = [
        save_bundle(tmp_path / name, make_plan(), network, golden, CARD, {}, precision="float32").probabilities(golden)
        for name, network in folds.items()
    ]
    assert bundle.probabilities(golden) == pytest.approx(np.mean(alone, 0), abs=1e-5)


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


def test_networks_that_do_not_fit_the_plan_are_refused(tmp_path, make_plan, golden):
    with pytest.raises(BundleError, match="WT_axial"):
        save_bundle(tmp_path / "x", make_plan(), {"fold_0.WT_axial": _network()}, golden, CARD, {})
    bundle = save_bundle(tmp_path / "y", make_plan(), _network(), golden, CARD, {})
    plan = (bundle.folder / "plan.yaml").read_text().replace("fine: 4", "fine: 2")
    provenance = json.loads((bundle.folder / "provenance.json").read_text())
    del provenance["sha256"]["plan.yaml"]
    (bundle.folder / "plan.yaml").write_text(plan)
    (bundle.folder / "provenance.json").write_text(json.dumps(provenance))
    with pytest.raises(BundleError, match="other names or shapes"):
        verify_bundle(load_bundle(bundle.folder))


def test_nothing_but_a_bundle_is_ever_replaced(tmp_path, make_plan, golden):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "plan.yaml").write_text("a training's")
    with pytest.raises(BundleError, match="other files"):
        save_bundle(folder, make_plan(), _network(), golden, CARD, {})
    assert (folder / "plan.yaml").read_text() == "a training's"


def test_a_scheme_of_its_own_is_read_back(tmp_path, make_plan, golden):
    scheme = own_scheme(
        "msd",
        {1: ("edema", "edema"), 2: ("core", "core: solid")},
        {"WT": ("whole tumour", frozenset({"edema", "core"})), "core": ("core", frozenset({"core"}))},
    )
    plan = make_plan(scheme="msd", network={
        "name": "residual_unet", "arguments": {"inputs": 2, "outputs": 2, "features": [4, 8], "fine": 4},
    })  # fmt: skip
    bundle = save_bundle(tmp_path / "msd", plan, _network(outputs=2), golden, CARD, {}, scheme=scheme)
    assert bundle.scheme == scheme
    assert bundle.scheme.region("WT").type.meaning == "Lesion of Brain"
    text = (bundle.folder / "labels.yaml").read_text().replace("  - core\n", "  - cyst\n")
    (bundle.folder / "labels.yaml").write_text(text)
    provenance = json.loads((bundle.folder / "provenance.json").read_text())
    del provenance["sha256"]["labels.yaml"]
    (bundle.folder / "provenance.json").write_text(json.dumps(provenance))
    with pytest.raises(BundleError, match="cyst"):
        _ = load_bundle(bundle.folder).scheme


def test_a_coarse_model_goes_with_the_fine_one(tmp_path, bundle, make_plan, golden):
    plan = make_plan(name="fine", previous="tiny", network={
        "name": "residual_unet", "arguments": {"inputs": 5, "outputs": 3, "features": [4], "fine": 4},
    })  # fmt: skip
    network = _network(inputs=5, features=[4])
    stacked = np.concatenate((golden, golden[:1], golden))
    with pytest.raises(BundleError, match="tiny"):
        save_bundle(tmp_path / "fine", plan, network, stacked, CARD, {})
    fine = save_bundle(tmp_path / "fine", plan, network, stacked, CARD, {}, previous=bundle)
    assert fine.previous.plan == bundle.plan
    assert verify_bundle(fine) < 1e-3
    (fine.folder / "previous" / "provenance.json").write_text("{}")
    with pytest.raises(BundleError, match="previous"):
        load_bundle(fine.folder)


def test_unknown_bundle_names_those_there_are():
    with pytest.raises(BundleError, match="no plan"):
        load_bundle("no-such-model")


@pytest.mark.parametrize("name", shipped_bundles())
def test_shipped_bundle_is_sound(name):
    assert verify_bundle(load_bundle(name)) < 0.02
