"""The mean of several models' weights: of one network and its folds alone, and it says what it was made of."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.errors import BundleError
from oncontour.inference.average import average_bundles
from oncontour.inference.bundle import load_bundle, save_bundle, verify_bundle
from oncontour.networks import NETWORKS
from oncontour.plans.file import save_plan

GOLDEN = np.random.default_rng(0).normal(size=(2, 16, 16, 16)).astype(np.float32)


@pytest.fixture
def model(tmp_path, make_plan):
    """A bundle of random weights; folds and plan as given."""

    def make(name, seeds, plan=None, cases=10):
        plan = plan or make_plan()
        folds = {}
        for fold, seed in enumerate(seeds):
            torch.manual_seed(seed)
            folds[f"fold_{fold}"] = NETWORKS[plan.network.name](**plan.network.arguments)
        provenance = {"data": {"kind": "synthetic", "cases": cases, "anatomies": [name, "both"]}, "licence": "free"}
        return save_bundle(
            tmp_path / name, plan, folds, GOLDEN, f"# {name}\n\nCard.\n", provenance, precision="float32"
        )

    return make


def test_every_weight_of_every_fold_is_the_mean(model, tmp_path):
    sources = [model("one", (0, 1)), model("two", (2, 3)), model("three", (4, 5))]
    made = average_bundles([one.folder for one in sources], tmp_path / "mean")
    assert verify_bundle(made) < 1e-3
    for fold in range(2):
        states = [one.networks[fold][""].state_dict() for one in sources]
        for name, value in made.networks[fold][""].state_dict().items():
            expected = torch.stack([state[name].double() for state in states]).mean(0)
            assert torch.allclose(value.double(), expected, atol=1e-3), name  # Stored as float16.
    first, second = (one.networks[0][""].state_dict()["head.weight"] for one in sources[:2])
    assert not torch.allclose(first, second)


def test_it_says_what_it_was_made_of(model, tmp_path):
    sources = [model("one", (0,), cases=10), model("two", (1,), cases=5)]
    told = average_bundles([one.folder for one in sources], tmp_path / "mean").provenance
    assert told["data"] == {"kind": "synthetic", "cases": 15, "anatomies": ["one", "both", "two"]}
    assert told["licence"] == "free"
    for part, source in zip(told["average_of"], sources, strict=True):
        weights = source.provenance["sha256"]["fold_0.safetensors"]
        assert part["sha256"] == {"fold_0.safetensors": weights}


def test_another_plan_of_the_same_network_and_its_card(model, make_plan, tmp_path):
    sources = [str(model(name, (seed,)).folder) for seed, name in enumerate(("one", "two"))]
    plan = make_plan()
    plan = plan.model_copy(update={"postprocess": plan.postprocess.model_copy(update={"threshold": 0.25})})
    save_plan(plan, tmp_path / "other.yaml")
    (tmp_path / "other.card.md").write_text("# other\n\nAnother card.\n")
    out = tmp_path / "mean"
    result = CliRunner().invoke(
        app, ["bundle", "average", *sources, "--plan", str(tmp_path / "other.yaml"), "-o", str(out)]
    )
    assert result.exit_code == 0, result.output
    made = load_bundle(out)
    assert (made.plan.postprocess.threshold, made.card_line) == (0.25, "Another card.")


def test_models_that_differ_are_refused(model, make_plan, tmp_path):
    one = model("one", (0,)).folder
    with pytest.raises(BundleError, match="found 1; expected two or more"):
        average_bundles([one], tmp_path / "mean")
    with pytest.raises(BundleError, match="found 2 folds; expected 1 folds"):
        average_bundles([one, model("folds", (1, 2)).folder], tmp_path / "mean")
    plan = make_plan()
    wide = plan.network.model_copy(update={"arguments": {**plan.network.arguments, "features": [8, 16]}})
    with pytest.raises(BundleError, match=r"wide: found network .*\[8, 16\]"):
        average_bundles([one, model("wide", (1,), plan.model_copy(update={"network": wide})).folder], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()
