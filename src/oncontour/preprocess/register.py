"""Rigid registration by mutual information, coarse to fine, from many starts.

One start fails silently when a head is turned by 30 degrees or a slab shows only part of it. Here 8 mm images are
compared at all starts (three positions times 27 rotations), the best are refined, and the survivors go on to 4 mm and
2 mm. Samples are drawn at random places between voxels, once a level: this keeps the measure smooth, stops it from
preferring aligned grids (thick slices), and with one seed makes the result deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.grid import Grid
from oncontour.core.volume import Volume
from oncontour.preprocess.bfgs import minimise
from oncontour.preprocess.box import box_corners, box_faces
from oncontour.preprocess.resample import resample
from oncontour.preprocess.rigid import displacement_mm, rigid

if TYPE_CHECKING:
    from torch import Tensor

LEVELS_MM = (8.0, 4.0, 2.0)
"""Spacing of the pyramid. Finer than 2 mm costs time and gains less than 0.05 mm."""

SAMPLES = (6_000, 20_000, 80_000)
"""Samples a level. With 40 000 at 2 mm, two sets of samples led 0.4 mm apart on real scans; with 80 000, 0.25 mm."""

ITERATIONS = (20, 15, 25)
"""Most BFGS iterations a level."""

SURVIVORS = (6, 2, 1)
"""Candidates that are refined at each level."""

START_ANGLE_DEG = 22.0
"""Rotations -22, 0, 22 degrees about each axis: every turn up to 30 degrees has a start within about 15."""

ROTATION_MM_PER_RADIAN = 70.0
"""Scales rotation to the millimetres that the brain's edge moves, so that one step size fits all six parameters."""

MINIMUM_OVERLAP = 0.35
"""With a smaller share of samples inside the moving image the measure is penalised: little overlap agrees by chance."""

COST_SCALE = 500.0
"""Makes the measure's curvature about 1 per mm^2, so that BFGS starts with steps of the right size."""

DISTINCT_MM = 12.0
"""Starts that bring the head's surface closer than this to each other are one start."""

FOREGROUND_SHARE = 0.15
"""Foreground is what exceeds the darkest value by this share of the way to the 98th percentile."""

BRIGHTEST_PERCENTILE = 99.0
"""Of the foreground; brighter voxels (vessels, fat) share the last bin, so that the brain fills the others."""

_R3 = 1.2207440846057596
"""Root of x^4 = x + 1: its powers make the evenly spread sequence of samples."""


@dataclass(frozen=True)
class Registration:
    """What registration found.

    Args:
        transform: (4, 4) rigid, fixed world -> moving world in mm, RAS+.
        similarity: normalised mutual information at 2 mm, 1 to 2.
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


@dataclass(frozen=True)
class Level:
    """One image at one resolution, ready to be sampled.

    Args:
        image: (1, 1, k, j, i) tensor of intensities in [0, 1].
        to_unit: (4, 4) world in mm -> torch's sampling coordinates (i, j, k), -1 to 1 from first to last centre.
        grid: where it lies.
    """

    image: Tensor
    to_unit: NDArray[np.float64]
    grid: Grid


def pyramid(volume: Volume) -> tuple[Level, ...]:
    """The image at each of `LEVELS_MM`; an axis that is already coarser keeps its spacing."""
    levels, finer = [], volume
    for spacing_mm in reversed(LEVELS_MM):
        finer = _coarsen(finer, spacing_mm)
        levels.append(_level(finer))
    return tuple(reversed(levels))


def register(
    fixed: tuple[Level, ...], moving: tuple[Level, ...], region: Volume | None = None, seed: int = 0
) -> Registration:
    """Find the rigid motion that carries the fixed world onto the moving image's, from anywhere.

    Args:
        fixed: `pyramid` of the image that stays.
        moving: `pyramid` of the other.
        region: bool mask in the fixed world (a brain, with some margin): at 2 mm only samples inside count, so that
            jaw and neck do not. The coarse levels always look at everything.
        seed: of the random samples.
    """
    starts = _starts(fixed[0], moving[0])
    samples = _Samples.draw(fixed[0], None, SAMPLES[0], seed)
    objective = _Objective(samples, moving[0])
    order = np.argsort(-objective.similarities(starts), kind="stable")
    corners = box_corners(_foreground(fixed[0]))
    candidates: list[tuple[NDArray[np.float64], int]] = []
    for n in order:
        if all(displacement_mm(starts[n], kept, corners) > DISTINCT_MM for kept, _ in candidates):
            candidates.append((starts[n], 0))
        if len(candidates) == SURVIVORS[0]:
            break
    scored: list[tuple[float, NDArray[np.float64], int]] = []
    for depth in range(len(LEVELS_MM)):
        last = depth == len(LEVELS_MM) - 1
        samples = _Samples.draw(fixed[depth], region if last else None, SAMPLES[depth], seed + depth)
        objective = _Objective(samples, moving[depth])
        scored = []
        for start, used in candidates[: SURVIVORS[depth]]:
            value, transform, more = objective.maximise(start, ITERATIONS[depth])
            scored.append((value, transform, used + more))
        scored.sort(key=lambda item: -item[0])
        candidates = [(transform, used) for _, transform, used in scored]
    value, transform, used = scored[0]
    faces = box_faces(_foreground(fixed[0]) if region is None else region)
    return Registration(transform, value, used, len(starts), displacement_mm(transform, np.eye(4), faces))


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
    transform, value, used = start, 0.0, 0
    for depth in levels:
        samples = _Samples.draw(fixed[depth], region, SAMPLES[depth], seed + depth)
        value, transform, more = _Objective(samples, moving[depth]).maximise(transform, ITERATIONS[depth])
        used += more
    faces = box_faces(_foreground(fixed[0]) if region is None else region)
    return Registration(transform, value, used, 1, displacement_mm(transform, start, faces))


def similarity(
    fixed: tuple[Level, ...],
    moving: tuple[Level, ...],
    transforms: list[NDArray[np.float64]],
    region: Volume | None = None,
    seed: int = 0,
) -> NDArray[np.float64]:
    """(k,) normalised mutual information at 2 mm, 1 to 2, of k (4, 4) transforms, on the same samples."""
    samples = _Samples.draw(fixed[-1], region, SAMPLES[-1], seed)
    return _Objective(samples, moving[-1]).similarities(transforms)


class _Samples:
    """Random places in the fixed image and what it shows there."""

    def __init__(self, points: NDArray[np.float64], bins: Tensor, centre: NDArray[np.float64]) -> None:
        self.points, self.bins, self.centre = points, bins, centre

    @classmethod
    def draw(cls, level: Level, region: Volume | None, count: int, seed: int) -> _Samples:
        """About `count` low-discrepancy places (Roberts' R3 sequence, shifted by the seed) in the region."""
        import torch

        from oncontour.preprocess.similarity import fixed_bins

        inside = _foreground_cuboid(level) if region is None else resample(region, level.grid).array
        hit = np.argwhere(inside)
        low, high = hit.min(axis=0) - 0.5, hit.max(axis=0) + 0.5
        needed = int(count * np.prod(high - low) / len(hit))
        steps = np.arange(1, needed + 1)[:, None] * (1.0 / _R3 ** np.array([1.0, 2.0, 3.0]))
        index = low + (np.random.default_rng(seed).random(3) + steps) % 1.0 * (high - low)
        voxel = np.rint(index).astype(int).clip(0, np.array(inside.shape) - 1)
        kept = np.flatnonzero(inside[tuple(voxel.T)])
        # In the order of memory: neighbours are read together, which is three times as fast.
        index = index[kept[np.lexsort(voxel[kept].T)]]
        points = level.grid.to_world(index)
        with torch.no_grad():
            values, _ = _sample(level, torch.from_numpy(points).float()[None])
        return cls(points, fixed_bins(values[0]), points.mean(axis=0))


class _Objective:
    """Normalised mutual information of the samples with one moving level, as a function of a small rigid motion."""

    def __init__(self, samples: _Samples, moving: Level) -> None:
        import torch

        self.samples, self.moving = samples, moving
        self.points = torch.from_numpy(samples.points).float()

    def similarities(self, transforms: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        """(k,) values at k (4, 4) transforms."""
        import torch

        with torch.no_grad():
            matrices = torch.from_numpy(np.stack(transforms)).float()
            world = self.points @ matrices[:, :3, :3].transpose(1, 2) + matrices[:, None, :3, 3]
            return self._value(world).double().numpy()

    def maximise(self, start: NDArray[np.float64], iterations: int) -> tuple[float, NDArray[np.float64], int]:
        """Climb from `start` by BFGS: value, (4, 4) transform, iterations."""
        import torch

        centre = torch.from_numpy(start[:3, :3] @ self.samples.centre + start[:3, 3]).float()
        begun = self.points @ torch.from_numpy(start[:3, :3]).float().T + torch.from_numpy(start[:3, 3]).float()
        arms = begun - centre

        def cost(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            free = torch.tensor(parameters, dtype=torch.float32, requires_grad=True)
            world = arms @ _rotation(free[:3] / ROTATION_MM_PER_RADIAN).T + centre + free[3:]
            value = -COST_SCALE * self._value(world[None])[0]
            value.backward()
            gradient = free.grad
            assert gradient is not None
            return float(value.detach()), gradient.double().numpy()

        found = minimise(cost, iterations)
        motion = rigid(found.x[:3] / ROTATION_MM_PER_RADIAN, found.x[3:], centre.double().numpy())
        return -found.value / COST_SCALE, motion @ start, found.iterations

    def _value(self, world: Tensor) -> Tensor:
        from oncontour.preprocess.similarity import normalised_mutual_information

        values, inside = _sample(self.moving, world)
        similarity = normalised_mutual_information(self.samples.bins, values, inside)
        return similarity - (MINIMUM_OVERLAP - inside.mean(dim=1)).clamp_min(0.0)


def _rotation(vector: Tensor) -> Tensor:
    """(3, 3) rotation of a (3,) rotation vector by Rodrigues' formula, differentiable at zero too."""
    import torch

    x, y, z = vector
    zero = torch.zeros_like(x)
    cross = torch.stack((zero, -z, y, z, zero, -x, -y, x, zero)).view(3, 3)
    turns = torch.sqrt(vector @ vector + 1e-12) / torch.pi
    return torch.eye(3) + torch.sinc(turns) * cross + 0.5 * torch.sinc(turns / 2.0) ** 2 * cross @ cross


def _sample(level: Level, world: Tensor) -> tuple[Tensor, Tensor]:
    """Intensities (k, n) at world positions (k, n, 3), and weights (k, n): 1 inside, fading to 0 over one voxel."""
    import torch
    from torch.nn.functional import grid_sample

    matrix = torch.from_numpy(level.to_unit).float()
    unit = world @ matrix[:3, :3].T + matrix[:3, 3]
    image = level.image.expand(unit.shape[0], -1, -1, -1, -1)
    values = grid_sample(image, unit[:, :, None, None, :], padding_mode="border", align_corners=True)[:, 0, :, 0, 0]
    size = torch.tensor(level.grid.shape, dtype=torch.float32)
    inside = ((1.0 - unit.abs()) * (size - 1.0) / 2.0 + 1.0).clamp(0.0, 1.0)
    return values, inside[..., 0] * inside[..., 1] * inside[..., 2]


def _starts(fixed: Level, moving: Level) -> list[NDArray[np.float64]]:
    """Header position, centre on centre, and crown on crown, each with 27 rotations."""
    here, there = _foreground(fixed), _foreground(moving)
    centre, to = (mask.grid.to_world(np.argwhere(mask.array).mean(axis=0)) for mask in (here, there))
    crown = to - centre
    crown[2] = box_corners(there)[:, 2].max() - box_corners(here)[:, 2].max()
    angles = np.radians((0.0, -START_ANGLE_DEG, START_ANGLE_DEG))
    return [
        rigid(rotation, shift, centre)
        for shift in (np.zeros(3), to - centre, crown)
        for rotation in product(angles, repeat=3)
    ]


def _foreground(level: Level) -> Volume:
    array = level.image[0, 0].numpy().T
    low, high = array.min(), np.percentile(array, 98)
    return Volume(array > low + FOREGROUND_SHARE * (high - low), level.grid.affine)


def _foreground_cuboid(level: Level) -> NDArray[np.bool_]:
    hit = np.argwhere(_foreground(level).array)
    cuboid = np.zeros(level.grid.shape, dtype=np.bool_)
    cuboid[tuple(slice(a, b + 1) for a, b in zip(hit.min(axis=0), hit.max(axis=0), strict=True))] = True
    return cuboid


def _coarsen(volume: Volume, spacing_mm: float) -> Volume:
    """The volume at a coarser spacing along its own axes, smoothed accordingly."""
    factor = np.maximum(1.0, spacing_mm / np.array(volume.grid.spacing))
    factor[factor < 1.2] = 1.0
    old = np.array(volume.grid.shape)
    i, j, k = (np.floor((old - 1) / factor).astype(int) + 1).tolist()
    affine = volume.affine.copy()
    affine[:3, :3] *= factor
    affine[:3, 3] = volume.grid.to_world((old - 1 - factor * (np.array((i, j, k)) - 1)) / 2.0)
    return resample(volume, Grid((i, j, k), affine))


def _level(volume: Volume) -> Level:
    import torch

    array = np.asarray(volume.array, dtype=np.float32)
    low = float(np.percentile(array, 0.5))
    foreground = array[array > low + FOREGROUND_SHARE * (float(np.percentile(array, 98)) - low)]
    high = float(np.percentile(foreground, BRIGHTEST_PERCENTILE)) if foreground.size else low
    scaled = np.clip((array - low) / max(high - low, 1e-6), 0.0, 1.0)
    image = torch.from_numpy(np.ascontiguousarray(scaled.T))[None, None]
    size = np.maximum(np.array(array.shape) - 1, 1)
    to_unit = np.diag([*(2.0 / size), 1.0])
    to_unit[:3, 3] = -1.0
    return Level(image, to_unit @ volume.grid.inverse, volume.grid)
