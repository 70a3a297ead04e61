"""What of a grid the page is given, and the way back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import Box
from oncontour.core.errors import GeometryError
from oncontour.core.orientation import reorient_array
from oncontour.core.volume import Volume


def cut(volume: Volume, box: Box) -> Volume:
    """What lies in a box of voxels, with axes along R, A and S."""
    start = [side.start or 0 for side in box]
    affine = volume.affine.copy()
    affine[:3, 3] = (volume.affine @ [*start, 1.0])[:3]
    return Volume(volume.array[box], affine).reoriented("RAS")


def put_back(volume: Volume, box: Box, seen: NDArray) -> Volume:
    """The volume, with `seen` in place of what `cut` took from it.

    Raises:
        GeometryError: it has another shape.
    """
    whole = volume.array.copy()
    inside, _ = reorient_array(whole[box], volume.affine, "RAS")
    if inside.shape != seen.shape:
        raise GeometryError("page", f"voxels {seen.shape}", f"{inside.shape}", "Open the case again.")
    inside[...] = np.asarray(seen, whole.dtype)
    return volume.with_array(whole)
