"""Brain extraction with a network, from one image of any contrast in any grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from oncontour.core.box import bounding_box
from oncontour.core.errors import ImageContentError
from oncontour.core.volume import Volume
from oncontour.inference.bundle import Bundle
from oncontour.inference.predict import grid_around
from oncontour.preprocess.head import AIR_SHARE, scale_head
from oncontour.preprocess.resample import resample

SMALLEST_BRAIN_ML = 100.0
"""Less than a newborn's quarter of a brain is no brain."""


def _head(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the head is: the largest thing that is not air."""
    bright = ndimage.binary_opening(image > 2 * AIR_SHARE, iterations=1)
    labels, count = ndimage.label(bright)
    if count == 0:
        return np.ones(image.shape, bool)
    sizes = np.bincount(labels.ravel())[1:]
    return labels == 1 + int(np.argmax(sizes))


def extract_brain(volume: Volume, bundle: Bundle) -> Volume:
    """The brain of an image.

    Args:
        volume: (i, j, k), with its skull.
        bundle: a model of the scheme "brain".

    Returns:
        A bool volume on the same grid.

    Raises:
        ImageContentError: no brain of at least `SMALLEST_BRAIN_ML` found.
    """
    everywhere = Volume(np.ones(volume.array.shape, bool), volume.affine)
    coarse = resample(volume, grid_around(everywhere, bundle.plan.spacing, 0.0))
    scaled = scale_head(coarse.array)
    box = bounding_box(_head(scaled)) or (slice(None), slice(None), slice(None))
    found = np.zeros(scaled.shape, np.float32)
    found[box] = bundle.probabilities(scaled[box][None])[0]
    mask = found > 0.5
    labels, count = ndimage.label(mask)
    largest = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:])) if count else mask
    millilitres = largest.sum() * coarse.grid.voxel_volume_mm3 / 1000
    if millilitres < SMALLEST_BRAIN_ML:
        expected = f"a brain of at least {SMALLEST_BRAIN_ML:g} mL"
        remedy = "Check that the image shows a head, or give --brain-mask."
        raise ImageContentError("brain extraction", f"{millilitres:.0f} mL of brain", expected, remedy)
    filled = ndimage.binary_fill_holes(largest)
    found = np.where(filled & ~largest, 1.0, np.where(labels > 0, found * largest, np.minimum(found, 0.5)))
    native = resample(Volume(found.astype(np.float32), coarse.affine), volume.grid)
    return Volume(native.array > 0.5, volume.affine)
