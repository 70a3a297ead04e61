"""Tumours before they grow: their foci, lobes and surfaces, and what they may consist of.

A lesion is a union of lobes whose surface is roughened at three scales; a distance-like field `depth` (0 at a lobe's
centre, 1 at the core's surface) decides everything else: rims of any thickness, necrosis, and oedema that follows white
matter and spares cortex and ventricles. Spread of shapes matters more than beauty: networks trained on smooth
ellipsoids did not hold on real scans.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import bounding_box, widened
from oncontour.data.phantom.fields import Array, Box, draw_field
from oncontour.data.phantom.rates import Rates

Parts = NDArray[np.uint8]


class Part(IntEnum):
    """What a voxel of a tumour, or of what surgery left, is."""

    NONE = 0
    EDEMA = 1
    SOLID = 2  # non-enhancing tumour
    NECROSIS = 3
    ENHANCING = 4
    CYST = 5
    INFILTRATION = 6  # bright on FLAIR, not changed on ADC
    CAVITY = 7  # left by resection, filled with fluid
    BLOOD = 8
    GAS = 9
    HAEMORRHAGE = 10  # within a tumour's core
    CALCIFICATION = 11


CORE = (Part.SOLID, Part.NECROSIS, Part.ENHANCING, Part.CYST, Part.HAEMORRHAGE, Part.CALCIFICATION)
"""Parts of a tumour's core."""

EDEMA_REACH_MM = 30.0
"""Oedema ends this far from the nearest focus's surface."""

_LOBE_REACH = 2.0
"""Roughness carries a lobe's surface out to about this multiple of its axes."""

_INSIDE_OUT = (0.6, 7), (0.5, 15), (0.35, 30)
"""Share and number of waves of the surface's three scales of roughness."""


@dataclass(frozen=True, eq=False)
class Focus:
    """Where a tumour starts: voxel index and radius in mm."""

    centre: NDArray[np.float64]
    radius_mm: float


@dataclass(frozen=True, eq=False)
class Seeded:
    """A tumour before it grows.

    Args:
        box: of the grid, the part that the tumour can reach.
        depth: float32 on the box; below 1 inside the core.
        outside_mm: float32 on the box; distance from the nearest sphere of a focus or a strand's lobe.
        foci: first the main one.
        spacing: mm of a voxel.
    """

    box: Box
    depth: Array
    outside_mm: Array
    foci: tuple[Focus, ...]
    spacing: float


def draw_foci(rng: np.random.Generator, start: Callable[[], NDArray[np.float64]], rates: Rates) -> tuple[Focus, ...]:
    """Draw number, place and size of a tumour's foci; `start` draws a voxel index to start in."""
    count = 1
    if rng.random() < rates.second:
        count += 1 + int(rng.random() < rates.third)
    drawn = np.exp(rng.normal(rates.log_radius, rates.log_radius_deviation))
    radius = float(np.clip(drawn, rates.smallest_mm, rates.largest_mm))
    sizes = [radius] + [max(rates.smallest_mm, radius * rng.uniform(0.25, 0.8)) for _ in range(count - 1)]
    return tuple(Focus(start(), size) for size in sizes)


def seed_tumour(
    rng: np.random.Generator,
    foci: tuple[Focus, ...],
    shape: tuple[int, int, int],
    spacing: float,
    strand: tuple[Focus, ...] = (),
    reach_mm: float = EDEMA_REACH_MM,
) -> Seeded:
    """Give foci their lobes and rough surfaces.

    Args:
        shape: of the grid.
        spacing: mm of a voxel, the same along each axis.
        strand: further lobes, along a tract.
        reach_mm: how far from a focus's surface the box must go.
    """
    lobes = [(lobe.centre, np.full(3, lobe.radius_mm / spacing)) for lobe in strand]
    low, high = np.array(shape, float), np.zeros(3)
    for lobe in strand:
        reach = (lobe.radius_mm + EDEMA_REACH_MM) / spacing
        low, high = np.minimum(low, lobe.centre - reach), np.maximum(high, lobe.centre + reach)
    for focus in foci:
        reach = (focus.radius_mm + reach_mm) / spacing
        low, high = np.minimum(low, focus.centre - reach), np.maximum(high, focus.centre + reach)
        for lobe in range(1 + int(rng.integers(0, 4))):
            origin = focus.centre + (rng.normal(0, 0.45 * focus.radius_mm / spacing, 3) if lobe else 0.0)
            size = focus.radius_mm * (rng.uniform(0.35, 0.8) if lobe else 1.0)
            axes = rng.uniform(0.65, 1.5, 3) * size / spacing
            lobes.append((origin, axes))
            low, high = np.minimum(low, origin - _LOBE_REACH * axes), np.maximum(high, origin + _LOBE_REACH * axes)
    low = np.clip(np.floor(low), 0, np.array(shape) - 1).astype(int)
    high = np.clip(np.ceil(high) + 1, low + 1, shape).astype(int)
    box = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
    index = [offset.astype(np.float32) for offset in np.ogrid[box]]
    depth = least(lobes, index)
    np.sqrt(depth, out=depth)
    surface = sum(share * draw_field(rng, shape, waves, 0.5).on(box) for share, waves in _INSIDE_OUT)
    depth *= np.exp(np.float32(rng.uniform(0.1, 0.5)) * surface)
    outside = np.full(depth.shape, np.inf, np.float32)
    for focus in (*foci, *strand):
        distance = np.sqrt(least([(focus.centre, np.full(3, 1 / spacing))], index))
        np.minimum(outside, distance - np.float32(focus.radius_mm), out=outside)
    return Seeded(box, depth, outside, foci, spacing)


def least(ellipsoids: list[tuple[NDArray[np.float64], NDArray[np.float64]]], index: list[Array]) -> Array:
    """Least squared distance from ellipsoids (centre, half axes), in units of their half axes."""
    least: Array | None = None
    for origin, axes in ellipsoids:
        parts = [((index[n] - np.float32(origin[n])) / np.float32(axes[n])) ** 2 for n in range(3)]
        square = parts[0] + parts[1] + parts[2]
        least = square if least is None else np.minimum(least, square, out=least)
    assert least is not None
    return least


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A tumour's neighbourhood on its box: brain, and soft membership (0 to 1) in white and grey matter and fluid."""

    brain: NDArray[np.bool_]
    white: Array
    grey: Array
    fluid: Array


@dataclass(frozen=True, eq=False)
class Textures:
    """Smooth fields at three scales on the tumour's box, shared by its shapes and intensities."""

    coarse: Array
    middle: Array
    fine: Array


def bounds(mask: NDArray[np.bool_], margin: int) -> Box | None:
    """The box of a mask with a margin, cut at the array's ends."""
    box = bounding_box(mask)
    return None if box is None else widened(box, margin)
