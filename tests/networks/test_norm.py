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


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("affine", [True, False])
def test_a_large_sample_is_normalised_by_its_true_moments(affine, precision):
    torch.manual_seed(0)
    x = (torch.randn(2, 8, 80, 80, 80) * 1.3 + 0.4).contiguous(memory_format=torch.channels_last_3d).to(precision)
    instance, group = norm.InstanceNorm3d(8, affine=affine), norm.GroupNorm(2, 8, affine=affine)
    for layer, kinds in ((instance, 8), (group, 2)):
        for parameter in layer.parameters():
            nn.init.normal_(parameter)
        ordered = x.double().reshape(2, kinds, -1)
        expected = (ordered - ordered.mean(2, keepdim=True)) / ordered.std(2, correction=0, keepdim=True)
        expected = expected.reshape(x.shape)
        if affine:
            expected = expected * layer.weight.view(-1, 1, 1, 1) + layer.bias.view(-1, 1, 1, 1)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision is torch.bfloat16):
            given = layer(x)
        assert given.dtype == precision
        assert given.is_contiguous(memory_format=torch.channels_last_3d)
        tolerance = 3e-2 if precision is torch.bfloat16 else 1e-5
        torch.testing.assert_close(given.double(), expected.double(), atol=tolerance, rtol=tolerance)


def test_a_large_sample_is_exported_as_torchs_own_norm():
    layer, x = norm.InstanceNorm3d(2, affine=True), torch.randn(1, 2, 60, 60, 60)
    assert "aten::group_norm" in str(torch.jit.trace(layer, x).inlined_graph)
    assert "group_norm" in str(torch.export.export(layer, (x,)).graph)
    expected = layer(x)
    norm.trace_for_bf16(nn.Sequential(layer))
    traced = torch.jit.trace(layer, x)
    assert "aten::instance_norm" in str(traced.inlined_graph)
    torch.testing.assert_close(traced(x), expected)
    torch.testing.assert_close(layer(x), expected)
    assert "aten::group_norm" in str(torch.jit.trace(norm.GroupNorm(1, 2), x).inlined_graph)


@pytest.mark.parametrize("shape", [(1, 6, 9, 10, 7), (2, 6, 8, 5)])
@pytest.mark.parametrize("affine", [True, False])
def test_a_group_norm_traced_for_bf16_is_the_same_by_planes(shape, affine):
    torch.manual_seed(0)
    layer = norm.GroupNorm(3, 6, affine=affine)
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    x = torch.randn(shape) + 3 * torch.arange(6.0).reshape(6, *[1] * (len(shape) - 2))
    expected = layer(x)
    norm.trace_for_bf16(nn.Sequential(layer))
    traced = torch.jit.trace(layer, x)
    assert "group_norm" not in str(traced.inlined_graph)
    torch.testing.assert_close(traced(x), expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(layer(x), expected)
    other = torch.randn(shape[0], 6, *(n + 3 for n in shape[2:]))
    torch.testing.assert_close(traced(other), layer(other), atol=1e-4, rtol=1e-4)


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


def test_group_norm_in_bf16_is_torchs_in_fp32():
    torch.manual_seed(0)
    ours, torchs = norm.GroupNorm(2, 6), nn.GroupNorm(2, 6)
    for parameter in ours.parameters():
        nn.init.normal_(parameter)
    torchs.load_state_dict(ours.state_dict())
    x = (torch.randn(2, 6, 5, 4, 3) + torch.arange(6.0).reshape(6, 1, 1, 1)).bfloat16()
    half, single = x.clone().requires_grad_(), x.float().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        output = ours(half)
    expected = torchs(single)
    assert output.dtype == torch.bfloat16
    torch.testing.assert_close(output, expected.bfloat16())
    weights = torch.randn(expected.shape).bfloat16()
    (output * weights).float().sum().backward()
    (expected * weights.float()).sum().backward()
    torch.testing.assert_close(half.grad, single.grad.bfloat16(), atol=2e-2, rtol=2e-2)
    for mine, other in zip(ours.parameters(), torchs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, atol=1e-3, rtol=1e-3)


def test_own_group_norms_take_the_place_of_torchs_and_their_names():
    network = nn.Sequential(nn.Conv3d(4, 4, 1), nn.Sequential(nn.GroupNorm(2, 4, 1e-3), nn.BatchNorm3d(4)))
    names = list(network.state_dict())
    norm.own_group_norms(network)
    assert list(network.state_dict()) == names
    assert type(network[1][0]) is norm.GroupNorm
    assert network[1][0].eps == 1e-3
    assert type(network[1][1]) is nn.BatchNorm3d
