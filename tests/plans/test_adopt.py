"""A model's plan on another data set."""

from pathlib import Path

import pytest

from oncontour.core.errors import InputError
from oncontour.core.sequence import Sequence
from oncontour.plans.adopt import adopted_plan
from oncontour.plans.file import load_plan
from oncontour.plans.propose import Wishes, propose_plan

GIBIBYTES = 2**30


@pytest.fixture
def default():
    return load_plan(Path(__file__).parents[2] / "recipes" / "default.yaml")


def test_a_model_trained_on_subsets_keeps_its_sequences(default, make_fingerprint):
    found = make_fingerprint((1.0, 1.0, 1.0), (140, 170, 140), sequences=(Sequence.T1CE, Sequence.FLAIR))
    plan = adopted_plan(found, default, Wishes(epochs=7, steps_per_epoch=5))
    assert plan.channels == default.channels
    assert plan.network == default.network
    assert plan.spacing == default.spacing
    assert (plan.training.epochs, plan.training.steps_per_epoch) == (7, 5)
    assert plan.training.optimiser == default.training.optimiser
    assert (plan.synthetic, plan.data) == (None, found.digest)
    assert plan.postprocess == default.postprocess
    assert plan.why["training.epochs"] == "As asked for."
    assert "absent" in plan.why["channels"]


def test_sequences_that_the_model_does_not_know_change_the_stem(default, make_fingerprint):
    found = make_fingerprint((1.0, 1.0, 1.0), (140, 170, 140), sequences=(Sequence.FLAIR, Sequence.ADC))
    plan = adopted_plan(found, default)
    assert plan.channels == (Sequence.FLAIR, Sequence.ADC)
    assert plan.network.arguments == {**default.network.arguments, "inputs": 2}


def test_labels_that_regions_do_not_tell_apart_make_a_softmax(default, make_fingerprint):
    found = make_fingerprint((1.0, 1.0, 1.0), (140, 170, 140), scheme="paediatric")
    plan = adopted_plan(found, default)
    assert plan.network.arguments["outputs"] == 5
    assert plan.training.loss.output == "softmax"
    assert plan.postprocess != default.postprocess


def test_a_cascade_keeps_its_stages(make_fingerprint):
    found = make_fingerprint((1.0, 1.0, 1.0), (140, 170, 140))
    model = propose_plan(found, "ca_cnn", 8 * GIBIBYTES)
    two = make_fingerprint((1.0, 1.0, 1.0), (140, 170, 140), sequences=(Sequence.T1CE, Sequence.FLAIR))
    plan = adopted_plan(two, model)
    assert [stage.region for stage in plan.stages] == ["WT", "TC", "ET"]
    assert plan.network.arguments["inputs"] == 2
    assert all(stage.network is None or stage.network.arguments["inputs"] == 2 for stage in plan.stages)
    assert plan.network.arguments["outputs"] == model.network.arguments["outputs"]
    with pytest.raises(InputError, match="stages for scheme brats"):
        adopted_plan(make_fingerprint((1.0, 1.0, 1.0), (140, 170, 140), scheme="paediatric"), model)


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        (Wishes(spacing=(2.0, 2.0, 2.0)), "--spacing: found given with --from"),
        (Wishes(configuration="2d"), "--configuration"),
        (Wishes(precision="int3"), "training.precision"),
    ],
)
def test_wishes_that_it_cannot_grant(default, wishes, message, make_fingerprint):
    with pytest.raises(InputError, match=message):
        adopted_plan(make_fingerprint((1.0, 1.0, 1.0), (140, 170, 140)), default, wishes)
