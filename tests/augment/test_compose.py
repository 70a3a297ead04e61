import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from oncontour.augment import Composed, Drawn
from oncontour.core.errors import InputError

SHAPE = (4, 24, 20, 22)


@given(st.integers(0, 2**32 - 1))
def test_probability_zero_never_and_one_always(seed):
    composed = Composed.of([("noise", 0.0, {}), ("mirror", 1.0, {}), ("gamma", 0.0, {}), ("gamma", 1.0, {})])
    assert [drawn.step for drawn in composed.draw(np.random.default_rng(seed), SHAPE)] == [1, 3]


def test_probabilities_between_are_kept():
    composed, rng = Composed.of([("brightness", 0.15, {}), ("blur", 0.6, {})]), np.random.default_rng(0)
    names = [drawn.name for _ in range(2000) for drawn in composed.draw(rng, SHAPE)]
    assert names.count("brightness") / 2000 == pytest.approx(0.15, abs=0.03)
    assert names.count("blur") / 2000 == pytest.approx(0.6, abs=0.04)


def test_transforms_follow_each_other(sample):
    composed = Composed.of([("brightness", 1.0, {"factor": [2.0, 2.0]}), ("mirror", 1.0, {"axis_probability": 1.0})])
    changed = composed.apply(composed.draw(np.random.default_rng(0), SHAPE), sample)
    assert torch.equal(changed.image, sample.image.flip((1, 2, 3)) * 2)


def test_lists_of_a_plan_are_tuples_of_a_transform():
    (_, _, transform), *_ = Composed.of([("gamma", 1.0, {"gamma": [0.5, 2]})]).steps
    assert transform.gamma == (0.5, 2)


@pytest.mark.parametrize(
    ("triple", "message"),
    [
        (("rotate", 1.0, {}), "'rotate'; expected one of absent, blur"),
        (("noise", 1.0, {"variance": [0, 1]}), "variance"),
        (("absent", 1.0, {"dropout": 0.5}), "no channels"),
        (("gamma", 1.0, {"gamma": [1.5, 0.7]}), r"\(1.5, 0.7\)"),
        (("gamma", 1.0, {"gamma": 2.0}), "two ascending numbers"),
        (("blur", 1.0, {"channel_probability": 1.5}), "1.5; expected a number between 0 and 1"),
        (("mirror", 1.0, {"axes": [1, 3]}), r"\(1, 3\); expected axes"),
        (("spatial", 1.0, {"rotation": [30, 30]}), "a number for each of three axes"),
        (("absent", 1.0, {"channels": ["T1"], "dropout": {"T2": 0.5}}), "T2; expected some of T1"),
        (("absent", 1.0, {"channels": ["T1"], "dropout": 2}), "shares from 0 to 1"),
    ],
)
def test_wrong_plans_are_refused_with_the_value(triple, message):
    with pytest.raises(InputError, match=message):
        Composed.of([triple])


def test_what_others_drew_is_refused(sample):
    composed = Composed.of([("mirror", 1.0, {})])
    with pytest.raises(InputError, match="'gamma' at place 0; expected what mirror drew"):
        composed.apply([Drawn(0, "gamma", {})], sample)
