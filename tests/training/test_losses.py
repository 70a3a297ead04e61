import pytest
import torch
from monai import losses as monai

from oncontour.core.errors import InputError
from oncontour.plans.training import LossPlan
from oncontour.training.losses import (
    cropped,
    cross_entropy,
    deep_loss,
    divergence,
    segmentation_loss,
    soft_dice,
)


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(4)
    logits = torch.randn(2, 3, 4, 5, 6, generator=generator) * 2
    target = (torch.rand(2, 3, 4, 5, 6, generator=generator) > 0.7).float()
    return logits, target


@pytest.fixture
def softmax_pair():
    """Four logits, and three labels of which a voxel has at most one."""
    generator = torch.Generator().manual_seed(5)
    logits = torch.randn(2, 4, 4, 5, 6, generator=generator) * 2
    labels = torch.randint(0, 4, (2, 4, 5, 6), generator=generator)
    return logits, torch.nn.functional.one_hot(labels, 4).movedim(-1, 1)[:, 1:].float(), labels


@pytest.mark.parametrize("smooth", [1e-5, 1.0])
@pytest.mark.parametrize("batch", [False, True])
def test_sigmoid_dice_is_monais(pair, batch, smooth):
    logits, target = pair
    peer = monai.DiceLoss(sigmoid=True, smooth_nr=smooth, smooth_dr=smooth, batch=batch)
    ours = soft_dice(torch.sigmoid(logits), target, smooth, batch)
    assert ours.item() == pytest.approx(peer(logits, target).item(), abs=1e-6)


def test_smoothing_gives_an_absent_region_a_gradient():
    """Of probabilities 0.01 in 64 voxels of a region that is not there."""
    pulls = {}
    for smooth in (1e-5, 1.0):
        probability = torch.full((1, 1, 4, 4, 4), 0.01, requires_grad=True)
        soft_dice(probability, torch.zeros_like(probability), smooth).backward()
        pulls[smooth] = probability.grad.max().item()
    assert pulls[1.0] > 1000 * pulls[1e-5] > 0


@pytest.mark.peers
@pytest.mark.parametrize("batch", [False, True])
def test_softmax_loss_is_nnunets_plus_one(softmax_pair, batch):
    """nnU-Net adds -Dice where we add 1 - Dice."""
    from nnunetv2.training.loss import compound_losses as compound
    from nnunetv2.training.loss import dice

    logits, target, labels = softmax_pair
    numbers = {"batch_dice": batch, "smooth": 1e-5, "do_bg": False, "ddp": False}
    peer = compound.DC_and_CE_loss(numbers, {}, dice_class=dice.MemoryEfficientSoftDiceLoss)
    ours = segmentation_loss(logits, target, LossPlan(output="softmax", batch_dice=batch, smooth=1e-5))
    assert ours.item() == pytest.approx(peer(logits, labels[:, None].float()).item() + 1, abs=1e-5)


@pytest.mark.peers
def test_region_loss_is_nnunets_plus_one(pair):
    from nnunetv2.training.loss import compound_losses as compound
    from nnunetv2.training.loss import dice

    numbers = {"batch_dice": True, "smooth": 1e-5, "do_bg": True, "ddp": False}
    peer = compound.DC_and_BCE_loss({}, numbers, dice_class=dice.MemoryEfficientSoftDiceLoss)
    ours = segmentation_loss(*pair, LossPlan(batch_dice=True, smooth=1e-5))
    assert ours.item() == pytest.approx(peer(*pair).item() + 1, abs=1e-5)


@pytest.mark.parametrize("gamma", [1.0, 1.5, 2.5])
@pytest.mark.parametrize("omega", [0.25, 0.75, 1.0])
def test_focal_loss_is_monais(pair, gamma, omega):
    peer = monai.FocalLoss(gamma=gamma, alpha=omega, use_softmax=False)
    assert cross_entropy(*pair, omega, gamma).item() == pytest.approx(peer(*pair).item(), rel=1e-4)


def test_weighted_cross_entropy_is_the_papers_formula(pair):
    logits, target = pair
    p = torch.sigmoid(logits.double())
    expected = -(0.75 * target * p.log() + 0.25 * (1 - target) * (1 - p).log()).mean()
    assert cross_entropy(logits, target, 0.75).item() == pytest.approx(expected.item(), abs=1e-6)
    assert cross_entropy(logits, target, 0.5).item() == pytest.approx(cross_entropy(logits, target).item() / 2)


def test_softmax_cross_entropy_is_torchs(softmax_pair):
    logits, target, labels = softmax_pair
    assert cross_entropy(logits, target, softmax=True).item() == pytest.approx(
        torch.nn.functional.cross_entropy(logits, labels).item(), abs=1e-6
    )
    voxels = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    weighted = torch.where(labels > 0, 0.75, 0.25) * voxels
    assert cross_entropy(logits, target, 0.75, softmax=True).item() == pytest.approx(weighted.mean().item(), abs=1e-6)
    focal = torch.where(labels > 0, 0.75, 0.25) * voxels * (1 - (-voxels).exp()) ** 2
    assert cross_entropy(logits, target, 0.75, 2.0, softmax=True).item() == pytest.approx(focal.mean().item(), abs=1e-6)


def test_a_combination_is_the_weighted_sum(pair):
    only = {"dice": 0.0, "cross_entropy": 0.0}
    dice = segmentation_loss(*pair, LossPlan(**{**only, "dice": 1.0}))
    entropy = segmentation_loss(*pair, LossPlan(**{**only, "cross_entropy": 1.0}))
    focal = segmentation_loss(*pair, LossPlan(**only, focal=1.0, foreground_weight=0.75, gamma=1.5))
    both = segmentation_loss(*pair, LossPlan(dice=0.3, cross_entropy=0.7))
    assert both.item() == pytest.approx(0.3 * dice.item() + 0.7 * entropy.item())
    assert focal.item() == pytest.approx(cross_entropy(*pair, 0.75, 1.5).item())
    with pytest.raises(InputError, match="all weights 0"):
        segmentation_loss(*pair, LossPlan(**only))


def test_empty_regions_predicted_empty_cost_nothing():
    target = torch.zeros(1, 2, 4, 4, 4)
    assert segmentation_loss(torch.full_like(target, -30.0), target, LossPlan()).item() < 1e-6


def test_half_precision_logits_are_summed_in_full_precision():
    logits, target = torch.full((1, 1, 64, 64, 32), 4.0, dtype=torch.bfloat16), torch.ones(1, 1, 64, 64, 32)
    exact = segmentation_loss(logits.float(), target, LossPlan())
    assert segmentation_loss(logits, target, LossPlan()).item() == exact.item()


def test_deep_supervision_is_the_weighted_mean_over_resolutions(pair):
    logits, target = pair
    coarse, plan = torch.randn(2, 3, 2, 3, 3), LossPlan(deep_supervision=(2.0, 1.0))
    nearest = torch.nn.functional.interpolate(target, (2, 3, 3), mode="nearest-exact")
    expected = (2 * segmentation_loss(logits, target, plan) + segmentation_loss(coarse, nearest, plan)) / 3
    assert deep_loss((logits, coarse, coarse), target, plan).item() == pytest.approx(expected.item(), abs=1e-6)
    with pytest.raises(InputError, match="2 weights"):
        deep_loss((logits,), target, plan)


def test_divergence_is_that_of_two_normal_distributions():
    mean, log_variance = torch.randn(2, 16), torch.randn(2, 16)
    p = torch.distributions.Normal(mean, (log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(p, torch.distributions.Normal(0.0, 1.0)).mean()
    assert divergence(mean, log_variance).item() == pytest.approx(expected.item(), rel=1e-5)


def test_targets_are_cropped_to_what_valid_convolutions_leave():
    target = torch.arange(10.0).reshape(1, 1, 10, 1, 1).expand(1, 1, 10, 6, 4)
    assert cropped(target, (2, 1, 0)).shape == (1, 1, 6, 4, 4)
    assert cropped(target, (2, 1, 0))[0, 0, :, 0, 0].tolist() == [2, 3, 4, 5, 6, 7]
