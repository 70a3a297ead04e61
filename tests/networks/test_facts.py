"""What is said of each network: against the network itself, arithmetic, the publications and the recipes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
import yaml

from oncontour.core.errors import InputError
from oncontour.networks import NETWORKS
from oncontour.networks.facts import facts
from oncontour.networks.standard import STANDARD

ROOT = Path(__file__).parents[2]


def test_every_network_has_standard_arguments():
    assert {standard.network for standard in STANDARD.values()} == set(NETWORKS)
    assert set(NETWORKS) <= set(STANDARD)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("residual_unet", 4_245_515),
        ("nnunet", 31_198_991),
        ("nnunet_resenc", 102_353_167),
        ("segresnet", 4_702_227),
        ("deepmedic", 663_491),
        ("unet_report", 3_883_781),
        ("ca_cnn", 214_470 - 126),
        ("ca_cnn E-net", 204_396 - 126),
        ("ar_ca", 214_470 - 126 + 839_264),
    ],
)
def test_standard_networks_have_the_known_counts(name, parameters):
    found = facts(name)
    assert found.parameters == found.trainable == parameters
    assert found.inputs == 4
    assert found.patch == STANDARD[name].patch
    assert all(size % step == 0 for size, step in zip(found.patch, found.stride, strict=True))
    kept = zip(found.patch, found.predicted, found.margin, strict=True)
    assert all(size == logits + 2 * margin for size, logits, margin in kept)


def test_the_first_network_is_that_of_the_shipped_model():
    recipe = yaml.safe_load((ROOT / "recipes/default.yaml").read_text("utf-8"))
    standard = STANDARD["residual_unet"]
    assert recipe["network"]["name"] == standard.network
    assert recipe["network"]["arguments"] == {"inputs": 4, "outputs": standard.outputs, **standard.arguments}
    assert tuple(recipe["training"]["patch"]) == standard.patch


def test_operations_are_two_a_multiplication():
    """DeepMedic by hand, from the sizes that valid convolutions leave: 25 to 9 and 19 to 3 voxels."""
    widths = (4, 30, 30, 40, 40, 40, 40, 50, 50)
    products = sum(
        27 * before * after * (size - 2 * (layer + 1)) ** 3
        for size in (25, 19)
        for layer, (before, after) in enumerate(pairwise(widths))
    )
    products += 9**3 * (100 * 150 + 150 * 150 + 150)
    assert facts("deepmedic").gflops == pytest.approx(2 * products / 1e9, rel=1e-12)


def test_arguments_and_patch_replace_the_standard_ones():
    arguments = {"inputs": 2, "outputs": 2, "features": 8, "downsamplings": 1}
    small = facts("ca_cnn", arguments, patch=(16, 8, 3))
    network = NETWORKS["ca_cnn"](**arguments)
    assert small.parameters == sum(p.numel() for p in network.parameters())
    assert (small.inputs, small.outputs, small.patch, small.predicted) == (2, 2, (16, 8, 3), (16, 8, 3))
    assert facts("ca_cnn", arguments, patch=(16, 16, 3)).gflops == pytest.approx(2 * small.gflops)


def test_parameters_without_gradients_are_not_trainable():
    arguments = {"inputs": 1, "outputs": 1, "features_per_stage": [2, 2, 2], "strides": [1, 2, 2]}
    without = facts("nnunet", {**arguments, "deep_supervision": False}, patch=(8, 8, 8))
    assert without.parameters - without.trainable == 2 + 1  # The coarser output: two weights and a bias.


def test_counting_takes_neither_weights_nor_time():
    """nnU-Net's 965 GFLOPs would take a processor core a minute, its weights 125 MB."""
    before = torch.random.get_rng_state()
    found = facts("nnunet")
    assert found.gflops == pytest.approx(965.5, abs=0.1)
    assert found.receptive_field == (319, 319, 319)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_an_unknown_network_is_named():
    with pytest.raises(InputError, match="'resnet'"):
        facts("resnet")
