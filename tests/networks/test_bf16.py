"""Weights ready for bfloat16 predict what they did, and round to no other figures."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from oncontour.inference.tiling import stride_and_margin
from oncontour.networks import build_network
from oncontour.networks.bf16 import TwoParts, ready_for_bf16, rounded
from oncontour.networks.norm import InstanceNorm3d

NNUNET = {"features_per_stage": [4, 8], "strides": [1, 2], "n_conv_per_stage_decoder": 1}
NETWORKS = {
    "residual_unet": {"features": [4, 8], "fine": 4},
    "nnunet": {**NNUNET, "n_conv_per_stage": 2, "dropout": 0.1},
    "nnunet_resenc": {**NNUNET, "n_blocks_per_stage": [1, 1]},
    "segresnet": {"features": 8, "blocks_down": [1, 1], "blocks_up": [1]},
    "deepmedic": {"size": 0.2},
    "unet_report": {"start": 4},
    "ca_cnn": {"features": 8, "norm": "batch"},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_whose_weights_bf16_holds_predicts_the_same(name):
    torch.manual_seed(0)
    network = build_network(name, {"inputs": 2, "outputs": 3, **NETWORKS[name]}).eval()
    for part, values in network.named_parameters():
        values.data = (
            (values.data + 0.3 * torch.randn(values.shape) if part.endswith("bias") else values.data).bfloat16().float()
        )
    sizes = [max(48 // step, 1) * step + 2 * rim for step, rim in zip(*stride_and_margin(network), strict=True)]
    tile = torch.randn(1, 2, *sizes)
    with torch.inference_mode():
        expected = network(tile)
        torch.testing.assert_close(
            ready_for_bf16(network)(tile), expected, atol=2e-4 * float(expected.abs().max()), rtol=0
        )


def test_biases_go_where_a_norm_takes_them_away_and_stay_elsewhere():
    before_norm, alone, before_group = nn.Conv3d(2, 2, 3), nn.Conv3d(2, 2, 1), nn.Conv3d(2, 4, 3)
    normed = nn.Sequential(before_norm, nn.Dropout3d(), InstanceNorm3d(2), alone)
    network = nn.Sequential(normed, nn.Sequential(before_group, nn.GroupNorm(2, 4)))
    kept = {name for name, _ in ready_for_bf16(network).named_parameters()}
    head, others = {"0.3.both.weight", "0.3.both.bias"}, {"1.0.weight", "1.0.bias", "1.1.weight", "1.1.bias"}
    assert kept == {"0.0.weight"} | head | others
    assert before_norm.bias is not None, "the network itself stays"


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(3, 3, 3), (2, 2), (1, 1, 1), (3, 3, 1)]), st.floats(1e-6, 1e3))
def test_rounded_weights_are_held_by_bf16_near_what_they_were_and_keep_their_sum(seed, kernel, scale):
    draw = torch.Generator().manual_seed(seed)
    weight = torch.randn(3, 5, *kernel, generator=draw) * scale
    found = rounded(weight)
    torch.testing.assert_close(found.bfloat16().float(), found, atol=0, rtol=0)
    sizes = weight.abs().flatten(2)
    least, most = sizes.amin(2), sizes.amax(2)
    assert bool(((found - weight).abs().flatten(2) <= 2.0**-7 * most[..., None]).all())
    off = (found.double() - weight.double()).flatten(2).sum(2).abs()
    assert bool((off <= 2.0**-8 * (least + 2.0**-7 * most)).all())


def test_sums_of_kernels_are_off_by_far_less_than_of_weights_rounded_on_their_own():
    weight = torch.randn(64, 32, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    alone, together = (
        (one.double() - weight.double()).flatten(2).sum(2).abs().mean()
        for one in (weight.bfloat16().float(), rounded(weight))
    )
    assert together < alone / 20


@pytest.mark.parametrize("bias", [True, False])
def test_a_head_in_two_parts_is_hundreds_of_times_nearer_than_rounded(bias):
    torch.manual_seed(0)
    head, features = nn.Conv3d(32, 3, 1, bias=bias), torch.rand(1, 32, 4, 4, 4)
    ready = ready_for_bf16(nn.Sequential(head))
    assert any(isinstance(module, TwoParts) for module in ready.modules())
    assert all(torch.equal(one, one.bfloat16().float()) for name, one in ready.named_parameters() if "bias" not in name)
    with torch.inference_mode():
        expected = head(features)
        off = (ready(features) - expected).abs().max()
        alone = (nn.functional.conv3d(features, rounded(head.weight), head.bias) - expected).abs().max()
    assert off < alone / 100
    assert head.out_channels == 3, "the network itself stays"
