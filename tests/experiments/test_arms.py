"""Which arms there are, in which order, and what becomes of their plans."""

from __future__ import annotations

import pytest

from oncontour.core.errors import InputError
from oncontour.experiments.arms import arms_of, changed
from oncontour.experiments.experiment import Experiment
from oncontour.experiments.outline import compare_plans, outline
from oncontour.experiments.words import shown


def with_grid(smallest):
    axes = [
        {"w1": {"training.loss.dice": 1.0}, "w2": {"training.loss.dice": 2.0}},
        {"r1": {"training.optimiser.learning_rate": 0.1}},
    ]
    return {**smallest, "grids": {"loss": {"base": "scratch", "title": "Loss", "axes": axes}}}


def test_a_grid_has_an_arm_for_every_combination(smallest):
    arms = arms_of(Experiment.model_validate(with_grid(smallest)), "tiny")
    assert list(arms) == ["adult", "scratch", "loss-w1-r1", "loss-w2-r1", "frozen"]
    assert arms["loss-w2-r1"].plan == {"training.loss.dice": 2.0, "training.optimiser.learning_rate": 0.1}
    assert arms["loss-w2-r1"].title == "Loss: w2, r1"


def test_an_arm_comes_after_the_one_that_it_begins_with(smallest):
    smallest["arms"] = dict(reversed(smallest["arms"].items()))
    assert list(arms_of(Experiment.model_validate(smallest), "tiny")) == ["scratch", "adult", "frozen"]


def test_a_subset_of_the_arms(smallest):
    content = with_grid(smallest)
    content["scales"]["tiny"] = {**content["scales"]["tiny"], "only": ["loss-*", "adult"]}
    assert list(arms_of(Experiment.model_validate(content), "tiny")) == ["adult", "loss-w1-r1", "loss-w2-r1"]
    content["scales"]["tiny"]["only"] = ["frozen"]
    with pytest.raises(InputError, match="arms frozen that cannot begin"):
        arms_of(Experiment.model_validate(content), "tiny")
    content["scales"]["tiny"]["only"] = ["size-*"]
    with pytest.raises(InputError, match=r"scales\.tiny\.only: found 'size-\*'"):
        arms_of(Experiment.model_validate(content), "tiny")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": None}, "a network, or begins `from` another"),
        ({"scheme": "brts"}, "scheme 'brts', which is none of brats"),
        ({"train": "nobody"}, "cohort of arm scratch 'nobody'"),
    ],
)
def test_an_arm_that_makes_no_sense(smallest, change, message):
    smallest["arms"]["scratch"] |= change
    with pytest.raises(ValueError, match=message):
        Experiment.model_validate(smallest)


def test_plans_have_the_changes_of_arm_and_scale(run_of):
    found = outline(run_of())
    plans = {job.arm: job.plan for job in found.jobs}
    assert plans["scratch"].training.epochs == 1
    assert plans["scratch"].network.arguments["features_per_stage"] == [4, 8]
    assert plans["frozen"].training.freeze == ("encoder",)
    assert plans["frozen"].name == "smallest-frozen"
    assert {job.arm: job.before for job in found.jobs} == {"adult": None, "scratch": None, "frozen": "adult"}
    assert list(found.differing) == ["training.freeze"]
    assert compare_plans({"one": plans["adult"], "two": plans["scratch"]})[0] == {}


def test_a_place_in_a_list_is_a_number(run_of):
    plan = outline(run_of()).jobs[0].plan
    assert changed(plan, {"training.augment.1.probability": 0.75}).training.augment[1].probability == 0.75
    with pytest.raises(InputError, match=r"a change of training\.augment\.99\.probability"):
        changed(plan, {"training.augment.99.probability": 0.75})
    with pytest.raises(InputError, match=r"recipe: training\.epochs: found 0"):
        changed(plan, {"training.epochs": 0})
    with pytest.raises(InputError, match=r"recipe: training\.epoch: found 5"):
        changed(plan, {"training.epoch": 5})


def test_values_in_words():
    assert shown({"patience": 50, "delta": 0.0}) == "patience 50, delta 0"
