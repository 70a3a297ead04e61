"""The anisotropic network: the published counts, anisotropy, scales, and the branch that training alone computes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from oncontour.core.errors import InputError
from oncontour.networks.anisotropic import AnisotropicNet, AnisotropicNetVAE, Residual


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def small(**arguments) -> AnisotropicNet:
    kind = AnisotropicNetVAE if "patch" in arguments else AnisotropicNet
    return kind(**{"inputs": 2, "outputs": 1, "features": 4, **arguments})


@pytest.mark.parametrize(("downsamplings", "published"), [(2, 214_470), (1, 204_396)])
@pytest.mark.parametrize("norm", ["group", "batch"])
def test_parameters_are_the_published_ones(downsamplings, published, norm):
    assert count(AnisotropicNet(4, 2, downsamplings, norm=norm)) == published
    assert count(AnisotropicNet(4, 1, downsamplings, norm=norm)) == published - 14 * 9  # One output of the last 3x3x1.


def test_ten_residual_blocks_four_fused_blocks_and_the_dilations():
    network = AnisotropicNet(4, 2)
    blocks = [module for module in network.modules() if isinstance(module, Residual)]
    kernels = [[c for c in block.modules() if isinstance(c, nn.Conv3d)] for block in blocks]
    assert [len(pair) for pair in kernels] == [2] * 10
    assert {c.kernel_size for pair in kernels for c in pair} == {(3, 3, 1)}
    assert [{c.dilation for c in pair} for pair in kernels] == [
        {(d, d, 1)} for d in (1, 1, 1, 1, 1, 2, 3, 3, 2, 1)
    ]  # fmt: skip
    across = [m for m in network.modules() if isinstance(m, nn.Conv3d) and m.kernel_size == (1, 1, 3)]
    assert len(across) == 4
    assert all(m.bias is None for m in network.modules() if isinstance(m, nn.Conv3d | nn.ConvTranspose3d))


@pytest.mark.parametrize(("downsamplings", "shape"), [(2, (20, 8, 3)), (1, (10, 6, 1))])
@pytest.mark.parametrize("norm", ["group", "batch"])
def test_logits_cover_the_image_and_every_parameter_learns(downsamplings, shape, norm):
    network = small(downsamplings=downsamplings, norm=norm)
    assert all(size % step == 0 for size, step in zip(shape, network.stride, strict=True))
    logits = network(torch.randn(2, 2, *shape))
    assert logits.shape == (2, 1, *shape)
    logits.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize("arguments", [{}, {"downsamplings": 1}, {"patch": [8, 8, 4]}])
def test_encoder_and_decoder_hold_every_parameter_once(arguments):
    network = small(**arguments)
    parts = [*network.encoder_parameters(), *network.decoder_parameters()]
    assert len({id(p) for p in parts}) == len(parts) == len(list(network.parameters()))


def test_a_slice_sees_four_slices_on_either_side():
    """Four fused blocks of three slices; nothing else joins slices (batch norm in evaluation joins nothing)."""
    network = small(norm="batch").eval()
    image = torch.randn(1, 2, 8, 8, 15)
    other = image.clone()
    other[..., 3] += 1
    changed = (network(image) - network(other)).abs().amax((0, 1, 2, 3))
    assert (changed > 1e-7).nonzero().flatten().tolist() == list(range(8))


def test_one_down_sampling_keeps_the_second_scale_at_full_resolution():
    image = torch.randn(1, 2, 8, 12, 3)
    scales = {n: small(downsamplings=n).eval()._encode(image) for n in (1, 2)}
    assert [tuple(scale.shape[2:]) for scale in scales[1]] == [(8, 12, 3), (4, 6, 3), (4, 6, 3)]
    assert [tuple(scale.shape[2:]) for scale in scales[2]] == [(4, 6, 3), (2, 3, 3), (2, 3, 3)]


def test_dropout_is_for_training():
    network, image = small(dropout=0.5), torch.randn(1, 2, 8, 8, 3)
    torch.manual_seed(0)
    assert not torch.equal(network(image), network(image))
    network.eval()
    assert torch.equal(network(image), network(image))


def test_the_branch_rebuilds_the_image_and_forward_never_computes_it():
    network = small(patch=[16, 8, 6], latent=5)
    image = torch.randn(2, 2, 16, 8, 6)
    found = network.forward_with_reconstruction(image)
    assert found.logits.shape == (2, 1, 16, 8, 6)
    assert found.image.shape == image.shape
    assert found.mean.shape == found.log_variance.shape == (2, 5)
    (found.logits.mean() + found.image.square().mean() + found.log_variance.mean()).backward()
    assert all(p.grad is not None for p in network.parameters())

    def refuse(*_):
        raise AssertionError("the branch was computed")

    network.branch.register_forward_hook(refuse)
    assert network(torch.randn(1, 2, 4, 12, 1)).shape == (1, 1, 4, 12, 1)  # Of any size, not of the patch's alone.


def test_the_logits_are_the_same_with_and_without_the_branch():
    network, image = small(patch=[8, 8, 2]).eval(), torch.randn(1, 2, 8, 8, 2)
    torch.testing.assert_close(network.forward_with_reconstruction(image).logits, network(image))


def test_the_branch_draws_in_training_and_takes_the_mean_in_evaluation():
    network, image = small(patch=[8, 8, 2], dropout=0.0), torch.randn(1, 2, 8, 8, 2)
    torch.manual_seed(0)
    first, second = (network.forward_with_reconstruction(image).image for _ in range(2))
    assert not torch.equal(first, second)
    network.eval()
    first, second = (network.forward_with_reconstruction(image).image for _ in range(2))
    assert torch.equal(first, second)


def test_the_branch_learns_an_image():
    torch.manual_seed(0)
    network = small(patch=[8, 8, 4], dropout=0.0)
    images = torch.randn(2, 2, 2, 2, 1).repeat_interleave(4, 2).repeat_interleave(4, 3).repeat_interleave(4, 4)
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    errors = []
    for _ in range(150):
        error = (network.forward_with_reconstruction(images).image - images).square().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        errors.append(error.item())
    assert sum(errors[-10:]) < 0.3 * sum(errors[:10])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"inputs": 5}, "ca_cnn: features: found 4; expected no fewer than inputs, 5"),
        ({"downsamplings": 3}, "ca_cnn: downsamplings: found 3; expected 1 or 2"),
        ({"patch": [8, 8]}, "ar_ca: patch: found [8, 8]; expected three multiples"),
        ({"patch": [8, 12, 2]}, "ar_ca: patch: found [8, 12, 2]; expected three multiples of (8, 8, 2) voxels"),
        ({"patch": [8, 8, 3], "downsamplings": 1}, "found [8, 8, 3]; expected three multiples of (4, 4, 2) voxels"),
    ],
)
def test_unsuitable_arguments_are_named_with_their_value(arguments, words):
    with pytest.raises(InputError) as error:
        small(**arguments)
    assert words in str(error.value)


def test_only_the_patch_can_be_rebuilt():
    with pytest.raises(InputError, match=r"found \(8, 8, 1\) voxels; expected the \(8, 8, 2\)"):
        small(patch=[8, 8, 2]).forward_with_reconstruction(torch.zeros(1, 2, 8, 8, 1))


def test_it_finds_a_bright_ball():
    torch.manual_seed(0)
    network = AnisotropicNet(1, 1, features=8)
    axis = torch.linspace(-1, 1, 16)
    ball = (axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2 < 0.4).float()[None, None]
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(40):
        image = 2 * ball + torch.randn(1, 1, 16, 16, 16)
        loss = nn.functional.binary_cross_entropy_with_logits(network(image), ball)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    found = network.eval()(2 * ball + torch.randn(1, 1, 16, 16, 16)) > 0
    assert 2 * (found * ball).sum() / (found.sum() + ball.sum()) > 0.9
