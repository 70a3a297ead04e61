"""Voxels that hold cortex and fluid: between the folia of the cerebellum and in narrow sulci.

One share of fluid stands behind all sequences: the cerebellar cortex is darker on T1, brighter on T2 and darker on
FLAIR together, more in some places than in others. Where phantoms had an offset of each sequence's own instead, a
network took a real cerebellum for a tumour. Likewise a narrow sulcus is not all fluid: in young brains hardly a voxel
of one is, and the few that are lie far above all others on T2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.anatomy import Tissue
from oncontour.data.phantom.fields import Array, Box, draw_field
from oncontour.data.phantom.lesion import bounds
from oncontour.data.phantom.scanners import Scanners

CEREBELLUM = (0.05, 0.5)
"""Range of the mean share of fluid near the cerebellum's surface."""

CORTEX = (0.0, 0.35)
"""Range of the share of fluid in cortex far from white matter: in narrow sulci and at the surface."""

SULCI = (0.0, 0.9)
"""Range of the share of cortex in narrow sulci."""

NARROW = (0.5, 1.6)
"""Range of the share of fluid around a voxel up to which its sulcus counts as narrow; beyond 1 all do."""

LARGEST = 0.85

FOLIUM_MM = (3.5, 7.0)
"""Range of the distance between the larger folds, where they are 25 mm from the cerebellum's middle."""

_MIDDLE_MM = 25.0

DEPTH_MM = 9.0
"""Over this depth below the surface the cerebellum's share falls to 37 % of what varies."""


@dataclass(frozen=True, eq=False)
class Folia:
    """The share of fluid in what is labelled as cortex, and of cortex in what is labelled as fluid.

    Args:
        box: of the grid.
        fluid: float32 on the box, 0 to 1, 0 outside the cortex.
        cortex: float32 on the box, 0 to 1, 0 outside the sulci.
    """

    box: Box
    fluid: Array
    cortex: Array

    def draw_into(self, image: Array, fluid_mean: float, cortex_mean: float) -> None:
        """Mix the other's brightness into an image, in place."""
        inside = image[self.box]
        for share, mean in ((self.fluid, fluid_mean), (self.cortex, cortex_mean)):
            change = np.float32(mean) - inside
            change *= share
            inside += change


def draw_folia(
    rng: np.random.Generator,
    tissues: NDArray[np.uint8],
    depth_mm: NDArray[np.uint8],
    box: Box,
    white: Array,
    wet: Array,
    spacing: float,
    scanners: Scanners,
) -> Folia:
    """Draw how cortex and fluid mix in a case.

    Args:
        box: where the brain is.
        white, wet: soft membership in white matter and in fluid, on the box.
    """
    inside = tissues[box]
    amount = draw_field(rng, tissues.shape, 9, 0.5).on(box)
    far = np.clip(1 - white / np.float32(0.25), 0, 1)
    fluid = np.float32(scanners.uniform(rng, *CORTEX)) * far * np.clip(1 + amount, 0, 2)
    fluid[inside != Tissue.GREY] = 0
    below = inside == Tissue.CEREBELLAR_GREY
    part = bounds(below, 0)
    if part is not None:
        mean = scanners.uniform(rng, *CEREBELLUM)
        near = 0.35 + 0.65 * np.exp(-depth_mm[box][part].astype(np.float32) / DEPTH_MM)
        share = np.float32(mean) * near * np.clip(1 + amount[part], 0.1, 2)
        share *= 1 + np.float32(rng.uniform(0.4, 1.0)) * _stripes(rng, below[part], spacing)
        fluid[part] += np.where(below[part], share, 0)
    narrow = np.clip((np.float32(scanners.uniform(rng, *NARROW)) - wet) / np.float32(0.5), 0, 1)
    narrow *= inside == Tissue.CSF
    cortex = np.float32(scanners.uniform(rng, *SULCI)) * narrow * np.clip(1 + 0.4 * amount, 0, 1)
    return Folia(box, np.minimum(fluid, np.float32(LARGEST)).astype(np.float32), cortex.astype(np.float32))


def _stripes(rng: np.random.Generator, cerebellum: NDArray[np.bool_], spacing: float) -> Array:
    """Folds from -1 to 1: rays about a middle in the sagittal plane, arcs about the fourth ventricle in the axial."""
    x, y, z = (np.nonzero(cerebellum.any(tuple({0, 1, 2} - {axis})))[0] for axis in range(3))
    i, j, k = (offset.astype(np.float32) for offset in np.ogrid[tuple(slice(n) for n in cerebellum.shape)])
    front = y[-1] - 0.2 * (y[-1] - y[0])  # nearly there lies the fourth ventricle
    back = np.hypot(0.7 * (i - x.mean()), j - front) * spacing
    back = back - np.float32(0.45 * (front - y[0]) * spacing)
    up = (k - z.mean()) * np.float32(spacing)
    folds = round(2 * np.pi * _MIDDLE_MM / rng.uniform(*FOLIUM_MM))
    distance = 2 * np.pi * np.hypot(up, back) / folds  # from fold to fold
    seen = np.clip(distance / (2 * spacing) - 1, 0, 1)  # finer ones than two voxels average out
    warp = draw_field(rng, cerebellum.shape, 7, 1.5).on()
    return seen * np.sin(folds * np.arctan2(up, back) + warp)
