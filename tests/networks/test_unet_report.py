import pytest
import torch

from oncontour.core.errors import InputError
from oncontour.networks import NETWORKS
from oncontour.networks.unet_report import ReportUNet


def count(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(("start", "parameters"), [(20, 3_883_781), (10, 972_091), (5, 243_596)])
def test_parameter_counts_of_our_layout(start, parameters):
    assert count(NETWORKS["unet_report"](inputs=4, outputs=1, start=start, pointwise=(start, start))) == parameters


def test_features_double_at_each_of_four_resolutions():
    convolutions = [
        [m.out_channels for m in block if isinstance(m, torch.nn.Conv3d)] for block in ReportUNet(4, 1).down
    ]
    assert convolutions == [[20, 40], [40, 80], [80, 160], [160, 320]]


@pytest.mark.parametrize("size", [(54, 27, 27), (28, 29, 1), (31, 5, 8)])
def test_any_size_comes_back(size):
    network = ReportUNet(2, 3, start=2).eval()
    with torch.inference_mode():
        assert network(torch.randn(1, 2, *size)).shape == (1, 3, *size)


@pytest.mark.slow
def test_the_report_s_whole_image():
    network = ReportUNet(1, 1, start=1).eval()
    with torch.inference_mode():
        assert network(torch.randn(1, 1, 143, 196, 144)).shape == (1, 1, 143, 196, 144)


def test_an_image_of_one_voxel_at_the_coarsest_resolution_is_refused():
    with pytest.raises(InputError, match="more than 27"):
        ReportUNet(1, 1, start=1)(torch.zeros(1, 1, 27, 27, 27))


def test_the_last_pooling_window_holds_what_there_is():
    """29 voxels are nine windows of three and one of two: nothing empty is averaged in, nothing is shifted."""
    network = ReportUNet(1, 1, start=1)
    x = torch.arange(29.0).reshape(1, 1, 29, 1, 1)
    assert network.pool(x).flatten().tolist() == [2, 5, 8, 11, 14, 17, 20, 23, 26, 28]


def test_receptive_field_without_norms():
    network = ReportUNet(1, 1, start=1, dropout=0).double()
    for name, module in list(network.named_modules()):
        if isinstance(module, torch.nn.InstanceNorm3d):
            parent, _, child = name.rpartition(".")
            setattr(network.get_submodule(parent), child, torch.nn.Identity())
    network.pool = torch.nn.AvgPool3d((3, 1, 1), ceil_mode=True)  # a maximum's gradient shows one voxel of 27
    for parameter in network.parameters():
        parameter.data.abs_().add_(0.1)
    reach = []
    for centre in range(270, 297):  # every place within a voxel of the coarsest resolution
        x = torch.ones(1, 1, 567, 1, 1, dtype=torch.double, requires_grad=True)
        network(x)[0, 0, centre, 0, 0].backward()
        seen = x.grad.flatten().nonzero()[:, 0] - centre
        reach.append((-int(seen.min()), int(seen.max())))
    assert {before + after + 1 for before, after in reach} == {214, 241}
    assert min(min(pair) for pair in reach) == 106


def test_parts_hold_every_parameter_once_and_all_learn():
    network = ReportUNet(2, 1, start=2, pointwise=(4, 4))
    encoder, decoder = list(network.encoder_parameters()), list(network.decoder_parameters())
    parts = encoder + decoder
    assert len({id(p) for p in parts}) == len(parts) == len(list(network.parameters()))
    assert sum(p.numel() for p in encoder) == count(network.down)
    torch.manual_seed(0)
    network(torch.randn(1, 2, 30, 28, 29)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_dropout_is_in_the_point_wise_layers_alone():
    network = ReportUNet(2, 1, start=2)
    drops = [name for name, m in network.named_modules() if isinstance(m, torch.nn.Dropout)]
    assert len(drops) == 2
    assert all(name.startswith("pointwise") for name in drops)
    assert all(m.p == 0.5 for m in network.modules() if isinstance(m, torch.nn.Dropout))


def test_weights_start_as_he_says():
    for module in ReportUNet(4, 1).down.modules():
        if isinstance(module, torch.nn.Conv3d):
            assert float(module.weight.detach().std()) == pytest.approx((2 / module.weight[0].numel()) ** 0.5, rel=0.1)
