"""What a logit sees: against arithmetic, and against perturbing the image voxel by voxel."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from oncontour.networks import receptive_field as module
from oncontour.networks.anisotropic import AnisotropicNet
from oncontour.networks.deepmedic import DeepMedic
from oncontour.networks.nnunet import NNUNet
from oncontour.networks.receptive_field import receptive_field
from oncontour.networks.unet import ResidualUNet


def faced(network: nn.Module, stride=(1, 1, 1), margin=(0, 0, 0)) -> nn.Module:
    network.stride, network.margin = stride, margin
    return network


def test_convolutions_add_up():
    """1 + sum of (kernel - 1) x dilation x the steps before (Araujo 2019)."""
    network = nn.Sequential(
        nn.Conv3d(2, 3, (3, 5, 1), padding=(1, 2, 0)),
        nn.BatchNorm3d(3),
        nn.PReLU(3),
        nn.Conv3d(3, 4, 3, padding=(2, 1, 1), dilation=(2, 1, 1)),
        nn.Conv3d(4, 4, 3, stride=(2, 1, 3), padding=1),
        nn.Conv3d(4, 1, 3, padding=1),
    )
    found = receptive_field(faced(network, (2, 1, 3)), 2)
    assert found == (1 + 2 + 4 + 2 + 2 * 2, 1 + 4 + 2 + 2 + 2, 1 + 0 + 2 + 2 + 2 * 3)


@pytest.mark.parametrize("pool", [nn.MaxPool3d(3), nn.AvgPool3d(3), nn.MaxPool3d(3, ceil_mode=True)])
def test_pools_and_interpolation_count(pool):
    network = nn.Sequential(pool, nn.Conv3d(1, 1, 3, padding=1), nn.Upsample(scale_factor=3.0))
    assert receptive_field(faced(network, (3, 3, 3)), 1) == (9, 9, 9)


def test_meta_and_real_networks_see_as_far_and_stay_as_they_were():
    network = ResidualUNet(2, 1, (2, 3), fine=2)
    before = list(map(type, network.modules()))
    with torch.device("meta"):
        weightless = ResidualUNet(2, 1, (2, 3), fine=2)
    assert receptive_field(network, 2) == receptive_field(weightless, 2)
    assert list(map(type, network.modules())) == before


@pytest.mark.parametrize(
    ("network", "inputs", "size"),
    [
        (ResidualUNet(1, 1, (2, 2), fine=2), 1, 64),
        (NNUNet(1, 1, features_per_stage=(2, 2, 2), strides=(1, 2, 2)), 1, 64),
        (AnisotropicNet(1, 1, features=2, norm="batch"), 1, 320),
        (DeepMedic(1, 1, size=0.1), 1, 120),
    ],
    ids=["residual_unet", "nnunet", "ca_cnn", "deepmedic"],
)
def test_perturbing_the_image_moves_what_is_said_to_be_seen(network, inputs, size):
    """Along the first axis, in the network itself, with norms that join no voxels and weights that cancel nothing."""
    torch.manual_seed(0)
    for child in list(network.modules()):
        for name, part in list(child.named_children()):
            if isinstance(part, nn.GroupNorm | nn.InstanceNorm3d | nn.BatchNorm3d):
                setattr(child, name, nn.Identity())
    network = network.double().eval()
    for parameter in network.parameters():
        nn.init.uniform_(parameter, 0.01, 0.02)
    shape = [-(-(2 * m + 1) // s) * s for s, m in zip(network.stride, network.margin, strict=True)]
    image = torch.ones(1, inputs, size, *shape[1:], dtype=torch.float64, requires_grad=True)
    logits = network(image)
    spans = []
    middle = logits.shape[2] // 2
    for place in range(middle, middle + 8):
        (gradient,) = torch.autograd.grad(logits[:, :, place].sum(), image, retain_graph=True)
        touched = gradient.abs().sum((0, 1, 3, 4)).nonzero()
        spans.append((touched[-1] - touched[0] + 1).item())
    assert receptive_field(network, inputs)[0] == max(spans) < size


def test_slices_of_a_2d_network_see_nothing_of_each_other():
    network = NNUNet(1, 1, features_per_stage=(2, 2), strides=(1, 2), dimensions=2, axis=1)
    volume = NNUNet(1, 1, features_per_stage=(2, 2), strides=(1, 2))
    i, _, k = receptive_field(volume, 1)
    assert receptive_field(network, 1) == (i, 1, k)


def test_a_network_that_sees_everything_is_named_so(monkeypatch):
    class Everything(nn.Module):
        stride, margin = (1, 1, 1), (0, 0, 0)

        def forward(self, x):
            return x + x.mean((2, 3, 4), keepdim=True)

    monkeypatch.setattr(module, "LONGEST", 256)
    with pytest.raises(ValueError, match="further than 256 voxels"):
        receptive_field(Everything(), 1)
