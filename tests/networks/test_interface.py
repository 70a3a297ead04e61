"""What every network must do, whichever it is."""

import json
from itertools import chain

import pytest
import torch

from oncontour.networks import NETWORKS, build_network
from oncontour.networks.interface import DeeplySupervised, Network, Reconstructing, initialise

UNET = {"features_per_stage": [4, 6, 8], "strides": [1, 2, 2]}
SEGRESNET = {"features": 8, "blocks_down": [1, 1], "blocks_up": [1], "dropout": 0.0}
TINY = {
    "residual_unet": ("residual_unet", {"features": [4, 8], "fine": 4}),
    "nnunet": ("nnunet", UNET),
    "nnunet, 2-D": ("nnunet", {**UNET, "dimensions": 2, "axis": 1}),
    "nnunet_resenc": ("nnunet_resenc", {**UNET, "n_blocks_per_stage": [1, 2, 1]}),
    "segresnet": ("segresnet", SEGRESNET),
    "ar": ("ar", {**SEGRESNET, "patch": [16, 8, 12], "latent": 3}),
    "deepmedic": ("deepmedic", {"features": [4, 4], "pointwise": [5], "dropout": 0.0, "pointwise_dropout": 0.0}),
    "unet_report": ("unet_report", {"start": 2, "levels": 2, "pointwise": [4], "dropout": 0.0}),
    "ca_cnn": ("ca_cnn", {"features": 4, "dropout": 0.0}),
    "ar_ca": ("ar_ca", {"features": 4, "dropout": 0.0, "patch": [16, 8, 12], "latent": 3}),
}
"""Small examples of each network, for images of about 16 x 8 x 12 voxels."""


@pytest.fixture(params=TINY)
def network(request):
    """Two channels in, three out; weights off the special values at which some start."""
    torch.manual_seed(0)
    name, arguments = TINY[request.param]
    network = NETWORKS[name](**json.loads(json.dumps({"inputs": 2, "outputs": 3, **arguments})))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return network


def test_no_network_is_left_out():
    assert {name for name, _ in TINY.values()} == set(NETWORKS)


@pytest.fixture
def image(network):
    steps = zip((16, 8, 12), network.stride, network.margin, strict=True)
    size = [-(-(n + 2 * margin) // step) * step for n, step, margin in steps]
    return torch.randn(2, 2, *size, generator=torch.Generator().manual_seed(1))


def test_gives_the_interface_and_logits_of_the_image_but_its_margin(network, image):
    assert isinstance(network, Network)
    covered = [size - 2 * lost for size, lost in zip(image.shape[2:], network.margin, strict=True)]
    assert network(image).shape == (2, 3, *covered)


def test_encoder_and_decoder_hold_every_parameter_once(network):
    parts = [*network.encoder_parameters(), *network.decoder_parameters()]
    assert len({id(p) for p in parts}) == len(parts)
    assert {id(p) for p in parts} == {id(p) for p in network.parameters()}


def test_gradients_reach_every_parameter(network, image):
    outputs = network.forward_deep(image) if isinstance(network, DeeplySupervised) else (network(image),)
    if isinstance(network, Reconstructing):
        outputs = chain(outputs, network.forward_with_reconstruction(image))
    sum(output.square().mean() for output in outputs).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        # A bias before an instance norm is without effect.
        assert parameter.ndim == 1 or parameter.grad.abs().max() > 0, name


def test_weights_come_back_from_a_state_dict(network, image):
    state = {name: value.clone() for name, value in network.state_dict().items()}
    before = network.eval()(image)
    initialise(network)
    assert not torch.equal(network(image), before)
    network.load_state_dict(state)
    assert torch.equal(network(image), before)


def test_channels_last_changes_nothing(network, image):
    before = network.eval()(image)
    network.to(memory_format=torch.channels_last_3d)
    after = network(image.contiguous(memory_format=torch.channels_last_3d))
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)


def test_trains_in_bf16(network, image):
    with torch.autocast("cpu", torch.bfloat16):
        loss = network(image).float().square().mean()
    loss.backward()
    assert loss.isfinite()


def test_initial_weights_have_the_spread_of_he():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv3d(20, 40, 3), torch.nn.Conv2d(30, 50, 3), torch.nn.Linear(200, 100))
    initialise(network, slope=0.5)
    for layer in network:
        assert layer.weight.detach().std() == pytest.approx((2 / 1.25 / layer.weight[0].numel()) ** 0.5, rel=0.05)
        assert layer.weight.detach().mean().abs() < 0.01
        assert (layer.bias == 0).all()


@pytest.fixture(params=TINY)
def several(request):
    """A network alone, and three of its kind on one encoder; weights off the special values at which some start."""
    torch.manual_seed(0)
    name, arguments = TINY[request.param]
    made = [build_network(name, {"inputs": 2, "outputs": 3, **arguments}, decoders) for decoders in (1, 3)]
    with torch.no_grad():
        for parameter in chain.from_iterable(network.parameters() for network in made):
            parameter += 0.05 * torch.randn_like(parameter)
    return made


def test_decoders_share_one_encoder(several):
    alone, shared = several
    halves = [
        [sum(p.numel() for p in part()) for part in (net.encoder_parameters, net.decoder_parameters)] for net in several
    ]
    assert halves[1] == [halves[0][0], 3 * halves[0][1]]
    assert sum(p.numel() for p in shared.parameters()) == sum(halves[1])
    assert isinstance(shared, Network)
    assert isinstance(shared, DeeplySupervised) == isinstance(alone, DeeplySupervised)
    assert (shared.stride, shared.margin) == (alone.stride, alone.margin)
    steps = zip((16, 8, 12), alone.stride, alone.margin, strict=True)
    size = [-(-(n + 2 * margin) // step) * step for n, step, margin in steps]
    image = torch.randn(2, 2, *size, generator=torch.Generator().manual_seed(1))
    shared.eval()
    with torch.no_grad():
        found = shared(image)
        each = [branch(image) for branch in shared.branches]
    assert torch.equal(found, torch.cat(each, 1))
    assert not torch.equal(each[0], each[1])
    if isinstance(shared, DeeplySupervised):
        levels = shared.forward_deep(image)
        assert torch.allclose(levels[0], found, atol=1e-5)
        assert all(level.shape[1] == 9 for level in levels)
    with torch.no_grad():
        next(iter(shared.encoder_parameters())).zero_()
        assert not any(torch.equal(branch(image), old) for branch, old in zip(shared.branches, each, strict=True))
