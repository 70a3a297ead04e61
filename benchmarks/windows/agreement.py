"""Whether two programs drew the same labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from oncontour.core.overlap import overlap


def least_dice(folder: Path, name: str, peer: str) -> float:
    """The lowest Dice of a label, between what two programs left as NAME.npy (L, i, j, k, bool)."""
    found, expected = (np.load(folder / f"{one}.npy") for one in (name, peer))
    return min(overlap(a, b).dice for a, b in zip(found, expected, strict=True))
