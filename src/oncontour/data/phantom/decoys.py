"""Healthy findings that fool models: enhancing dura, vessels and choroid plexus; white-matter spots; bright rims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.fields import Array, Box, smooth_field
from oncontour.data.phantom.relaxation import Vascular
from oncontour.data.phantom.separable import blur

DURA_MM = 5
"""Dura, cortical veins and sinuses enhance within this distance of the brain's surface."""

PERIVENTRICULAR_MM = 15
"""Fluid deeper than this is ventricle, whose border is bright on FLAIR."""


@dataclass(frozen=True, eq=False)
class Decoys:
    """What to add to each sequence.

    Args:
        box: of the grid, where the brain is.
        added: float32 on the box.
    """

    box: Box
    added: dict[Sequence, Array]

    def draw_into(self, image: Array, sequence: Sequence) -> None:
        """Add to one image, in place."""
        if sequence in self.added:
            image[self.box] += self.added[sequence]


def draw_decoys(
    rng: np.random.Generator,
    sequences: tuple[Sequence, ...],
    box: Box,
    depth_mm: NDArray[np.uint8],
    white: Array,
    fluid: Array,
    spacing: float,
    vascular: Mapping[Vascular, float],
) -> Decoys:
    """Draw the decoys of one case.

    Args:
        box: where the brain is; the arrays are those of the box.
        depth_mm: distance from the brain's surface, rounded up, 0 outside.
        white, fluid: soft membership, 0 to 1.
        vascular: brightness of what takes up contrast agent, where it is known; else it is drawn.
    """
    shape, uniform = white.shape, rng.uniform
    brain = depth_mm > 0
    surface = brain & (depth_mm <= DURA_MM)
    ventricle = (fluid > 0.6) & ~surface
    added: dict[Sequence, Array] = {}
    if Sequence.T1CE in sequences:
        amounts = {
            Vascular.DURA: uniform(0.1, 0.7), Vascular.PLEXUS: uniform(0.1, 0.6), Vascular.VESSEL: uniform(0.0, 0.5)
        }  # fmt: skip
        amounts |= vascular
        dura = amounts[Vascular.DURA] * surface * np.clip(smooth_field(rng, shape, 16) - uniform(0.1, 0.8), 0, 1)
        plexus = amounts[Vascular.PLEXUS] * (ventricle & (smooth_field(rng, shape, 26) > uniform(0.4, 1.0)))
        vessels = amounts[Vascular.VESSEL] * brain * np.clip(smooth_field(rng, shape, 30) - 1.6, 0, 1)
        added[Sequence.T1CE] = (dura + plexus + vessels).astype(np.float32)
    spots = blur(((white > 0.4) & (smooth_field(rng, shape, 20) > uniform(1.0, 2.2))).astype(np.float32), 1.6 / spacing)
    if Sequence.FLAIR in sequences:
        deep = (ventricle & (depth_mm > PERIVENTRICULAR_MM)).astype(np.float32)
        rim = np.float32(uniform(0, 0.25)) * blur(deep, 4.0 / spacing) * (fluid < 0.5)
        added[Sequence.FLAIR] = np.float32(uniform(0.1, 0.4)) * spots + rim
    if Sequence.T2 in sequences:
        added[Sequence.T2] = np.float32(uniform(0, 0.3)) * spots
    return Decoys(box, added)
