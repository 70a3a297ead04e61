"""Losses: pure functions of logits and targets; `segmentation_loss` is the weighted sum that a plan asks for.

Targets are 0 and 1, (B, T, i, j, k). Sigmoid: T logits, overlapping. Softmax: T + 1 logits, the background's first.
All sums are fp32 whatever the precision of the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from oncontour.core.errors import InputError
from oncontour.plans.training import LossPlan

SPACE = (2, 3, 4)

Total = Callable[[Tensor], Tensor]
"""Adds a tensor up over all processes, so that a batch that is split among them counts as one."""


def alone(sums: Tensor) -> Tensor:
    """There is one process."""
    return sums


def soft_dice(
    probability: Tensor, target: Tensor, smooth: float = 1.0, batch: bool = False, total: Total = alone
) -> Tensor:
    """1 - 2 sum(p t) / (sum p + sum t), mean over regions; with the factor 2 that paper 004's equation 5 lacks.

    Args:
        probability, target: (B, T, i, j, k).
        smooth: voxels added to both sides of the fraction.
        batch: sum over the samples too, rather than take their mean.
        total: sums over processes; only asked where `batch`.

    >>> target = torch.ones(1, 1, 2, 2, 2)
    >>> soft_dice(target, target).item(), round(soft_dice(1 - target, target).item(), 3)
    (0.0, 0.889)
    """
    overlap = (probability * target).sum(SPACE)
    sizes = probability.sum(SPACE) + target.sum(SPACE)
    if batch:
        overlap, sizes = total(torch.stack((overlap.sum(0), sizes.sum(0))))
    return 1 - ((2 * overlap + smooth) / (sizes + smooth)).mean()


def cross_entropy(
    logits: Tensor, target: Tensor, foreground: float | None = None, gamma: float = 0.0, softmax: bool = False
) -> Tensor:
    """Cross-entropy, or with `gamma` focal loss (Lin 2017), mean over voxels (and over sigmoid's regions).

    Args:
        logits: (B, T, ...), or (B, T + 1, ...) for softmax.
        target: (B, T, ...).
        foreground: omega, the weight of a region's voxels against 1 - omega of those outside; None: both 1.
        gamma: exponent of 1 - p, where p is the probability of what is right.
    """
    inside, outside = (1.0, 1.0) if foreground is None else (foreground, 1 - foreground)
    if softmax:
        everything = torch.cat((1 - target.sum(1, keepdim=True), target), 1)
        logs = (functional.log_softmax(logits, 1) * everything).sum(1)
        weight = everything[:, 0] * (outside - inside) + inside if foreground is not None else 1.0
    elif foreground is None and gamma == 0:
        return functional.binary_cross_entropy_with_logits(logits, target)
    else:
        logs = functional.logsigmoid(torch.where(target > 0, logits, -logits))
        weight = target * (inside - outside) + outside
    if gamma > 0:
        weight = weight * (1 - logs.exp()).clamp(min=0) ** gamma
    return -(weight * logs).mean()


def segmentation_loss(logits: Tensor, target: Tensor, plan: LossPlan, total: Total = alone) -> Tensor:
    """The plan's weighted sum of Dice, cross-entropy and focal loss at one resolution.

    Softmax's Dice leaves the background out, as nnU-Net does.
    """
    logits, target = logits.float(), target.float()
    softmax = plan.output == "softmax"
    parts = []
    if plan.dice:
        probability = torch.softmax(logits, 1)[:, 1:] if softmax else torch.sigmoid(logits)
        parts.append(plan.dice * soft_dice(probability, target, plan.smooth, plan.batch_dice, total))
    if plan.cross_entropy:
        parts.append(plan.cross_entropy * cross_entropy(logits, target, plan.foreground_weight, 0.0, softmax))
    if plan.focal:
        parts.append(plan.focal * cross_entropy(logits, target, plan.foreground_weight, plan.gamma, softmax))
    if not parts:
        found, expected = "all weights 0", "dice, cross_entropy or focal above 0"
        raise InputError("plan: training.loss", found, expected, "Give one of them a weight.")
    return torch.stack(parts).sum()


def deep_loss(outputs: Sequence[Tensor], target: Tensor, plan: LossPlan, total: Total = alone) -> Tensor:
    """Weighted mean of the loss at several resolutions (Lee 2015), finest first; targets by the nearest voxel.

    Raises:
        InputError: the plan weights more outputs than the network gives.
    """
    weights = plan.deep_supervision
    if len(weights) > len(outputs) or sum(weights) <= 0:
        found = f"{len(weights)} weights {weights}"
        expected = f"up to {len(outputs)}, as many as the network gives outputs, with a sum above 0"
        raise InputError("plan: training.loss.deep_supervision", found, expected, "Correct the weights.")
    loss = target.new_zeros(())
    for weight, logits in zip(weights, outputs, strict=False):
        if weight > 0:
            size = logits.shape[2:]
            there = target if size == target.shape[2:] else functional.interpolate(target, size, mode="nearest-exact")
            loss = loss + weight / sum(weights) * segmentation_loss(logits, there, plan, total)
    return loss


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of N(mean, exp(log_variance)) from N(0, 1), mean over the numbers (Myronenko 2018, section 2.3).

    >>> divergence(torch.zeros(2, 8), torch.zeros(2, 8)).item()
    0.0
    """
    mean, log_variance = mean.float(), log_variance.float()
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).mean()


def cropped(target: Tensor, margin: tuple[int, int, int]) -> Tensor:
    """The part of (B, T, i, j, k) that the logits of a network with valid convolutions cover.

    >>> cropped(torch.zeros(1, 1, 25, 25, 25), (8, 8, 8)).shape
    torch.Size([1, 1, 9, 9, 9])
    """
    sides = (slice(lost, size - lost) for lost, size in zip(margin, target.shape[2:], strict=True))
    return target[(slice(None), slice(None), *sides)]
