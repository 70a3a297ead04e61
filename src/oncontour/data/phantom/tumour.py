"""A case's tumour: planned before the head is sampled, since it presses the head aside, and grown after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import FLUID, GREY_MATTER, INFRATENTORIAL, WHITE_MATTER, Anatomy, Tissue, among
from oncontour.data.phantom.calcification import calcify
from oncontour.data.phantom.deform import Deformation, Push
from oncontour.data.phantom.diffuse import REACH_MM, infiltrate, infiltrating
from oncontour.data.phantom.faint import contrast_left, made_small
from oncontour.data.phantom.fields import Array, Box, draw_field
from oncontour.data.phantom.grow import Habit, draw_habit, grow
from oncontour.data.phantom.haemorrhage import bleed
from oncontour.data.phantom.ingredients import Ingredient, Ingredients
from oncontour.data.phantom.lesion import (
    EDEMA_REACH_MM,
    Focus,
    Part,
    Parts,
    Surroundings,
    Textures,
    draw_foci,
    seed_tumour,
)
from oncontour.data.phantom.rates import Rates
from oncontour.data.phantom.separable import blur
from oncontour.data.phantom.septa import divide
from oncontour.data.phantom.shift import draw_shift_mm, shifted
from oncontour.data.phantom.sites import sites_before, sites_of
from oncontour.data.phantom.spread import LARGEST_MM, moved_to_tract, strand
from oncontour.data.phantom.surgery import draw_approach, draw_flap, open_skull, resect
from oncontour.data.phantom.tracts import travel


@dataclass(frozen=True, eq=False)
class Plan:
    """A tumour before it grows.

    Args:
        foci: first the main one.
        habit: what it has.
        diffuse, spread: the streams of these ingredients, where it has them.
        contrast: share that is left of its contrast.
    """

    foci: tuple[Focus, ...]
    habit: Habit
    diffuse: np.random.Generator | None
    spread: np.random.Generator | None
    contrast: float


@dataclass(frozen=True, eq=False)
class Tumour:
    """A grown tumour: parts and textures on its box, and their brightness on each sequence."""

    box: Box
    parts: Parts
    textures: Textures
    means: Mapping[Part, Mapping[Sequence, float]]


def plan_tumour(
    rng: np.random.Generator, having: Ingredients, deformation: Deformation, anatomy: Anatomy, rates: Rates
) -> tuple[Plan, Deformation]:
    """Draw where a tumour is and what it has; press the head aside for it."""
    sites = sites_before(deformation, anatomy)
    place_rng, habit_rng = rng.spawn(2)
    foci = draw_foci(place_rng, lambda: sites.start(place_rng, rates.infratentorial), rates)
    habit, contrast = draw_habit(habit_rng, rates), 1.0
    if small := having.drawn(Ingredient.FAINT, rates.faint):
        foci, habit = made_small(small, foci, habit)
        contrast = contrast_left(small)
    diffuse = having.drawn(Ingredient.DIFFUSE, 0.0 if small else rates.diffuse)
    if diffuse:
        foci, habit = infiltrating(diffuse, foci, habit)
    spread = having.drawn(Ingredient.SPREAD, 0.0 if small or diffuse else rates.spread)
    if spread:
        radius = min(foci[0].radius_mm, LARGEST_MM)
        foci = (Focus(moved_to_tract(spread, sites, foci[0].centre), radius), *foci[1:])
    elif inner := having.drawn(Ingredient.VENTRICLE, rates.ventricle):
        foci = (replace(foci[0], centre=sites.ventricle(inner, foci[0].centre)), *foci[1:])
        habit = replace(habit, fluid_limit=1.01)  # into the fluid
    elif outer := having.drawn(Ingredient.CORTEX, rates.cortex):
        foci = (replace(foci[0], centre=sites.cortex(outer, foci[0].centre)), *foci[1:])
    first = foci[0]
    supratentorial = sites.tissues[sites.coarse(first.centre)] not in INFRATENTORIAL
    deformed = deformation.with_push(Push(first.centre, first.radius_mm, habit.mass))
    if (pushing := having.drawn(Ingredient.SHIFT, rates.shift)) and supratentorial and not diffuse:
        mm = draw_shift_mm(pushing, first, habit, float(deformation.lateral_mm(first.centre)))
        deformed = shifted(pushing, deformed, anatomy, first, mm)
    return Plan(foci, habit, diffuse, spread, contrast), deformed


def grow_tumour(
    rng: np.random.Generator,
    having: Ingredients,
    plan: Plan,
    deformation: Deformation,
    tissues: NDArray[np.uint8],
    depth: NDArray[np.uint8],
    rates: Rates,
    skull: bool,
) -> tuple[Box, Parts, Textures]:
    """Grow a tumour, operate where due (which may cut the skull in `tissues`).

    Args:
        tissues, depth: of the deformed head.
        skull: whether there is one.
    """
    seed_rng, texture_rng, grow_rng, surgery_rng = rng.spawn(4)
    shape, spacing, foci, habit = deformation.shape, deformation.spacing_mm, plan.foci, plan.habit
    lobes: tuple[Focus, ...] = ()
    ways = None
    if plan.spread or plan.diffuse:
        sites = sites_of(deformation, tissues, depth)
        ways = travel(sites.tissues, sites.depth, foci[0].centre, sites.step, spacing)
        if plan.spread:
            lobes = strand(plan.spread, sites, ways, foci[0], deformation)
    reach = REACH_MM[1] if plan.diffuse else EDEMA_REACH_MM
    seeded = seed_tumour(seed_rng, foci, shape, spacing, lobes, reach)
    box = seeded.box
    textures = Textures(*(draw_field(texture_rng, shape, waves).on(box) for waves in (10, 18, 34)))
    soft = [soft_membership(tissues[box], members, spacing) for members in (WHITE_MATTER, GREY_MATTER, FLUID)]
    around = Surroundings(depth[box] > 0, *soft)
    bounded = having.drawn(Ingredient.BOUNDED, rates.bounded) is not None
    parts = grow(grow_rng, seeded, around, textures, habit, bounded)
    if plan.diffuse and ways:
        infiltrate(plan.diffuse, parts, seeded, around, textures, ways, rates.diffuse_core)
    if walls := having.drawn(Ingredient.SEPTA, rates.septa):
        divide(walls, parts, seeded, shape, habit.enhancing)
    if habit.resected:
        approach = draw_approach(surgery_rng, seeded, depth)
        resect(surgery_rng, parts, seeded, around, textures, approach, rates)
        if skull and surgery_rng.random() < rates.flap:
            open_skull(tissues, draw_flap(surgery_rng, approach, shape, spacing))
        return box, parts, textures
    if chalk := having.drawn(Ingredient.CALCIFICATION, rates.calcification):
        calcify(chalk, parts, seeded, shape)
    if blood := having.drawn(Ingredient.HAEMORRHAGE, rates.haemorrhage):
        bleed(blood, parts, seeded, textures)
    return box, parts, textures


def soft_membership(tissues: NDArray[np.uint8], members: tuple[Tissue, ...], spacing: float) -> Array:
    """How much of a voxel's neighbourhood is one of some tissues, 0 to 1."""
    return blur(among(tissues, members).astype(np.float32), 1.2 / spacing)
