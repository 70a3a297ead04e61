"""Against MONAI's own modules with the same weights."""

import pytest
import torch
from monai.networks import nets

from oncontour.core.errors import InputError
from oncontour.networks.segresnet import SegResNet, SegResNetVAE

OURS = {"features": 8, "blocks_down": (1, 2, 1), "blocks_up": (2, 1), "dropout": 0.0}
MONAIS = {"in_channels": 2, "out_channels": 3, "init_filters": 8, "blocks_down": (1, 2, 1), "blocks_up": (2, 1)}
PATCH = (16, 8, 24)


@pytest.mark.parametrize("upsampling", ["nontrainable", "deconv", "pixelshuffle"])
def test_equals_monais_segresnet(upsampling):
    torch.manual_seed(0)
    peer = nets.SegResNet(**MONAIS, upsample_mode=upsampling)
    ours = SegResNet(2, 3, **OURS, upsampling=upsampling)
    assert list(ours.network.state_dict()) == list(peer.state_dict())
    ours.network.load_state_dict(peer.state_dict())
    image = torch.randn(2, 2, 12, 8, 4)
    torch.testing.assert_close(ours(image), peer(image))


@pytest.fixture
def pair():
    """Ours and MONAI's, with the same weights."""
    torch.manual_seed(0)
    peer = nets.SegResNetVAE(PATCH, vae_estimate_std=True, vae_nz=5, **MONAIS)
    ours = SegResNetVAE(2, 3, PATCH, 5, **OURS)
    ours.network.load_state_dict(peer.state_dict())
    return ours, peer


def test_losses_of_the_autoencoder_are_monais(pair):
    ours, peer = pair
    image = torch.randn(2, 2, *PATCH)
    torch.manual_seed(1)
    logits, loss = peer(image)
    torch.manual_seed(1)
    found = ours.forward_with_reconstruction(image)
    divergence = (found.mean**2 + found.log_variance.exp() - found.log_variance - 1).mean() / 2
    torch.testing.assert_close((found.image - image).square().mean() + divergence, loss)
    torch.testing.assert_close(found.logits, logits)
    assert found.mean.shape == found.log_variance.shape == (2, 5)


def test_evaluation_draws_nothing_and_gives_monais_logits_at_any_size(pair):
    ours, peer = (network.eval() for network in pair)
    image = torch.randn(1, 2, *PATCH)
    first, second = (ours.forward_with_reconstruction(image).image for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(ours.train().forward_with_reconstruction(image).image, first)
    other = torch.randn(1, 2, 8, 4, 4)
    torch.testing.assert_close(ours(other), peer(other)[0])


def test_weights_with_the_autoencoder_serve_the_network_without_it(pair):
    ours, _ = pair
    alone = SegResNet(2, 3, **OURS)
    missing, further = alone.load_state_dict(ours.state_dict(), strict=False)
    assert not missing
    assert all(name.startswith("network.vae_") for name in further)


def test_he_initialisation_replaces_torchs():
    torch.manual_seed(0)
    network = SegResNetVAE(4, 3, (16, 16, 16))
    weight = network.network.down_layers[3][1].conv1.conv.weight
    assert weight.detach().std() == pytest.approx((2 / weight[0].numel()) ** 0.5, rel=0.02)
    assert (network.network.vae_fc1.bias == 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patch": (16, 16, 12)}, r"ar: patch: found \(16, 16, 12\); expected three multiples of \(8, 8, 8\)"),
        ({"patch": (16, 16)}, "three multiples"),
        ({"blocks_up": (1,)}, r"segresnet: blocks_up: found \(1,\); expected one entry fewer"),
        ({"groups": 3}, "segresnet: features: found 8; expected a multiple of groups, 3"),
    ],
)
def test_unsuitable_arguments_are_named_with_their_values(arguments, message):
    with pytest.raises(InputError, match=message):
        SegResNetVAE(2, 3, **{"patch": PATCH, **OURS, **arguments})


def test_another_size_cannot_be_rebuilt(pair):
    with pytest.raises(InputError, match=r"found \(16, 8, 8\) voxels; expected the \(16, 8, 24\)"):
        pair[0].forward_with_reconstruction(torch.zeros(1, 2, 16, 8, 8))


@pytest.mark.parametrize(
    ("constructor", "arguments", "count"),
    [(SegResNet, {}, 4_702_227), (SegResNetVAE, {"patch": (128,) * 3}, 7_914_407)],
)
def test_parameter_count_of_the_standard_network(constructor, arguments, count):
    with torch.device("meta"):
        network = constructor(4, 3, **arguments)
    assert sum(p.numel() for p in network.parameters()) == count
    assert network.stride == (8, 8, 8)
    assert f"{count:,} parameters" in constructor.__doc__
    branch = sum(p.numel() for name, p in network.named_parameters() if "vae" in name)
    assert not branch or f"{branch:,} of them" in constructor.__doc__
