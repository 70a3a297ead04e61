import pytest
import torch

from oncontour.training.losses import dice_and_cross_entropy, soft_dice


def test_soft_dice_is_that_of_the_definition():
    probability, target = torch.rand(2, 3, 4, 5, 6), (torch.rand(2, 3, 4, 5, 6) > 0.5).float()
    expected = 0.0
    for region in range(3):
        p, t = probability[:, region], target[:, region]
        expected += 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)
    assert soft_dice(torch.logit(probability), target).item() == pytest.approx(expected.item() / 3, abs=1e-5)


def test_empty_regions_predicted_empty_cost_nothing():
    target = torch.zeros(1, 2, 4, 4, 4)
    assert dice_and_cross_entropy(torch.full_like(target, -30.0), target).item() < 1e-6
