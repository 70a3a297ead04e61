"""Absent sequences: what hospitals do not acquire, a network must do without."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from oncontour.core.sequence import SUFFICIENT, Sequence

COMMON_SUBSETS = (
    (Sequence.T1CE, Sequence.FLAIR),
    (Sequence.T1, Sequence.FLAIR),
    (Sequence.T1CE, Sequence.FLAIR, Sequence.T2),
    (Sequence.T1, Sequence.T1CE, Sequence.FLAIR),
    (Sequence.T1, Sequence.T1CE, Sequence.T2),
    (Sequence.T1CE, Sequence.T2),
    (Sequence.T1, Sequence.T2),
    (Sequence.FLAIR,),
    (Sequence.T1CE,),
    (Sequence.T2,),
)
"""What studies hold when they do not hold all four; each is drawn as often as the others, half of the time."""


def random_absence(rng: np.random.Generator, image: Tensor, channels: tuple[Sequence, ...], share: float) -> Tensor:
    """With probability `share`, zero the channels of the sequences that a drawn subset lacks.

    Half of the subsets are the clinically common ones, half are any that a study may have (`SUFFICIENT`).
    """
    if rng.random() >= share:
        return image
    if rng.random() < 0.5:
        kept = set(COMMON_SUBSETS[int(rng.integers(len(COMMON_SUBSETS)))])
    else:
        kept = {sequence for sequence in channels if rng.random() < 0.5}
    if not kept & set(SUFFICIENT) & set(channels):
        return image
    image = image.clone()
    for channel, sequence in enumerate(channels):
        if sequence not in kept:
            image[channel] = 0
    return image
