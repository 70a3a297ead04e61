"""On which side of the brain a mask lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import bounding_box
from oncontour.core.volume import Volume

Hemisphere = Literal["left", "right", "both"]

ONE_SIDE_SHARE = 0.9
"""A region is on one side when at least so much of it is; the fitted plane is not finer than a few millimetres."""

WIDE_ROW_SHARE = 0.6
"""Only rows at least this wide, of the widest, show the midline: at the poles the brain's outline is noise."""


@dataclass(frozen=True)
class Midplane:
    """The plane x = a + b y + c z in mm, RAS+; greater x lies to the patient's right."""

    a: float
    b: float
    c: float


def mid_sagittal_plane(brain: Volume) -> Midplane | None:
    """The plane that halves a brain mask (i, j, k): least squares through the middles of its left-right rows.

    None for an empty mask. A mask that is cut off or that lacks a lobe shifts the plane.
    """
    turned = brain.reoriented("RAS")
    box = bounding_box(turned.array.astype(bool))
    if box is None:
        return None
    mask = turned.array[box].astype(bool)
    j, k = np.nonzero(mask.any(axis=0))
    rows = mask[:, j, k]
    first, last = rows.argmax(axis=0), len(rows) - 1 - rows[::-1].argmax(axis=0)
    wide = (last - first + 1) >= WIDE_ROW_SHARE * (last - first + 1).max()
    start = np.array([part.start for part in box])
    middles = np.stack([(first + last) / 2, j, k], axis=1)[wide] + start
    x, y, z = turned.grid.to_world(middles).T
    (a, b, c), *_ = np.linalg.lstsq(np.stack([np.ones_like(y), y, z], axis=1), x, rcond=None)
    return Midplane(float(a), float(b), float(c))


def hemisphere(mask: NDArray[np.bool_], affine: NDArray[np.float64], plane: Midplane) -> Hemisphere | None:
    """The side of the plane on which a mask (i, j, k) lies, None where it is empty."""
    box = bounding_box(mask)
    if box is None:
        return None
    to_right = np.array([1.0, -plane.b, -plane.c])
    slope = to_right @ affine[:3, :3]
    offset = to_right @ affine[:3, 3] - plane.a
    i, j, k = (np.arange(part.start, part.stop) * slope[axis] for axis, part in enumerate(box))
    right = (i[:, None, None] + j[:, None] + k + offset) > 0
    inside = mask[box]
    share = np.count_nonzero(inside & right) / np.count_nonzero(inside)
    if share >= ONE_SIDE_SHARE:
        return "right"
    return "left" if share <= 1 - ONE_SIDE_SHARE else "both"
