"""Tumours that infiltrate along white matter, through lobes, without much mass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from oncontour.data.phantom.grow import Habit
from oncontour.data.phantom.lesion import CORE, Focus, Part, Parts, Seeded, Surroundings, Textures
from oncontour.data.phantom.tracts import Travel

REACH_MM = (25.0, 70.0)
"""Range of how far it reaches, in millimetres of white matter."""

LARGEST_CORE_MM = 12.0

ENHANCING = 0.4
"""Share of those that would enhance otherwise which still do."""


def infiltrating(rng: np.random.Generator, foci: tuple[Focus, ...], habit: Habit) -> tuple[tuple[Focus, ...], Habit]:
    """A tumour's first focus and habit, made diffuse: small, nearly without mass, mostly without enhancement."""
    first = replace(foci[0], radius_mm=min(foci[0].radius_mm * rng.uniform(0.4, 0.8), LARGEST_CORE_MM))
    kept = bool(rng.random() < ENHANCING)
    changed = replace(
        habit,
        enhancing=habit.enhancing and kept,
        solid=True,
        necrosis=habit.necrosis and kept,
        cyst=False,
        edema=False,  # what infiltrates takes its place
        mass=0.2 * habit.mass,
    )
    return (first,), changed


def infiltrate(
    rng: np.random.Generator,
    parts: Parts,
    seeded: Seeded,
    around: Surroundings,
    textures: Textures,
    ways: Travel,
    core: tuple[float, float],
) -> None:
    """Spread from the core along white matter, in place.

    Args:
        core: range of the share of the reach that a reader draws as solid tumour.
    """
    reach = rng.uniform(*REACH_MM)
    far = ways.on(seeded.box, 2 * reach) / np.float32(reach)
    far += rng.uniform(0.15, 0.35) * textures.coarse + rng.uniform(0.05, 0.15) * textures.middle + 0.05 * textures.fine
    free = around.brain & (around.fluid < rng.uniform(0.3, 0.6)) & ~np.isin(parts, CORE)
    free &= around.grey < rng.uniform(0.8, 1.2)
    parts[free & (far < 1)] = Part.EDEMA
    parts[free & (far < rng.uniform(*core))] = Part.SOLID
