"""What an operation leaves: a cavity with fluid, blood and gas, a rim that enhances, a flap in the skull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.anatomy import Tissue
from oncontour.data.phantom.fields import Array, SmoothField, draw_field
from oncontour.data.phantom.lesion import CORE, Part, Parts, Seeded, Surroundings, Textures, bounds
from oncontour.data.phantom.rates import Rates

OPEN_CAVITY = 0.6
"""Share of cavities that reach the brain's surface."""

SAW_CUT_MM = 1.5
"""Width of the gap that a craniotome leaves around a skull flap."""

CRANIECTOMY = 0.1
"""Share of skull flaps that were not put back."""


@dataclass(frozen=True, eq=False)
class Approach:
    """How the surgeon came in.

    Args:
        entry: voxel index on the brain's surface.
        target: voxel index of the tumour's first focus.
    """

    entry: NDArray[np.float64]
    target: NDArray[np.float64]


def draw_approach(rng: np.random.Generator, seeded: Seeded, depth_mm: NDArray[np.uint8]) -> Approach:
    """The way in from the brain's surface, near the shortest.

    Args:
        depth_mm: (i, j, k) distance from the brain's surface, of the whole grid.
    """
    target = seeded.foci[0].centre
    surface = np.argwhere(depth_mm[::2, ::2, ::2] == 2) * 2.0  # every other voxel is dense enough
    distance = np.linalg.norm(surface - target, axis=1) * rng.normal(1.0, 0.05, len(surface))
    return Approach(surface[int(np.argmin(distance))], target)


def resect(
    rng: np.random.Generator,
    parts: Parts,
    seeded: Seeded,
    around: Surroundings,
    textures: Textures,
    approach: Approach,
    rates: Rates,
) -> None:
    """Replace a tumour's core by a cavity, in place, on the tumour's box."""
    uniform = rng.uniform
    u = seeded.depth
    if rng.random() >= rates.residual:  # all of the core gone: what is left is oedema and scar
        parts[np.isin(parts, CORE)] = Part.EDEMA
    size = uniform(0.55, 1.1)
    inside = u < size + 0.08 * textures.coarse
    if rng.random() < OPEN_CAVITY:
        width = uniform(0.25, 0.8) * seeded.foci[0].radius_mm * size
        inside |= _tract_mm(seeded, approach) < width * (1 + 0.25 * textures.coarse)
    cavity = inside & around.brain & (around.fluid < 0.9)
    if rng.random() < rates.enhancing:  # reactive or residual, a thin line or a nodular rim
        rim = uniform(0.04, 0.2) * (1 + textures.middle)
        shell = (u < size + 0.08 * textures.coarse + rim) & ~cavity & around.brain & (around.fluid < 0.7)
        parts[shell & (textures.coarse + 0.4 * textures.fine > uniform(-1.5, 0.6))] = Part.ENHANCING
    parts[cavity] = Part.CAVITY
    if rng.random() < rates.blood:
        parts[cavity & _blood(rng, cavity, u, size, textures)] = Part.BLOOD
    if rng.random() < rates.gas:  # gas rises: the patient lies on the back
        front = bounds(cavity, 0)
        if front is not None:
            level = front[1].stop - uniform(0.1, 0.35) * (front[1].stop - front[1].start)
            above = np.arange(cavity.shape[1])[:, None] > level
            parts[cavity & above] = Part.GAS


def _tract_mm(seeded: Seeded, approach: Approach) -> Array:
    """Distance from the straight way in, in mm, on the tumour's box."""
    index = [offset.astype(np.float32) for offset in np.ogrid[seeded.box]]
    way = approach.entry - approach.target
    length = max(float(way @ way), 1e-6)
    offsets = [index[n] - np.float32(approach.target[n]) for n in range(3)]
    along = sum(offsets[n] * np.float32(way[n] / length) for n in range(3))
    along = np.clip(along, 0.0, 1.5)  # beyond the surface too, where the cavity opens
    square = sum((offsets[n] - along * np.float32(way[n])) ** 2 for n in range(3))
    return np.sqrt(square) * np.float32(seeded.spacing)


def _blood(
    rng: np.random.Generator, cavity: NDArray[np.bool_], u: Array, size: float, textures: Textures
) -> NDArray[np.bool_]:
    """Clots on the wall, or a level of sediment at the back."""
    box = bounds(cavity, 0)
    if box is not None and rng.random() < 0.35:
        level = box[1].start + rng.uniform(0.1, 0.5) * (box[1].stop - box[1].start)
        return np.broadcast_to(np.arange(cavity.shape[1])[:, None] < level, cavity.shape)
    wall = u > size - rng.uniform(0.05, 0.35)
    return wall & (textures.middle + 0.5 * textures.fine > rng.uniform(-0.5, 0.8))


@dataclass(frozen=True, eq=False)
class Flap:
    """A piece of skull taken out and (mostly) put back.

    Args:
        centre: voxel index.
        radius: in voxels.
        replaced: whether it was put back.
        swelling: where positive, fluid lies under the scalp.
        cut: half width of the gap, in voxels.
    """

    centre: NDArray[np.float64]
    radius: float
    replaced: bool
    swelling: SmoothField
    cut: float


def draw_flap(rng: np.random.Generator, approach: Approach, shape: tuple[int, int, int], spacing: float) -> Flap:
    """Draw a flap over the way in."""
    radius, replaced = rng.uniform(18, 40) / spacing, bool(rng.random() >= CRANIECTOMY)
    return Flap(approach.entry, radius, replaced, draw_field(rng, shape, 12), 0.5 * max(SAW_CUT_MM / spacing, 1.0))


def open_skull(tissues: NDArray[np.uint8], flap: Flap) -> None:
    """Cut the flap into the tissues, in place."""
    reach = flap.radius * 1.3
    box = tuple(
        slice(max(0, int(centre - reach)), min(size, int(centre + reach) + 1))
        for centre, size in zip(flap.centre, tissues.shape, strict=True)
    )
    inside = tissues[box]
    index = np.ogrid[box]
    distance = np.sqrt(sum((index[n] - flap.centre[n]).astype(np.float32) ** 2 for n in range(3)))
    bone = (inside == Tissue.BONE) | (inside == Tissue.MARROW)
    gap = np.abs(distance - flap.radius) < flap.cut if flap.replaced else distance < flap.radius
    swollen = (flap.swelling.on((box[0], box[1], box[2])) > 0.7) & (distance < flap.radius)
    inside[swollen & np.isin(inside, (Tissue.FAT, Tissue.MUSCLE))] = Tissue.CSF
    inside[bone & gap] = Tissue.SOFT
