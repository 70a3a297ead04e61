"""Against nnU-Net's own modules, built as nnU-Net builds them from its plans."""

import pytest
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from oncontour.core.errors import InputError
from oncontour.networks.nnunet import NNUNet, ResidualNNUNet


def _peer(architecture, dimensions, **arguments):
    """What `nnunetv2.utilities.get_network_from_plans` makes, with deep supervision."""
    return architecture(
        input_channels=2,
        num_classes=3,
        conv_op=[nn.Conv2d, nn.Conv3d][dimensions - 2],
        conv_bias=True,
        norm_op=[nn.InstanceNorm2d, nn.InstanceNorm3d][dimensions - 2],
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        dropout_op=None,
        dropout_op_kwargs=None,
        nonlin=nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
        deep_supervision=True,
        **arguments,
    )


def _same_weights(ours, peer):
    """Weights that nnU-Net drew, some steps of training away from special values, loaded by ours name by name."""
    peer.apply(peer.initialize)
    with torch.no_grad():
        for parameter in peer.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    assert list(ours.network.state_dict()) == list(peer.state_dict())
    ours.network.load_state_dict(peer.state_dict())


@settings(max_examples=8, deadline=None)
@given(residual=st.booleans(), data=st.data())
def test_equals_nnunet_whatever_the_plan(residual, data):
    torch.manual_seed(0)
    stages = data.draw(st.integers(2, 3))
    axes = st.tuples(*[st.integers(1, 2)] * 3)
    depths = st.lists(st.integers(1, 2), min_size=stages, max_size=stages)
    shared = {
        "features_per_stage": [4, 6, 5][:stages],
        "kernel_sizes": data.draw(
            st.lists(st.tuples(*[st.sampled_from([1, 3])] * 3), min_size=stages, max_size=stages)
        ),
        "strides": [(1, 1, 1), *data.draw(st.lists(axes, min_size=stages - 1, max_size=stages - 1))],
        ("n_blocks_per_stage" if residual else "n_conv_per_stage"): data.draw(depths),
        "n_conv_per_stage_decoder": data.draw(depths)[1:],
    }
    ours = (ResidualNNUNet if residual else NNUNet)(2, 3, **shared)
    peer = _peer(ResidualEncoderUNet if residual else PlainConvUNet, 3, n_stages=stages, **shared)
    _same_weights(ours, peer)
    image = torch.randn(1, 2, *(4 * step for step in ours.stride))
    expected = peer(image)
    torch.testing.assert_close(list(ours.forward_deep(image)), expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(ours(image), expected[0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_two_dimensional_network_sees_every_slice_as_nnunets_2d_does(axis):
    torch.manual_seed(0)
    shared = {
        "features_per_stage": [4, 6],
        "kernel_sizes": [[3, 3], [3, 1]],
        "strides": [[1, 1], [2, 1]],
        "n_conv_per_stage": [1, 2],
        "n_conv_per_stage_decoder": [1],
    }
    ours, peer = NNUNet(2, 3, dimensions=2, axis=axis, **shared), _peer(PlainConvUNet, 2, n_stages=2, **shared)
    _same_weights(ours, peer)
    assert ours.stride == [(1, 2, 1), (2, 1, 1), (2, 1, 1)][axis]
    image = torch.randn(2, 2, 4, 6, 8)
    logits = ours(image)
    assert logits.shape == (2, 3, 4, 6, 8)
    for n in range(image.shape[2 + axis]):
        expected = peer(image.select(2 + axis, n))[0]
        torch.testing.assert_close(logits.select(2 + axis, n), expected, atol=1e-4, rtol=1e-4)


def test_a_plan_of_one_number_a_stage_means_the_same_for_every_axis():
    short = NNUNet(1, 1, [4, 8], kernel_sizes=3, strides=[1, 2])
    long = NNUNet(1, 1, [4, 8], kernel_sizes=[[3, 3, 3]] * 2, strides=[[1, 1, 1], [2, 2, 2]], n_conv_per_stage=[2, 2])
    assert [p.shape for p in short.parameters()] == [p.shape for p in long.parameters()]
    assert short.stride == long.stride == (2, 2, 2)


def test_without_deep_supervision_coarse_logits_keep_their_names_and_ask_no_gradient():
    deep, alone = (NNUNet(1, 2, [4, 4, 4], strides=[1, 2, 2], deep_supervision=on) for on in (True, False))
    assert list(deep.state_dict()) == list(alone.state_dict())
    image = torch.randn(1, 1, 8, 8, 8)
    assert [len(network.forward_deep(image)) for network in (deep, alone)] == [2, 1]
    alone(image).sum().backward()
    assert all(p.requires_grad == (p.grad is not None) for p in alone.parameters())
    assert [n for n, p in alone.named_parameters() if not p.requires_grad] == [
        "network.decoder.seg_layers.0.weight",
        "network.decoder.seg_layers.0.bias",
    ]


def test_dropout_norm_and_bias_follow_the_plan():
    network = NNUNet(1, 1, [4, 4], strides=[1, 2], conv_bias=False, norm_affine=False, norm_eps=0.1, dropout=0.5)
    modules = list(network.modules())
    assert {m.p for m in modules if isinstance(m, nn.Dropout3d)} == {0.5}
    assert {(m.eps, m.affine) for m in modules if isinstance(m, nn.InstanceNorm3d)} == {(0.1, False)}
    assert [name for name, _ in network.named_parameters() if name.endswith("bias")] == [
        "network.decoder.seg_layers.0.bias"
    ]
    image = torch.randn(1, 1, 4, 4, 4)
    assert not torch.equal(network(image), network(image))


def test_a_residual_block_starts_as_its_shortcut():
    network = ResidualNNUNet(1, 1, 1, features_per_stage=[4, 4], strides=[1, 2])
    blocks = [module.blocks[0] for module in network.network.encoder.stages]
    assert all((block.conv2.norm.weight == 0).all() for block in blocks)
    assert not any((block.conv1.norm.weight == 0).any() for block in blocks)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"strides": [1, 2, 2]}, r"nnunet: strides: found \[1, 2, 2\]; expected one number, or 2 entries"),
        ({"kernel_sizes": [[3, 3], [3, 3]]}, "nnunet: kernel_sizes: .* each a number or 3 of them"),
        ({"n_conv_per_stage": [2]}, r"nnunet: n_conv_per_stage: found \[2\]; expected one number, or 2"),
        ({"n_conv_per_stage_decoder": [2, 2]}, "nnunet: n_conv_per_stage_decoder: .* or 1 of them"),
        ({"dimensions": 4}, "nnunet: dimensions: found 4; expected 2 or 3"),
        ({"axis": 3}, "nnunet: axis: found 3"),
    ],
)
def test_unsuitable_arguments_are_named_with_their_values(arguments, message):
    with pytest.raises(InputError, match=message):
        NNUNet(1, 1, **{"features_per_stage": [4, 8], "strides": [1, 2], **arguments})


@pytest.mark.parametrize(("constructor", "count"), [(NNUNet, 31_198_991), (ResidualNNUNet, 102_353_167)])
def test_parameter_count_of_nnunets_plan_for_brats(constructor, count):
    with torch.device("meta"):
        network = constructor(4, 3)
    assert sum(p.numel() for p in network.parameters()) == count
    assert network.stride == (32, 32, 32)
    assert f"{count:,} parameters" in constructor.__doc__
