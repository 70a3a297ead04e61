import torch

from oncontour.networks import NETWORKS
from oncontour.networks.unet import ResidualUNet


def test_encoder_and_decoder_hold_every_parameter_once():
    network = ResidualUNet(4, 3, (8, 16, 24))
    parts = [*network.encoder_parameters(), *network.decoder_parameters()]
    assert len({id(p) for p in parts}) == len(parts) == len(list(network.parameters()))


def test_output_has_the_size_of_the_input_and_every_parameter_a_gradient():
    network = ResidualUNet(2, 3, (4, 8, 12), fine=4)
    output = network(torch.randn(2, 2, 24, 16, 8))
    assert output.shape == (2, 3, 24, 16, 8)
    output.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_parameter_count_of_the_shipped_tumour_network():
    network = NETWORKS["residual_unet"](inputs=4, outputs=3, features=[32, 64, 128, 192], fine=8)
    assert sum(p.numel() for p in network.parameters()) == 4_245_515


def test_group_norm_with_one_group_a_channel_is_instance_norm():
    from oncontour.networks.unet import _norm

    x = torch.randn(2, 5, 6, 7, 8)
    torch.testing.assert_close(_norm(5)(x), torch.nn.InstanceNorm3d(5)(x), atol=1e-5, rtol=1e-4)
