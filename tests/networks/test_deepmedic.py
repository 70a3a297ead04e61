from itertools import product

import pytest
import torch

from oncontour.core.errors import InputError
from oncontour.networks import NETWORKS
from oncontour.networks.deepmedic import DeepMedic

TINY = {"features": (2, 2, 3), "pointwise": (4,)}
"""Three convolutions: a margin of 9, quick enough to try everything."""


def count(network):
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def awake(network, seed=0):
    """In evaluation, with batch statistics that are not those of a new network."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def test_parameter_counts_of_paper_004():
    assert count(NETWORKS["deepmedic"](inputs=4, outputs=1)) == 663_491
    assert count(DeepMedic(4, 1, activation="relu")) == 662_551


@pytest.mark.parametrize(("size", "parameters"), [(0.25, 45_281), (0.5, 168_471), (1.5, 1_485_061)])
def test_parameter_counts_of_other_sizes(size, parameters):
    assert count(DeepMedic(4, 1, size=size)) == parameters


def test_every_hidden_layer_has_a_norm_a_rectifier_and_its_dropout():
    network = DeepMedic(4, 1)
    kinds = [type(m) for m in network.modules()]
    assert kinds.count(torch.nn.BatchNorm3d) == kinds.count(torch.nn.PReLU) == 18
    drops = [m.p for m in network.modules() if isinstance(m, torch.nn.Dropout)]
    assert drops == [0.02] * 16 + [0.5] * 2


def test_the_paper_s_patch_gives_9_cubed_from_25_cubed_and_its_surroundings():
    network = DeepMedic(4, 2, size=0.25).eval()
    seen = []
    for pathway in network.pathways:
        pathway.register_forward_pre_hook(lambda module, images: seen.append(tuple(images[0].shape[2:])))
    assert network.margin == (24, 24, 24)
    assert network.stride == (3, 3, 3)
    assert network(torch.zeros(1, 4, 57, 57, 57)).shape == (1, 2, 9, 9, 9)
    assert seen == [(25, 25, 25), (19, 19, 19)]


@pytest.mark.parametrize("factors", [(3,), (5,), (3, 5), ()])
def test_a_large_image_gives_what_its_patches_give_one_by_one(factors):
    network = awake(DeepMedic(2, 2, factors=factors, **TINY))
    step, margin = network.stride[0], network.margin[0]
    x = torch.randn(1, 2, 2 * margin + 3 * step, 2 * margin + 2 * step, 2 * margin + step)
    with torch.inference_mode():
        whole = network(x)
        assert whole.shape == (1, 2, 3 * step, 2 * step, step)
        for i, j in product(range(3), range(2)):
            patch = x[:, :, i * step : i * step + 2 * margin + step, j * step : j * step + 2 * margin + step]
            there = whole[:, :, i * step : (i + 1) * step, j * step : (j + 1) * step]
            torch.testing.assert_close(network(patch), there, atol=1e-5, rtol=1e-4)


@pytest.mark.slow
def test_the_real_network_is_dense_too():
    network = awake(DeepMedic(4, 1))
    x = torch.randn(1, 4, 63, 60, 57)
    with torch.inference_mode():
        torch.testing.assert_close(network(x[:, :, 6:, 3:]), network(x)[:, :, 6:, 3:], atol=1e-5, rtol=1e-4)


def test_receptive_field_is_dense_near_and_sparse_far():
    network = awake(DeepMedic(1, 1, features=(1,) * 8, pointwise=(2,)))
    for parameter in network.parameters():
        parameter.data.abs_().add_(0.1)
    x = torch.ones(1, 1, 57, 57, 57, requires_grad=True)
    network(x)[0, 0, 4, 4, 4].backward()  # voxel 28 of the image, the middle of its block of three
    seen = x.grad[0, 0] != 0
    line = seen[:, 28, 28]
    near, far = range(28 - 8, 28 + 9), range(28 - 24, 28 + 25, 3)
    assert line.nonzero()[:, 0].tolist() == sorted({*near, *far})
    assert seen.sum() == 17**3 + 17**3 - 5**3  # of the voxels three apart, five along each axis lie in the near field


def test_parts_hold_every_parameter_once_and_all_learn():
    network = DeepMedic(2, 1, **TINY)
    encoder, decoder = list(network.encoder_parameters()), list(network.decoder_parameters())
    parts = encoder + decoder
    assert len({id(p) for p in parts}) == len(parts) == len(list(network.parameters()))
    assert sum(p.numel() for p in encoder) == count(network.pathways)
    network(torch.randn(2, 2, 27, 27, 27)).square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        redundant = name.endswith("0.bias") and "head" not in name  # a batch norm takes the bias off again
        assert redundant or parameter.grad.abs().sum() > 0, name


def test_weights_start_as_he_says_and_slopes_as_the_original_s():
    network = DeepMedic(4, 1)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv3d):
            fan = module.weight[0].numel()
            assert float(module.weight.detach().std()) == pytest.approx((2 / fan) ** 0.5, rel=0.2)
            assert not module.bias.any()
        if isinstance(module, torch.nn.PReLU):
            assert torch.equal(module.weight, torch.full_like(module.weight, 0.01))


@pytest.mark.parametrize("size", [(57, 57, 58), (48, 57, 57), (25, 25, 25)])
def test_a_size_that_does_not_fit_is_refused_with_one_that_does(size):
    with pytest.raises(InputError, match="multiples of 3 larger than 48"):
        DeepMedic(1, 1, size=0.25)(torch.zeros(1, 1, *size))


@pytest.mark.parametrize("factor", [1, 2, 4, -3])
def test_an_even_factor_is_refused(factor):
    with pytest.raises(InputError, match="odd numbers from 3"):
        DeepMedic(1, 1, factors=(factor,))
