"""Panoptic quality: how many lesions were recognised, and how well these were drawn (Kirillov 2019)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from oncontour.core.box import joint_box
from oncontour.core.overlap import as_masks
from oncontour.postprocess.components import component_sizes, label_components

MATCHED = 0.5
"""A predicted and a reference component are one lesion where their Jaccard index is above this: no component can then
have two partners."""


@dataclass(frozen=True)
class Panoptic:
    """What a case scores.

    Args:
        jaccards: of the pairs that match.
        fp, fn: components without a partner, of the prediction and of the reference.
    """

    jaccards: tuple[float, ...]
    fp: int
    fn: int

    @property
    def tp(self) -> int:
        """Pairs that match."""
        return len(self.jaccards)

    @property
    def recognition(self) -> float:
        """Recognition quality, TP / (TP + FP / 2 + FN / 2), the F1 of lesions. Nothing at all: 1."""
        weight = self.tp + (self.fp + self.fn) / 2
        return self.tp / weight if weight else 1.0

    @property
    def segmentation(self) -> float:
        """Segmentation quality, the mean Jaccard index of the pairs that match; NaN where none does."""
        return sum(self.jaccards) / self.tp if self.tp else float("nan")

    @property
    def quality(self) -> float:
        """Panoptic quality, the two multiplied. Nothing at all: 1. No pair: 0."""
        weight = self.tp + (self.fp + self.fn) / 2
        return sum(self.jaccards) / weight if weight else 1.0


def panoptic(pred: ArrayLike, ref: ArrayLike) -> Panoptic:
    """Match the components (26 neighbours) of two masks (i, j, k); errors as for `overlap`.

    >>> image = np.zeros((1, 1, 9), bool)
    >>> two, one = image.copy(), image.copy()
    >>> two[..., :3], two[..., 6], one[..., :4] = True, True, True
    >>> panoptic(one, two)
    Panoptic(jaccards=(0.75,), fp=0, fn=1)
    """
    p, r = as_masks(pred, ref)
    box = joint_box(p, r)
    if box is None:
        return Panoptic((), 0, 0)
    (found, several), (truth, many) = label_components(p[box]), label_components(r[box])
    shared = np.zeros((several + 1, many + 1), np.int64)
    both = (found > 0) & (truth > 0)
    np.add.at(shared, (found[both], truth[both]), 1)
    union = component_sizes(found)[:, None] + component_sizes(truth)[None, :] - shared
    jaccards = shared[1:, 1:] / union[1:, 1:]  # The first of each is the background.
    matched = jaccards[jaccards > MATCHED]
    return Panoptic(tuple(matched.tolist()), several - len(matched), many - len(matched))
