"""Holes: background that a mask encloses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oncontour.postprocess.components import Connectivity, component_sizes, label_components

BACKGROUND_CONNECTIVITY: dict[int, Connectivity] = {6: 26, 18: 6, 26: 6}
"""Foreground and background take opposite connectivities, or a hole could leak through the diagonal wall around it."""

VOLUME_TOLERANCE = 1e-6
"""Affines of headers hold about seven digits: three voxels of 0.9999999 mm3 are 3 mm3, not less."""


def fill_holes(
    mask: NDArray[np.bool_], voxel_volume_mm3: float, hole_mm3: float, connectivity: Connectivity = 26
) -> NDArray[np.bool_]:
    """Fill the holes smaller than `hole_mm3` (strictly).

    A hole is a component of the background that does not reach the outside; what lies beyond the array is outside.

    Args:
        mask: (i, j, k).
        voxel_volume_mm3: volume of one voxel, |det| of the affine.
        hole_mm3: mm3.
        connectivity: of the mask, 6, 18 or 26; the background takes the opposite one.

    >>> ring = np.ones((3, 3, 3), dtype=bool)
    >>> ring[1, 1, 1] = False
    >>> bool(fill_holes(ring, 1.0, 3.0).all()), bool(fill_holes(ring, 3.0, 3.0).all())
    (True, False)
    """
    if hole_mm3 <= 0 or not mask.any():
        return mask.copy()
    background = np.pad(~mask, 1, constant_values=True)
    labels, _ = label_components(background, BACKGROUND_CONNECTIVITY[connectivity])
    sizes = component_sizes(labels)
    small = sizes * voxel_volume_mm3 < hole_mm3 * (1 - VOLUME_TOLERANCE)
    small[0] = False  # the mask itself
    small[labels[0, 0, 0]] = False  # the outside
    return mask | small[labels[1:-1, 1:-1, 1:-1]] if small.any() else mask.copy()
