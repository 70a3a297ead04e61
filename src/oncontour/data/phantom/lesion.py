"""Tumours: where they sit, how they grow, what they consist of.

A lesion is a union of lobes whose surface is roughened at three scales; a distance-like field `depth` (0 at a lobe's
centre, 1 at the core's surface) decides everything else: rims of any thickness, necrosis, and oedema that follows white
matter and spares cortex and ventricles (the trial's finding: spread matters more than beauty).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.fields import smooth_field


class Part(IntEnum):
    """What a voxel of a tumour is."""

    NONE = 0
    EDEMA = 1
    SOLID = 2  # non-enhancing tumour
    NECROSIS = 3  # necrotic or cystic core
    ENHANCING = 4


@dataclass(frozen=True)
class Rates:
    """How often a tumour has each part, and how large it is.

    Args:
        enhancing, necrosis, edema: share of tumours that have the part.
        second, third: share of tumours with a second focus, and a third.
        log_radius, log_radius_deviation: of the natural logarithm of the core's radius in mm.
        smallest_mm, largest_mm: limits of that radius.
    """

    enhancing: float = 0.88
    necrosis: float = 0.75
    edema: float = 0.90
    second: float = 0.25
    third: float = 0.08
    log_radius: float = 2.75
    log_radius_deviation: float = 0.45
    smallest_mm: float = 4.0
    largest_mm: float = 32.0


ADULT = Rates()
"""Glioma in adults: mostly a ring of enhancement around necrosis, in oedema."""

PAEDIATRIC = Rates(enhancing=0.85, necrosis=0.68, edema=0.43, second=0.24, third=0.05, log_radius=2.85)
"""Shares of the paediatric cohort of paper 000, Table 1 (ET 85 %, CC 68 %, ED 43 %)."""


@dataclass(frozen=True, eq=False)
class Seeded:
    """Where a tumour sits before it grows.

    Args:
        depth: (i, j, k) float32; below 1 inside the core.
        centre: voxel index of the first focus.
        radius_mm: of the first focus.
    """

    depth: NDArray[np.float32]
    centre: NDArray[np.float64]
    radius_mm: float


def seed_tumour(
    rng: np.random.Generator,
    place: NDArray[np.float32],
    indices: tuple[NDArray[np.float32], ...],
    spacing: float,
    rates: Rates,
) -> Seeded:
    """Choose foci and lobes.

    Args:
        place: (i, j, k) chance, up to a factor, that a focus starts in each voxel.
        indices: open grid of voxel indices along i, j, k (as `np.ogrid` gives).
        spacing: mm of a voxel, the same along each axis.
    """
    shape = place.shape
    cumulative = np.cumsum(place.ravel(), dtype=np.float64)
    foci = 1 + int(rng.random() < rates.second) + int(rng.random() < rates.third)
    drawn = np.exp(rng.normal(rates.log_radius, rates.log_radius_deviation))
    radius = float(np.clip(drawn, rates.smallest_mm, rates.largest_mm))
    depth = np.full(shape, 81.0, np.float32)  # squared until the last step
    centre = np.zeros(3)
    for focus in range(foci):
        flat = min(int(np.searchsorted(cumulative, rng.random() * cumulative[-1])), place.size - 1)
        start = np.array(np.unravel_index(flat, shape), float)
        size = radius if focus == 0 else max(rates.smallest_mm, radius * rng.uniform(0.25, 0.8))
        if focus == 0:
            centre = start
        for lobe in range(1 + int(rng.integers(0, 4))):
            origin = start + (rng.normal(0, 0.45 * size / spacing, 3) if lobe else 0.0)
            lobe_size = size * (rng.uniform(0.35, 0.8) if lobe else 1.0)
            axes = rng.uniform(0.65, 1.5, 3) * lobe_size / spacing
            squares = [((indices[n] - origin[n]) / axes[n]) ** 2 for n in range(3)]
            np.minimum(depth, squares[0] + squares[1] + squares[2], out=depth)
    np.sqrt(depth, out=depth)
    rough = rng.uniform(0.1, 0.5)
    surface = sum(share * smooth_field(rng, shape, waves, 0.5) for share, waves in ((0.6, 7), (0.5, 15), (0.35, 30)))
    depth *= np.exp(rough * surface)
    return Seeded(depth.astype(np.float32), centre, radius)


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Soft membership (0 to 1, float32) of the voxels' neighbourhood in white matter, grey matter and fluid."""

    white: NDArray[np.float32]
    grey: NDArray[np.float32]
    fluid: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Textures:
    """Smooth fields at three scales, shared by shapes and intensities of one tumour."""

    coarse: NDArray[np.float32]
    middle: NDArray[np.float32]
    fine: NDArray[np.float32]


def grow(
    rng: np.random.Generator,
    seeded: Seeded,
    around: Surroundings,
    textures: Textures,
    brain: NDArray[np.bool_],
    distance_mm: NDArray[np.float32],
    rates: Rates,
) -> NDArray[np.uint8]:
    """Grow the parts of a tumour.

    Args:
        distance_mm: distance from the first focus.

    Returns:
        (i, j, k) uint8 `Part` values.
    """
    u = seeded.depth
    uniform = rng.uniform
    parts = np.zeros(u.shape, np.uint8)
    core = (u < 1) & brain & (around.fluid < uniform(0.6, 1.01))
    parts[core] = Part.SOLID
    if rng.random() < rates.enhancing:
        kind = rng.random()
        if kind < 0.55:  # a rim of any thickness
            rim = uniform(0.06, 0.3) * (1 + 0.6 * textures.middle)
            enhancing = core & (np.abs(u - uniform(0.6, 0.95)) < rim)
        elif kind < 0.8:  # patches
            enhancing = core & (textures.middle + 0.5 * textures.fine > uniform(-0.6, 0.9))
        else:  # a solid nodule
            enhancing = core & (u < uniform(0.5, 1.0) + 0.15 * textures.middle)
        parts[enhancing] = Part.ENHANCING
    if rng.random() < rates.necrosis:
        inner = core & (parts != Part.ENHANCING) & (u < uniform(0.4, 0.95) + 0.1 * textures.coarse)
        parts[inner] = Part.NECROSIS
    if rng.random() < rates.edema:
        spread = u * np.exp(-uniform(0.1, 0.6) * (around.white - 0.5))
        spread += uniform(0.05, 0.5) * textures.coarse + uniform(0, 0.3) * textures.middle
        reach = spread < uniform(1.15, 2.6)
        spared = (around.fluid < uniform(0.25, 0.6)) & (around.grey < uniform(0.6, 1.2))
        near = distance_mm < seeded.radius_mm + 30
        parts[reach & spared & near & brain & (parts == Part.NONE)] = Part.EDEMA
    return parts
