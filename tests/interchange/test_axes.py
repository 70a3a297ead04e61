from itertools import permutations

import pytest
import torch
from torch.nn.functional import conv2d, conv3d

from oncontour.interchange.axes import axis_order, inverse, permute_weights, to_file, to_nnunet

ORDERS = list(permutations(range(3)))


@pytest.mark.parametrize("transpose", ORDERS)
def test_values_go_there_and_back(transpose):
    order = axis_order(transpose)
    assert to_nnunet(to_file("abc", order), order) == tuple("abc")
    array = torch.zeros(2, 3, 5)  # a file of (x, y, z)
    as_nnunet = array.permute(2, 1, 0).permute(*transpose)
    assert to_nnunet(array.shape, order) == tuple(as_nnunet.shape)


@pytest.mark.parametrize("order", ORDERS)
def test_turned_kernels_on_turned_images_give_turned_results(order):
    image, kernel = torch.randn(1, 1, 6, 7, 8), torch.randn(1, 1, 1, 2, 3)  # in nnU-Net's axes
    to = [0, 1, *(2 + order.index(axis) for axis in range(3))]
    weights = permute_weights({"w": kernel, "b": torch.ones(3)}, order)
    assert torch.allclose(conv3d(image.permute(to), weights["w"]), conv3d(image, kernel).permute(to), atol=1e-5)
    assert torch.equal(permute_weights(weights, inverse(order))["w"], kernel)
    flat = permute_weights({"w": kernel[:, :, 0]}, order)["w"]
    rows, columns = order[1:]
    ordered = image[:, :, 0] if rows < columns else image[:, :, 0].transpose(2, 3)
    expected = conv2d(image[:, :, 0], kernel[:, :, 0])
    assert torch.allclose(conv2d(ordered, flat), expected if rows < columns else expected.transpose(2, 3), atol=1e-5)
