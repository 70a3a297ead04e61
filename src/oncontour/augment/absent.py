"""Absent sequences: what hospitals do not acquire, a network must do without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from oncontour.augment.interface import Params, Sample
from oncontour.core.errors import InputError
from oncontour.core.sequence import SUFFICIENT, Sequence

COMMON_SUBSETS = {
    (Sequence.T1CE, Sequence.FLAIR): 1,
    (Sequence.T1, Sequence.FLAIR): 1,
    (Sequence.T1CE, Sequence.FLAIR, Sequence.T2): 1,
    (Sequence.T1, Sequence.T1CE, Sequence.FLAIR): 1,
    (Sequence.T1, Sequence.T1CE, Sequence.T2): 1,
    (Sequence.T1CE, Sequence.T2): 1,
    (Sequence.T1, Sequence.T2): 3,
    (Sequence.FLAIR,): 1,
    (Sequence.T1CE,): 1,
    (Sequence.T2,): 1,
}
"""What studies hold when they do not hold all four, and how often each is drawn.

T1 with T2, the hardest, more often: with neither FLAIR nor contrast agent, healthy fluid looks most like tumour."""


@dataclass(frozen=True)
class Absent:
    """Zero the channels of sequences.

    Args:
        channels: the sequences, in the order of the image's channels.
        dropout: a share of the draws, in which a subset of the sequences is kept: half of the subsets are the
            clinically common ones, half any that a study may have (one of `SUFFICIENT` among them, else nothing is
            dropped). Or a probability for each sequence, on its own; where that would drop all, none is.
    """

    channels: tuple[str, ...]
    dropout: float | Mapping[Any, float]

    def __post_init__(self) -> None:
        by_name = self.dropout if isinstance(self.dropout, Mapping) else {}
        unknown = [str(name) for name in by_name if name not in self.channels]
        if unknown:
            expected = f"some of {', '.join(self.channels)}"
            raise InputError("sequence dropout", ", ".join(unknown), expected, "Correct the names in the plan.")
        shares = by_name.values() if isinstance(self.dropout, Mapping) else [self.dropout]
        if not all(0 <= share <= 1 for share in shares):
            raise InputError("sequence dropout", repr(self.dropout), "shares from 0 to 1", "Correct them in the plan.")

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:  # noqa: ARG002
        """Which channels are absent."""
        if isinstance(self.dropout, Mapping):
            rates = [self.dropout.get(sequence, 0.0) for sequence in self.channels]
            absent = [channel for channel, rate in enumerate(rates) if rng.random() < rate]
            return {"absent": absent if len(absent) < len(self.channels) else []}
        kept = self._draw_subset(rng) if rng.random() < self.dropout else set(self.channels)
        return {"absent": [channel for channel, sequence in enumerate(self.channels) if sequence not in kept]}

    def _draw_subset(self, rng: np.random.Generator) -> set[str]:
        if rng.random() < 0.5:
            shares = np.array(list(COMMON_SUBSETS.values()), float)
            kept = set[str](list(COMMON_SUBSETS)[rng.choice(len(shares), p=shares / shares.sum())])
        else:
            kept = {sequence for sequence in self.channels if rng.random() < 0.5}
        return kept if kept & set(SUFFICIENT) & set(self.channels) else set(self.channels)

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Zero them."""
        if not params["absent"]:
            return sample
        image = sample.image.clone()
        image[params["absent"]] = 0
        return Sample(image, sample.regions)
