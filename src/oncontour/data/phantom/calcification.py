"""Chalk: small clumps in a tumour's core, dark wherever T2 counts."""

from __future__ import annotations

import numpy as np

from oncontour.data.phantom.fields import draw_field
from oncontour.data.phantom.lesion import CORE, Part, Parts, Seeded

CLUMP_MM = (4.0, 9.0)
"""Range of the distance between clumps; each is about half as large."""

SHARE = (0.02, 0.15)
"""Range of the share of the core that is chalk."""


def calcify(rng: np.random.Generator, parts: Parts, seeded: Seeded, shape: tuple[int, int, int]) -> None:
    """Turn the peaks of a fine field within a part of the core to chalk, in place.

    Args:
        shape: of the whole grid.
    """
    core = np.isin(parts, CORE)
    if not core.any():
        return
    mm = max(shape) * seeded.spacing
    clumps = draw_field(rng, shape, mm / max(rng.uniform(*CLUMP_MM), 2.5 * seeded.spacing)).on(seeded.box)
    clumps += 0.5 * draw_field(rng, shape, mm / 25).on(
        seeded.box
    )  # together in one part of the core rather than all over
    parts[core & (clumps > np.quantile(clumps[core], 1 - rng.uniform(*SHARE)))] = Part.CALCIFICATION
