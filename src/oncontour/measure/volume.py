"""Volume of a mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MM3_PER_ML = 1000.0


def volume_ml(mask: NDArray[np.bool_], affine: NDArray[np.float64]) -> float:
    """Volume in mL of the set voxels of a mask (i, j, k): their number times |det| of the affine.

    The determinant stays right under shear (gantry tilt), where the product of the spacings does not.

    >>> round(volume_ml(np.ones((10, 10, 10), dtype=bool), np.diag([1.0, 1.0, 5.0, 1.0])), 9)
    5.0
    """
    voxel_mm3 = abs(np.linalg.det(np.asarray(affine, dtype=np.float64)[:3, :3]))
    return float(np.count_nonzero(mask) * voxel_mm3 / MM3_PER_ML)
