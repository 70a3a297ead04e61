import torch

from oncontour.augment.interface import Sample
from oncontour.augment.power import Power


def test_zero_and_one_stay():
    image = torch.tensor([0.0, 0.25, 1.0, 2.0, -1.0, 0.5]).reshape(1, 1, 2, 3)
    got = Power().apply({"channels": [{"channel": 0, "exponent": 2.0}]}, Sample(image, image)).image
    assert got.flatten().tolist() == [0.0, 0.0625, 1.0, 4.0, 0.0, 0.25]
