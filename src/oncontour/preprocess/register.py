"""Rigid registration by mutual information, coarse to fine, from many starts.

One start fails silently when a head is turned by 30 degrees or a slab shows only part of it. Here 8 mm images are
compared at all starts (three positions times 27 rotations), the best are refined, and the survivors go on to 4 mm and
1.5 mm. Samples are drawn at random places between voxels, once a level: this keeps the measure smooth, stops it from
preferring aligned grids, and with one seed makes the result deterministic. Thick slices are compared where they were
acquired (`slices`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from oncontour.core.volume import Volume
from oncontour.preprocess.box import box_corners, box_faces
from oncontour.preprocess.objective import Objective, draw
from oncontour.preprocess.pyramid import Level, field_of_view, foreground, head_box
from oncontour.preprocess.rigid import displacement_mm, rigid
from oncontour.preprocess.slices import blurred_across, thick_axis

SAMPLES = (6_000, 20_000, 80_000)
"""Samples a level. With 40 000 at the finest, two sets led 0.4 mm apart on real scans; with 80 000, 0.25 mm."""

ITERATIONS = (20, 15, 25)
"""Most BFGS iterations a level."""

SURVIVORS = (6, 2, 1)
"""Candidates that are refined at each level."""

START_ANGLE_DEG = 22.0
"""Rotations -22, 0, 22 degrees about each axis: every turn up to 30 degrees has a start within about 15."""

DISTINCT_MM = 12.0
"""Starts that bring the head's surface closer than this to each other are one start."""


@dataclass(frozen=True)
class Registration:
    """What registration found.

    Args:
        transform: (4, 4) rigid, fixed world -> moving world in mm, RAS+.
        similarity: normalised mutual information at the finest level, 1 to 2.
        iterations: BFGS iterations of the winning candidate, all levels.
        starts: how many starts were compared.
        moved_mm: how far the optimum lies from where the search began (from identity for `register`): the largest
            displacement of the six face centres of the region's bounding box.
    """

    transform: NDArray[np.float64]
    similarity: float
    iterations: int
    starts: int
    moved_mm: float


def register(
    fixed: tuple[Level, ...], moving: tuple[Level, ...], region: Volume | None = None, seed: int = 0
) -> Registration:
    """Find the rigid motion that carries the fixed world onto the moving image's, from anywhere.

    Args:
        fixed: `pyramid` of the image that stays.
        moving: `pyramid` of the other.
        region: bool mask in the fixed world (a brain, with some margin): at the finest level only samples inside
            count, so that jaw and neck do not; None: all that the image shows. The coarse levels look at the head.
        seed: of the random samples.
    """
    starts = _starts(fixed[0], moving[0])
    corners = box_corners(foreground(fixed[0]))
    found = [_Candidate(0.0, start, 0) for start in _distinct(_ranked(fixed[0], moving[0], starts, seed), corners)]
    regions = [*(head_box(level) for level in fixed[:-1]), _or_all(region, fixed)]
    for depth, within in enumerate(regions):
        climbed = [_climb(fixed, moving, depth, one, within, seed) for one in found[: SURVIVORS[depth]]]
        found = sorted(climbed, key=lambda one: -one.similarity)
    best = found[0]
    faces = box_faces(foreground(fixed[0]) if region is None else region)
    moved_mm = displacement_mm(best.transform, np.eye(4), faces)
    return Registration(best.transform, best.similarity, best.iterations, len(starts), moved_mm)


def refine(
    fixed: tuple[Level, ...],
    moving: tuple[Level, ...],
    start: NDArray[np.float64],
    region: Volume | None = None,
    seed: int = 0,
    levels: tuple[int, ...] = (1, 2),
) -> Registration:
    """Find the nearest optimum from one start; `moved_mm` says how far away it was.

    Args:
        start: (4, 4), fixed world -> moving world; reflections stay reflections.
        levels: which of `LEVELS_MM` to use, coarse first.
        fixed, moving, region, seed: as in `register`; the region holds at every level.
    """
    found = _Candidate(0.0, start, 0)
    for depth in levels:
        found = _climb(fixed, moving, depth, found, _or_all(region, fixed), seed)
    faces = box_faces(foreground(fixed[0]) if region is None else region)
    moved_mm = displacement_mm(found.transform, start, faces)
    return Registration(found.transform, found.similarity, found.iterations, 1, moved_mm)


def similarity(
    fixed: tuple[Level, ...],
    moving: tuple[Level, ...],
    transforms: list[NDArray[np.float64]],
    region: Volume | None = None,
    seed: int = 0,
) -> NDArray[np.float64]:
    """(k,) normalised mutual information at the finest level, 1 to 2, of k (4, 4) transforms, on the same samples."""
    samples = draw(fixed[-1], _or_all(region, fixed), SAMPLES[-1], seed)
    return Objective(samples, moving[-1]).similarities(transforms)


@dataclass(frozen=True)
class _Candidate:
    """A place that the search has come to, and after how many iterations."""

    similarity: float
    transform: NDArray[np.float64]
    iterations: int


def _climb(
    fixed: tuple[Level, ...],
    moving: tuple[Level, ...],
    depth: int,
    start: _Candidate,
    region: Volume,
    seed: int,
) -> _Candidate:
    """The nearest optimum at one level."""
    here, there, forth = fixed[depth], moving[depth], start.transform
    back = np.asarray(np.linalg.inv(forth), np.float64)
    if thick_axis(there, here, back) is not None:
        carried = Volume(region.array, forth @ region.affine)
        value, found, more = _over(there, here, back, carried, depth, seed)
        found = np.asarray(np.linalg.inv(found), np.float64)
    else:
        value, found, more = _over(here, there, forth, region, depth, seed)
    return _Candidate(value, found, start.iterations + more)


def _or_all(region: Volume | None, fixed: tuple[Level, ...]) -> Volume:
    return field_of_view(fixed[-1]) if region is None else region


def _over(
    sampled: Level, other: Level, start: NDArray[np.float64], region: Volume, depth: int, seed: int
) -> tuple[float, NDArray[np.float64], int]:
    """Climb with samples of one image, on its slices if they are thick: value, sampled world -> other, iterations."""
    across = thick_axis(sampled, other, start)
    samples = draw(sampled, region, SAMPLES[depth], seed + depth, across)
    blurred = other if across is None else blurred_across(other, sampled, across, start)
    return Objective(samples, blurred).maximise(start, ITERATIONS[depth])


def _ranked(fixed: Level, moving: Level, starts: list[NDArray[np.float64]], seed: int) -> list[NDArray[np.float64]]:
    """The starts, best first."""
    values = Objective(draw(fixed, head_box(fixed), SAMPLES[0], seed), moving).similarities(starts)
    return [starts[n] for n in np.argsort(-values, kind="stable")]


def _distinct(starts: list[NDArray[np.float64]], corners: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The first few that bring the head's corners to different places."""
    kept: list[NDArray[np.float64]] = []
    for start in starts:
        if len(kept) < SURVIVORS[0] and all(displacement_mm(start, one, corners) > DISTINCT_MM for one in kept):
            kept.append(start)
    return kept


def _starts(fixed: Level, moving: Level) -> list[NDArray[np.float64]]:
    """Header position, centre on centre, and crown on crown, each with 27 rotations."""
    here, there = foreground(fixed), foreground(moving)
    centre, to = (mask.grid.to_world(np.argwhere(mask.array).mean(axis=0)) for mask in (here, there))
    crown = to - centre
    crown[2] = box_corners(there)[:, 2].max() - box_corners(here)[:, 2].max()
    angles = np.radians((0.0, -START_ANGLE_DEG, START_ANGLE_DEG))
    return [
        rigid(rotation, shift, centre)
        for shift in (np.zeros(3), to - centre, crown)
        for rotation in product(angles, repeat=3)
    ]
