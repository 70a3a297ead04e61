"""Scaling of an image of a whole head, before anybody knows where its brain is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

AIR_SHARE = 0.05
"""Voxels below this share of the 99th percentile are air."""

BRIGHTEST = 2.0
"""Twice the 99th percentile of what is not air: fat near the coil, not anatomy."""


def scale_head(image: NDArray) -> NDArray[np.float32]:
    """Scale an image (i, j, k) so that the 99th percentile of what is not air is 1; clipped to 0..2.

    >>> scaled = scale_head(np.linspace(0, 500, 1001).reshape(7, 11, 13))
    >>> round(float(scaled.max()), 2)
    1.01
    """
    image = np.asarray(image, dtype=np.float32)
    inside = image[image > AIR_SHARE * float(np.percentile(image, 99))]
    top = float(np.percentile(inside, 99)) if inside.size else 1.0
    return np.clip(image / max(top, 1e-6), 0.0, BRIGHTEST).astype(np.float32)
