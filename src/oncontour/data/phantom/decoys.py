"""Healthy findings that fool models: enhancing dura, vessels and choroid plexus; white-matter spots; bright rims."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.fields import smooth_field
from oncontour.data.phantom.lesion import Surroundings

Array = NDArray[np.float32]

DURA_MM = 5.0
"""Dura, cortical veins and sinuses enhance within this distance of the brain's surface."""

PERIVENTRICULAR_MM = 15.0
"""Fluid deeper than this is ventricle, whose border is bright on FLAIR."""


def add_decoys(
    rng: np.random.Generator,
    images: dict[Sequence, Array],
    around: Surroundings,
    brain: NDArray[np.bool_],
    depth_mm: Array,
    spacing: float,
) -> None:
    """Draw decoys into the images, in place.

    Args:
        depth_mm: distance from the brain's surface, 0 outside.
    """
    shape, uniform = brain.shape, rng.uniform
    surface = brain & (depth_mm < DURA_MM)
    ventricle = (around.fluid > 0.6) & ~surface
    if Sequence.T1CE in images:
        dura = uniform(0.1, 0.7) * surface * np.clip(smooth_field(rng, shape, 16) - uniform(0.1, 0.8), 0, 1)
        plexus = uniform(0.1, 0.6) * (ventricle & (smooth_field(rng, shape, 26) > uniform(0.4, 1.0)))
        vessels = uniform(0.0, 0.5) * brain * np.clip(smooth_field(rng, shape, 30) - 1.6, 0, 1)
        images[Sequence.T1CE] += (dura + plexus + vessels).astype(np.float32)
    spots = (around.white > 0.4) & (smooth_field(rng, shape, 20) > uniform(1.0, 2.2))
    spots = ndimage.gaussian_filter(spots.astype(np.float32), 1.6 / spacing)
    rim = ndimage.gaussian_filter((ventricle & (depth_mm > PERIVENTRICULAR_MM)).astype(np.float32), 4.0 / spacing)
    if Sequence.FLAIR in images:
        images[Sequence.FLAIR] += uniform(0.1, 0.4) * spots + uniform(0, 0.25) * rim * (around.fluid < 0.5)
    if Sequence.T2 in images:
        images[Sequence.T2] += uniform(0, 0.3) * spots
