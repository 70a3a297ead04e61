"""The one conversion between DICOM's world (LPS+) and NIfTI's (RAS+), in mm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Left and posterior grow in DICOM (PS3.3 C.7.6.2.1.1), right and anterior in NIfTI. Its own inverse."""


def to_ras(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 4) matrix from voxel index to RAS+ mm, of one to LPS+ mm.

    >>> to_ras(np.eye(4)).diagonal().tolist()
    [-1.0, -1.0, 1.0, 1.0]
    """
    return LPS_TO_RAS @ affine


def to_lps(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 4) matrix from voxel index to LPS+ mm, of one to RAS+ mm."""
    return LPS_TO_RAS @ affine
