"""How much images differ that come from several scanners, or from one.

Models are trained on the widest spread: a network that has seen every contrast meets a real scan as one more. A cohort
of one scanner keeps to the middle of every range, as the cases of one hospital are alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scanners:
    """How much the scanners of a cohort differ.

    Args:
        width: share, about its middle, of each range of brightness that is drawn from.
        disorder: share of sequences drawn without physical order.
        unchanged_after_contrast: share of cases whose T1CE shows healthy tissue as its T1 does; in the others the two
            come from different scans.
        thick_slices: share of images that were acquired in slices of 3 to 6 mm.
        physics: share of cases whose brightness follows signal equations; in the others each sequence has its own.
        motion, ringing: share of images with ghosts, and with truncated k-space.
    """

    width: float = 1.0
    disorder: float = 0.2
    unchanged_after_contrast: float = 0.6
    thick_slices: float = 0.35
    physics: float = 0.5
    motion: float = 0.12
    ringing: float = 0.12

    def uniform(self, rng: np.random.Generator, low: float, high: float) -> float:
        """A number from the middle of a range."""
        cut = (1 - self.width) / 2 * (high - low)
        return rng.uniform(low + cut, high - cut)


ANY_SCANNER = Scanners()
ONE_SCANNER = Scanners(
    width=0.25, disorder=0.0, unchanged_after_contrast=1.0, thick_slices=0.0, physics=0.0, motion=0.0, ringing=0.0
)
