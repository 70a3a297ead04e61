"""What a rigid registration maximises: how much samples of one image tell about another, and how to climb it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.volume import Volume
from oncontour.preprocess.bfgs import minimise
from oncontour.preprocess.pyramid import Level, intensities
from oncontour.preprocess.resample import resample
from oncontour.preprocess.rigid import rigid

if TYPE_CHECKING:
    from torch import Tensor

ROTATION_MM_PER_RADIAN = 70.0
"""Scales rotation to the millimetres that the brain's edge moves, so that one step size fits all six parameters."""

MINIMUM_OVERLAP = 0.35
"""With a smaller share of samples inside the moving image the measure is penalised: little overlap agrees by chance."""

COST_SCALE = 500.0
"""Makes the measure's curvature about 1 per mm^2, so that BFGS starts with steps of the right size."""

_R3 = 1.2207440846057596
"""Root of x^4 = x + 1: its powers make the evenly spread sequence of samples."""


@dataclass(frozen=True)
class Samples:
    """Random places in the fixed image and what it shows there.

    Args:
        points: (n, 3) world positions in mm.
        bins: (n,) histogram bins.
        centre: (3,) of the points.
    """

    points: NDArray[np.float64]
    bins: Tensor
    centre: NDArray[np.float64]


def draw(level: Level, region: Volume, count: int, seed: int, slices: int | None = None) -> Samples:
    """About `count` low-discrepancy places (Roberts' R3 sequence, shifted by the seed).

    Args:
        level: of the fixed image.
        region: bool mask in its world; where it lies outside the image altogether, all of the image counts.
        slices: an axis along which samples lie on voxel centres only.
    """
    import torch

    from oncontour.preprocess.similarity import fixed_bins

    inside = resample(region, level.grid).array
    inside = inside if inside.any() else np.ones_like(inside)
    hit = np.argwhere(inside)
    low, high = hit.min(axis=0) - 0.5, hit.max(axis=0) + 0.5
    needed = int(count * np.prod(high - low) / len(hit))
    steps = np.arange(1, needed + 1)[:, None] * (1.0 / _R3 ** np.array([1.0, 2.0, 3.0]))
    index = low + (np.random.default_rng(seed).random(3) + steps) % 1.0 * (high - low)
    voxel = np.rint(index).astype(int).clip(0, np.array(inside.shape) - 1)
    if slices is not None:
        index[:, slices] = voxel[:, slices]
    kept = np.flatnonzero(inside[tuple(voxel.T)])
    # In the order of memory: neighbours are read together, which is three times as fast.
    points = level.grid.to_world(index[kept[np.lexsort(voxel[kept].T)]])
    with torch.no_grad():
        values, _ = intensities(level, torch.from_numpy(points).float()[None])
    return Samples(points, fixed_bins(values[0]), points.mean(axis=0))


class Objective:
    """Normalised mutual information of the samples with one moving level, as a function of a small rigid motion."""

    def __init__(self, samples: Samples, moving: Level) -> None:
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

        values, inside = intensities(self.moving, world)
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
