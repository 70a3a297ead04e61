"""Ways through white matter: how far it is from a tumour's start to anywhere, as a tumour travels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from oncontour.data.phantom.anatomy import DEEP_MATTER, FLUID, GREY_MATTER, WHITE_MATTER
from oncontour.data.phantom.fields import Array, Box
from oncontour.data.phantom.separable import apply, interpolation_matrix

SLOWNESS = {WHITE_MATTER: 1.0, DEEP_MATTER: 1.6, GREY_MATTER: 3.0, FLUID: 20.0}
"""How much longer a millimetre is in each tissue than in white matter. Glioma cells were put at five times faster in
white than in grey matter (Swanson, Alvord, Murray 2000); cortex here holds some white matter at the grid's size."""

_STEPS = tuple(step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0))
"""Half of the 26 neighbours: each pair of voxels is joined once."""


@dataclass(frozen=True, eq=False)
class Travel:
    """The ways from one place to all others of a coarse grid.

    Args:
        distance_mm: float32 (i, j, k), in millimetres of white matter; infinite where no way leads.
        before: (i, j, k) flat index of the voxel before, on the way; negative at the start and where no way leads.
        step: voxels of the fine grid to one of this.
    """

    distance_mm: Array
    before: NDArray[np.int32]
    step: int

    def on(self, box: Box, beyond_mm: float) -> Array:
        """Distances on a box of the fine grid, interpolated; none above `beyond_mm`."""
        coarse = np.minimum(self.distance_mm, np.float32(beyond_mm))
        matrices = [
            interpolation_matrix(np.arange(part.start, part.stop) / self.step, size)
            for part, size in zip(box, coarse.shape, strict=True)
        ]
        return apply(coarse, matrices)

    def way(self, end: int) -> NDArray[np.float64]:
        """Voxel positions (n, 3) in the fine grid from the start to a flat index of the coarse one."""
        found, flat = [], end
        while flat >= 0:
            found.append(np.unravel_index(flat, self.before.shape))
            flat = int(self.before.ravel()[flat])
        return np.array(found[::-1], dtype=np.float64) * self.step


def travel(
    tissues: NDArray[np.uint8], depth_mm: NDArray[np.uint8], start: NDArray[np.float64], step: int, spacing: float
) -> Travel:
    """Shortest ways (Dijkstra) from a voxel through the brain.

    Args:
        tissues, depth_mm: (i, j, k) of the coarse grid.
        start: voxel index in the fine grid.
        step: voxels of the fine grid to one of the coarse.
        spacing: mm of a voxel of the fine grid.
    """
    brain = depth_mm > 0
    slowness = np.full(256, np.inf, np.float32)
    for members, value in SLOWNESS.items():
        slowness[list(members)] = value
    slow = np.where(brain, slowness[tissues], np.inf)
    nodes = np.arange(slow.size).reshape(slow.shape)
    pairs = []
    for offset in _STEPS:
        here = tuple(slice(max(0, -n), -n if n > 0 else None) for n in offset)
        there = tuple(slice(max(0, n), n if n < 0 else None) for n in offset)
        length = float(np.linalg.norm(offset)) * step * spacing
        weight = (slow[here] + slow[there]) * (0.5 * length)
        joined = np.isfinite(weight)
        pairs.append((nodes[here][joined], nodes[there][joined], weight[joined]))
    row, column, weight = (np.concatenate(one) for one in zip(*pairs, strict=True))
    graph = sparse.csr_matrix((weight, (row, column)), shape=(slow.size, slow.size))
    coarse = np.minimum(np.rint(start / step).astype(int), np.array(slow.shape) - 1)
    origin = int(np.ravel_multi_index(tuple(coarse), slow.shape))
    distance, before = sparse.csgraph.dijkstra(graph, directed=False, indices=origin, return_predecessors=True)
    return Travel(distance.reshape(slow.shape).astype(np.float32), before.reshape(slow.shape).astype(np.int32), step)
