"""Cheap looks at whether image and mask lie on the same side of the head."""

from __future__ import annotations

from collections.abc import Sequence as Listed

import numpy as np
from numpy.typing import NDArray

from oncontour.core.volume import Volume

BACKGROUND_SHARE = 0.25
"""A stripped brain fills about half of its image; with less constant background than this the image is a whole head."""

DOUBT = 0.5
"""Standard deviations of the brain by which a mask may be darker than its mirror image. Eleven real tumours are
brighter on FLAIR, by 1.5 to 3.3, the enhancing parts of six on T1CE by 0.9 to 2.7; flipped, they would be darker."""

MINIMUM_ML = 1.0
"""A mask of which less lies to one side says nothing about left and right."""


def foreground(images: Listed[NDArray[np.float32]]) -> tuple[NDArray[np.bool_], bool]:
    """Where there is a brain or a head, and whether it is a stripped brain.

    A stripped image has one value all around, 0 or (once normalised) another: that of its first voxel.
    """
    brain = np.any([image != image.flat[0] for image in images], axis=0)
    if 1 - brain.mean() >= BACKGROUND_SHARE:
        return brain, True
    return np.any([image > image.mean() for image in images], axis=0), False


def mirrored_doubt(image: Volume, mask: NDArray[np.bool_], head: NDArray[np.bool_]) -> float | None:
    """By how many standard deviations the image is darker within a mask than in its mirror image, where in doubt.

    Tumour and oedema are bright on FLAIR and T2, what enhances on T1CE. Voxels on both sides (a tumour across the
    midline) do not count.

    Args:
        image: on which the mask should be bright.
        mask: (i, j, k), on the image's grid.
        head: (i, j, k), where there is a head.

    Returns:
        None where the mask is brighter, or where nothing can be said.
    """
    array = image.reoriented("RAS").array
    inside = image.with_array(head).reoriented("RAS").array
    marked = image.with_array(mask).reoriented("RAS").array & inside
    if not inside.any():
        return None
    other_side = mirrored(marked, inside)
    here, there = marked & ~other_side, other_side & ~marked & inside
    enough = MINIMUM_ML * 1000 / image.grid.voxel_volume_mm3
    spread = float(array[inside].std())
    if min(np.count_nonzero(here), np.count_nonzero(there)) < enough or spread == 0:
        return None
    darker = float(array[there].mean() - array[here].mean()) / spread
    return darker if darker > DOUBT else None


def mirrored(mask: NDArray[np.bool_], head: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask mirrored left to right in the middle of the head; what leaves the image is lost.

    Args:
        mask: (i, j, k), the first axis along left and right.
        head: the same shape, not empty; all true: the image's own middle.

    >>> mirrored(np.array([[[True]], [[False]], [[False]]]), np.ones((3, 1, 1), bool)).ravel().tolist()
    [False, False, True]
    """
    width = len(mask)
    twice_middle = round(2 * float(np.average(np.arange(width), weights=np.count_nonzero(head, axis=(1, 2)))))
    opposite = twice_middle - np.arange(width)
    valid = (opposite >= 0) & (opposite < width)
    turned = np.zeros_like(mask)
    turned[valid] = mask[opposite[valid]]
    return turned
