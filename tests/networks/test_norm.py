import pytest
import torch
from torch import nn

from oncontour.networks import norm


@pytest.mark.parametrize(("kind", "shape"), [("InstanceNorm2d", (3, 5, 6, 7)), ("InstanceNorm3d", (3, 5, 6, 7, 3))])
@pytest.mark.parametrize("affine", [True, False])
def test_figures_gradients_and_names_are_those_of_torchs_instance_norm(kind, shape, affine):
    torch.manual_seed(0)
    ours, torchs = (getattr(module, kind)(5, eps=1e-3, affine=affine) for module in (norm, nn))
    for parameter in ours.parameters():
        nn.init.normal_(parameter)
    torchs.load_state_dict(ours.state_dict())
    x = torch.randn(shape) + torch.arange(5.0).reshape(5, *[1] * (len(shape) - 2))
    torch.testing.assert_close(ours(x), torchs(x))  # without gradients
    images = [x.clone().requires_grad_(), x.clone().requires_grad_()]
    outputs = [layer(image) for layer, image in zip((ours, torchs), images, strict=True)]
    torch.testing.assert_close(*outputs)
    for output in outputs:
        output.pow(3).sum().backward()
    torch.testing.assert_close(images[0].grad, images[1].grad, atol=1e-4, rtol=1e-4)
    for mine, other in zip(ours.parameters(), torchs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("gradients", [True, False])
def test_the_layout_stays_channels_last(gradients):
    x = torch.randn(2, 5, 6, 7, 3).contiguous(memory_format=torch.channels_last_3d).requires_grad_(gradients)
    y = norm.InstanceNorm3d(5, affine=True)(x)
    assert y.is_contiguous(memory_format=torch.channels_last_3d)


def test_off_the_cpu_it_is_torchs_own(monkeypatch):
    monkeypatch.setattr(nn.InstanceNorm3d, "forward", lambda self, x: "torch's")
    layer = norm.InstanceNorm3d(5)
    assert layer(torch.zeros(2, 5, 4, 4, 4, device="meta")) == "torch's"
    assert layer(torch.zeros(2, 5, 4, 4, 4)).shape == (2, 5, 4, 4, 4)
