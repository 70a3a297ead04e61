"""Memory of a training step, counted without running it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from oncontour.core.errors import InputError
from oncontour.networks import NETWORKS
from oncontour.plans.memory import parse_memory, step_memory
from oncontour.plans.training import LossPlan, OptimiserPlan, TrainingPlan

ARGUMENTS = {"inputs": 4, "outputs": 3, "features": [8, 16], "fine": 4}


def training(**others):
    return TrainingPlan(epochs=1, steps_per_epoch=1, batch=1, patch=(16, 16, 16), **others)


@given(size=st.integers(1, 10**6), unit=st.sampled_from(["GB", "gib", " MB", "TB"]))
def test_sizes_are_read(size, unit):
    assert parse_memory(f"{size}{unit}") >= size * 10**6


@pytest.mark.parametrize("text", ["8", "GB", "0GB", "-1GB", "8 apples", "1.2.3GB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(InputError, match="GiB"):
        parse_memory(text)


def test_weights_are_counted_with_their_copies():
    network = NETWORKS["residual_unet"](**ARGUMENTS)
    weights = sum(parameter.nbytes for parameter in network.parameters())
    sgd = step_memory("residual_unet", ARGUMENTS, (16, 16, 16), training(optimiser=OptimiserPlan(name="sgd")))
    adam = step_memory("residual_unet", ARGUMENTS, (16, 16, 16), training(average_decay=0.9))
    assert (sgd.fixed, adam.fixed) == (3 * weights, 5 * weights)


def test_what_is_counted_is_what_a_real_step_keeps():
    """Every tensor that the backward pass of a real step holds but the weights, two gradients, and the loss's five."""
    network = NETWORKS["residual_unet"](**ARGUMENTS).train()
    own = {parameter.data_ptr() for parameter in network.parameters()}
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = network(torch.zeros(1, 4, 16, 16, 16))
    sizes = [tensor.untyped_storage().nbytes() for pointer, tensor in kept.items() if pointer not in own]
    counted = step_memory("residual_unet", ARGUMENTS, (16, 16, 16), training()).patch
    assert counted == pytest.approx(sum(sizes) + 2 * max(sizes) + 5 * logits.nbytes, rel=0.01)


def test_twice_the_voxels_need_twice_the_memory_and_half_precision_half_of_it():
    small = step_memory("residual_unet", ARGUMENTS, (32, 32, 32), training())
    large = step_memory("residual_unet", ARGUMENTS, (64, 32, 32), training())
    half = step_memory("residual_unet", ARGUMENTS, (32, 32, 32), training(precision="bf16"))
    assert large.patch == pytest.approx(2 * small.patch, rel=0.02)
    assert 0.5 * small.patch < half.patch < 0.65 * small.patch  # the loss stays in fp32


def test_a_branch_for_training_counts():
    arguments = {"inputs": 4, "outputs": 1, "patch": [32, 32, 8]}
    plain = step_memory("ca_cnn", {"inputs": 4, "outputs": 1}, (32, 32, 8), training())
    both = step_memory("ar_ca", arguments, (32, 32, 8), training(loss=LossPlan(reconstruction=0.1)))
    assert both.fixed > plain.fixed
    assert both.patch > plain.patch


def test_a_batch_is_what_fits():
    need = step_memory("residual_unet", ARGUMENTS, (32, 32, 32), training())
    assert need.batch(0) == 0
    for memory in (10**8, 10**9):
        batch = need.batch(memory)
        assert need.fixed + batch * need.patch <= memory / 1.25 < need.fixed + (batch + 1) * need.patch
