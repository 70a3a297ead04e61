"""Losses on logits and boolean regions, both (B, R, i, j, k)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SMOOTH = 1.0
"""Voxels added to both sides of the fraction, so that an empty region has a gradient."""


def soft_dice(logits: Tensor, target: Tensor) -> Tensor:
    """1 - Dice of the sigmoid, over the whole batch, mean over regions; with the factor 2 (semantics: paper 004).

    >>> target = torch.ones(1, 1, 2, 2, 2)
    >>> soft_dice(20 * target, target).item() < 1e-6
    True
    """
    probability = torch.sigmoid(logits)
    axes = (0, 2, 3, 4)
    overlap = (probability * target).sum(axes)
    sizes = probability.sum(axes) + target.sum(axes)
    return 1 - ((2 * overlap + SMOOTH) / (sizes + SMOOTH)).mean()


def dice_and_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Soft Dice plus binary cross-entropy, equally weighted, as nnU-Net does for overlapping regions."""
    return soft_dice(logits, target) + functional.binary_cross_entropy_with_logits(logits, target)
