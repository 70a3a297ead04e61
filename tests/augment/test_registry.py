"""What every transform keeps to."""

import json
from dataclasses import is_dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.augment import TRANSFORMS, Composed, Sample

ARGUMENTS = {
    "absent": {"channels": ["T1", "T1CE", "T2", "FLAIR"], "dropout": 1.0},
    "spatial": {"rotation_probability": 1.0, "scaling_probability": 1.0, "shift": (0.1,) * 3, "shift_probability": 1.0},
}

MOVES = {"mirror", "spatial", "elastic", "morphology"}
"""What changes where voxels are."""


def one(name):
    return Composed.of([(name, 1.0, ARGUMENTS.get(name, {}))])


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_replayed_from_json_it_gives_the_same_bits(make_sample, name, seed):
    transform, sample = one(name), make_sample()
    drawn = transform.draw(np.random.default_rng(seed), tuple(sample.image.shape))
    first = transform.apply(drawn, sample)
    second = one(name).apply(json.loads(json.dumps(drawn)), sample)
    assert torch.equal(first.image, second.image)
    assert torch.equal(first.regions, second.regions)
    assert transform.draw(np.random.default_rng(seed), tuple(sample.image.shape)) == drawn


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_pure_finite_and_zero_outside(make_sample, name, seed):
    transform, sample, again = one(name), make_sample(), make_sample()
    changed = transform.apply(transform.draw(np.random.default_rng(seed), tuple(sample.image.shape)), sample)
    assert torch.equal(sample.image, again.image)
    assert torch.equal(sample.regions, again.regions)
    assert changed.image.shape == sample.image.shape
    assert changed.regions.shape == sample.regions.shape
    assert changed.image.dtype == changed.regions.dtype == torch.float32
    assert torch.isfinite(changed.image).all()
    assert set(changed.regions.unique().tolist()) <= {0.0, 1.0}
    if name not in MOVES:
        assert not changed.image[sample.image == 0].any()


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_absent_sequences_stay_absent(make_sample, name):
    transform, sample = one(name), make_sample()
    sample.image[1:] = 0
    drawn = transform.draw(np.random.default_rng(3), tuple(sample.image.shape))
    assert not transform.apply(drawn, sample).image[1:].any()


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_empty_samples_pass(name):
    transform = one(name)
    empty = Sample(torch.zeros(4, 9, 8, 7), torch.zeros(3, 9, 8, 7))
    changed = transform.apply(transform.draw(np.random.default_rng(5), (4, 9, 8, 7)), empty)
    assert not changed.image.any()
    assert not changed.regions.any()


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_frozen_dataclasses(name):
    assert is_dataclass(TRANSFORMS[name])
    assert TRANSFORMS[name].__dataclass_params__.frozen
