"""Cysts cut by thin walls."""

from __future__ import annotations

import numpy as np

from oncontour.data.phantom.fields import draw_field
from oncontour.data.phantom.lesion import Part, Parts, Seeded

CHAMBER_MM = (8.0, 25.0)
"""Range of the size of a chamber."""

WALL_MM = (1.0, 2.5)
"""Range of a wall's thickness; it is never thinner than a voxel."""


def divide(
    rng: np.random.Generator, parts: Parts, seeded: Seeded, shape: tuple[int, int, int], enhancing: bool
) -> None:
    """Cut the cysts of a tumour's box by walls, in place: where a smooth field is nearly zero.

    Args:
        shape: of the whole grid.
        enhancing: whether the tumour has parts that enhance; then its walls may.
    """
    cyst = parts == Part.CYST
    if not cyst.any():
        return
    waves = max(shape) * seeded.spacing / rng.uniform(*CHAMBER_MM)
    field = draw_field(rng, shape, waves).on(seeded.box)
    slope = np.sqrt(sum(one**2 for one in np.gradient(field, seeded.spacing)))
    half = max(rng.uniform(*WALL_MM), seeded.spacing) / 2
    bright = enhancing and bool(rng.random() < 0.6)
    parts[cyst & (np.abs(field) < half * slope)] = Part.ENHANCING if bright else Part.SOLID
