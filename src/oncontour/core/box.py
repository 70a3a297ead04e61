"""The smallest box around what is set in a mask: most work needs to look no further."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Box = tuple[slice, slice, slice]

EVERYWHERE: Box = (slice(None), slice(None), slice(None))


def bounding_box(mask: NDArray[np.bool_]) -> Box | None:
    """Slices (i, j, k) of the smallest box that holds every set voxel of a mask; None where it is empty.

    >>> mask = np.zeros((4, 5, 6), dtype=bool)
    >>> mask[1, 2:4, 5] = True
    >>> bounding_box(mask)
    (slice(1, 2, None), slice(2, 4, None), slice(5, 6, None))
    """
    flat = np.any(mask, axis=2)
    along_i = np.flatnonzero(np.any(flat, axis=1))
    if not along_i.size:
        return None
    i = slice(int(along_i[0]), int(along_i[-1]) + 1)
    along_j = np.flatnonzero(np.any(flat[i], axis=0))
    j = slice(int(along_j[0]), int(along_j[-1]) + 1)
    along_k = np.flatnonzero(np.any(mask[i, j], axis=(0, 1)))
    return i, j, slice(int(along_k[0]), int(along_k[-1]) + 1)


def widened(box: Sequence[slice], margin: int) -> Box:
    """A box with so many voxels more on each side; it is cut at an array's start, and by slicing at its end.

    >>> widened((slice(1, 2), slice(5, 6), slice(0, 3)), 2)
    (slice(0, 4, None), slice(3, 8, None), slice(0, 5, None))
    """
    i, j, k = (slice(max(0, side.start - margin), side.stop + margin) for side in box)
    return i, j, k
