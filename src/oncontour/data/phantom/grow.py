"""How a tumour grows: what it has, and where its parts lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.fields import Array
from oncontour.data.phantom.lesion import EDEMA_REACH_MM, Part, Parts, Seeded, Surroundings, Textures, least
from oncontour.data.phantom.rates import Rates


@dataclass(frozen=True)
class Habit:
    """What one tumour has and does.

    Args:
        enhancing, weakly_enhancing, solid, necrosis, cyst, edema, infiltration, resected: whether it has the part, or
            was operated on.
        edema_limit: how far oedema goes, in the core's radii.
        mass: displacement of its neighbourhood, as a share of the radius.
        fluid_limit: the core does not grow into voxels with more fluid than this share.
    """

    enhancing: bool
    weakly_enhancing: bool
    solid: bool
    necrosis: bool
    cyst: bool
    edema: bool
    infiltration: bool
    resected: bool
    edema_limit: float
    mass: float
    fluid_limit: float


def draw_habit(rng: np.random.Generator, rates: Rates) -> Habit:
    """Draw what a tumour has."""

    def has(share: float) -> bool:
        return bool(rng.random() < share)

    return Habit(
        enhancing=has(rates.enhancing),
        weakly_enhancing=has(rates.weakly_enhancing),
        solid=has(rates.solid),
        necrosis=has(rates.necrosis),
        cyst=has(rates.cyst),
        edema=has(rates.edema),
        infiltration=has(rates.infiltration),
        resected=has(rates.resected),
        edema_limit=rng.uniform(1.15, 2.6),
        mass=rng.uniform(0, 0.25),
        fluid_limit=rng.uniform(0.6, 1.01),
    )


def grow(
    rng: np.random.Generator,
    seeded: Seeded,
    around: Surroundings,
    textures: Textures,
    habit: Habit,
    bounded: bool = False,
) -> Parts:
    """Grow the parts of a tumour.

    Args:
        bounded: whether no solid tumour lies beyond a rim or nodule that enhances.

    Returns:
        (i, j, k) uint8 `Part` values on the tumour's box.
    """
    u = seeded.depth
    uniform = rng.uniform
    parts = np.zeros(u.shape, np.uint8)
    core = (u < 1) & around.brain & (around.fluid < habit.fluid_limit)
    parts[core] = Part.SOLID
    beyond = None
    if habit.enhancing:
        enhancing, beyond = _enhancing(rng, u, textures)
        parts[core & enhancing] = Part.ENHANCING
    if habit.necrosis:
        inner = core & (parts != Part.ENHANCING) & (u < uniform(0.4, 0.95) + 0.1 * textures.coarse)
        parts[inner] = Part.NECROSIS
    if bounded and beyond is not None:
        parts[beyond & (parts == Part.SOLID)] = Part.NONE
    if habit.cyst:
        parts[core & _cystic(rng, seeded, textures)] = Part.CYST
    if not habit.solid:
        parts[parts == Part.SOLID] = Part.CYST if habit.cyst and not habit.enhancing else Part.ENHANCING
    if habit.edema:
        spread = u * np.exp(-uniform(0.1, 0.6) * (around.white - np.float32(0.5)))
        spread += uniform(0.05, 0.5) * textures.coarse + uniform(0, 0.3) * textures.middle
        free = (around.fluid < uniform(0.25, 0.6)) & (around.grey < uniform(0.6, 1.2)) & around.brain
        free &= (seeded.outside_mm < EDEMA_REACH_MM) & (parts == Part.NONE)
        limit = habit.edema_limit
        parts[free & (spread < limit)] = Part.EDEMA
        if habit.infiltration:
            parts[free & (spread >= limit * uniform(0.6, 0.9)) & (spread < limit)] = Part.INFILTRATION
    return parts


def _enhancing(
    rng: np.random.Generator, u: Array, textures: Textures
) -> tuple[NDArray[np.bool_], NDArray[np.bool_] | None]:
    """Where a core enhances (a rim of any thickness, patches, or a nodule), and what lies beyond a rim or nodule."""
    kind = rng.random()
    if kind < 0.55:
        rim = rng.uniform(0.06, 0.3) * (1 + 0.6 * textures.middle)
        from_rim = u - rng.uniform(0.6, 0.95)
        return np.abs(from_rim) < rim, from_rim >= rim
    if kind < 0.8:
        return textures.middle + 0.5 * textures.fine > rng.uniform(-0.6, 0.9), None
    nodule = u < rng.uniform(0.5, 1.0) + 0.15 * textures.middle
    return nodule, ~nodule


def _cystic(rng: np.random.Generator, seeded: Seeded, textures: Textures) -> NDArray[np.bool_]:
    """One large smooth cyst off the centre, or several small ones."""
    if rng.random() < 0.6:
        focus = seeded.foci[int(rng.integers(len(seeded.foci)))]
        size = focus.radius_mm / seeded.spacing
        middle, half = focus.centre + rng.normal(0, 0.3, 3) * size, rng.uniform(0.35, 0.85) * size
        index = [offset.astype(np.float32) for offset in np.ogrid[seeded.box]]
        return least([(middle, np.full(3, half))], index) < 1 + 0.2 * textures.coarse
    return textures.middle + 0.3 * textures.coarse > rng.uniform(0.2, 0.9)
