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
    if mask.flags.f_contiguous and not mask.flags.c_contiguous:
        turned = bounding_box(mask.T)
        return turned and (turned[2], turned[1], turned[0])
    i = _span(np.any(mask, axis=(1, 2)))
    if i is None:
        return None
    # Along the first axis whole planes are joined, which is much faster than to look along each row.
    plane = np.any(mask[i], axis=0)
    j, k = _span(np.any(plane, axis=1)), _span(np.any(plane, axis=0))
    return (i, j, k) if j and k else None


def joint_box(*masks: NDArray[np.bool_]) -> Box | None:
    """Slices of the smallest box that holds every set voxel of several masks of one shape; None where all are empty.

    >>> one, other = np.zeros((2, 4, 4, 4), dtype=bool)
    >>> one[1, 1, 1] = other[1, 3, 0] = True
    >>> joint_box(one, other)
    (slice(1, 2, None), slice(1, 4, None), slice(0, 2, None))
    """
    boxes = [box for box in map(bounding_box, masks) if box]
    if not boxes:
        return None
    i, j, k = (slice(min(s.start for s in sides), max(s.stop for s in sides)) for sides in zip(*boxes, strict=True))
    return i, j, k


def _span(line: NDArray[np.bool_]) -> slice | None:
    hit = np.flatnonzero(line)
    return slice(int(hit[0]), int(hit[-1]) + 1) if hit.size else None


def widened(box: Sequence[slice], margin: int) -> Box:
    """A box with so many voxels more on each side; it is cut at an array's start, and by slicing at its end.

    >>> widened((slice(1, 2), slice(5, 6), slice(0, 3)), 2)
    (slice(0, 4, None), slice(3, 8, None), slice(0, 5, None))
    """
    i, j, k = (slice(max(0, side.start - margin), side.stop + margin) for side in box)
    return i, j, k
