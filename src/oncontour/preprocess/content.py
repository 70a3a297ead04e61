"""Refuse voxels that cannot be an image of a brain, before any of them is computed with."""

from __future__ import annotations

import numpy as np

from oncontour.core.errors import ImageContentError
from oncontour.core.grid import check_affine
from oncontour.core.volume import Volume
from oncontour.data.nifti import check_voxels

MINIMUM_SLICES = 3
"""Fewer slices along any axis are a localiser or a map, and no rigid motion can be found from them."""

MINIMUM_EXTENT_MM = 60.0
"""A field of view below this along any axis shows less than half of any brain (an adult's is about 170 x 140 x 120)."""


def check_content(volume: Volume, where: str) -> None:
    """Refuse an image that holds nothing to work with.

    Args:
        volume: (i, j, k).
        where: how to name the image without a patient's data.

    Raises:
        ImageContentError: not 3-D, NaN or infinite, all zero, constant, too few slices or too small a field of view.
        GeometryError: an affine that no scanner can have made.
    """
    array = volume.array
    if array.ndim != 3:
        found = f"{array.ndim} axes, shape {array.shape}"
        raise ImageContentError(where, found, "one 3-D image", "Choose one volume of the series.")
    check_affine(volume.affine, where)
    if min(array.shape) < MINIMUM_SLICES:
        expected = f"at least {MINIMUM_SLICES} slices along every axis"
        raise ImageContentError(where, f"shape {array.shape}", expected, "Use the whole series, not a single slice.")
    extent = np.array(array.shape) * volume.grid.spacing
    if extent.min() < MINIMUM_EXTENT_MM:
        shown = " x ".join(f"{value:.0f}" for value in extent)
        expected = f"at least {MINIMUM_EXTENT_MM:g} mm along every axis"
        raise ImageContentError(where, f"a field of view of {shown} mm", expected, "Use a series that shows the brain.")
    check_voxels(array, where)
