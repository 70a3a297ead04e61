"""Last resort: tell from voxels whether a T1 image was made after contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oncontour.core.volume import Volume

BELOW_TOP_MM = 65.0
"""The upper part of the head, above the skull base with its fat, marrow and mucosa."""

DEPTH_MM = 25.0
"""This deep under the skin there is brain, and no fat of scalp and skull, as bright in T1 as contrast is."""

SHADING_MM = 15.0
"""Width of the smoothing that takes the receive coil's shading out; lesions are smaller, shading is wider."""

PERCENTILES = (75.0, 99.9)
"""White matter; and enhancing veins, choroid plexus and lesions, which fill at least a thousandth of the voxels."""

ENHANCING_RATIO = 1.46
"""Between what was measured: 1.52 to 2.62 in ten images after contrast; before, 1.07 to 1.23 in thirteen and 1.41 in
one of unusually strong shading."""

CONFIDENCE = 0.6
"""One threshold from two dozen images."""

_HEAD_SHARE = 0.15
"""Background lies below this share of the brightest voxels."""

_TOP_AREA_MM2 = 1500.0
"""The head begins where its cross-section is at least this large."""

_COARSE_MM = 2.0
"""Voxels are thinned to about this: the question needs no finer ones."""

_LEAST_VOXELS = 2000
"""Fewer deep voxels have no meaningful 99.9th percentile."""


def enhancing_ratio(volume: Volume) -> float | None:
    """How far the brightest deep voxels stand out, above `ENHANCING_RATIO` after contrast.

    Returns:
        None where the image holds too little of the upper head.
    """
    from scipy import ndimage

    upright = volume.reoriented("RAS")
    steps = [max(1, round(_COARSE_MM / spacing)) for spacing in upright.grid.spacing]
    array = upright.array[tuple(slice(None, None, step) for step in steps)]
    spacing = [step * size for step, size in zip(steps, upright.grid.spacing, strict=True)]
    head = _largest(_filled(array > _HEAD_SHARE * np.percentile(array, 99)))
    level = np.flatnonzero(head.sum(axis=(0, 1)) * spacing[0] * spacing[1] > _TOP_AREA_MM2)
    if not level.size:
        return None
    depth = np.asarray(ndimage.distance_transform_edt(np.pad(head, 1), sampling=spacing))[1:-1, 1:-1, 1:-1]
    deep = depth > DEPTH_MM
    deep[:, :, : max(0, int(level[-1] - BELOW_TOP_MM / spacing[2]))] = False
    if np.count_nonzero(deep) < _LEAST_VOXELS:
        return None
    sigma = [SHADING_MM / size for size in spacing]
    share = ndimage.gaussian_filter(deep.astype(np.float32), sigma)[deep]
    shading = ndimage.gaussian_filter(np.where(deep, array, 0).astype(np.float32), sigma)[deep] / share
    if shading.min() <= 0:
        return None
    tissue, brightest = np.percentile(array[deep] / shading, PERCENTILES)
    return float(brightest / tissue) if tissue > 0 else None


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy import ndimage

    labels = np.zeros(mask.shape, dtype=np.int32)
    count = ndimage.label(ndimage.binary_opening(mask), output=labels)
    return labels == np.bincount(labels.ravel())[1:].argmax() + 1 if count else mask


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Holes filled in every plane across each axis: in 3-D the sinuses are open to the outside."""
    from scipy import ndimage

    filled = mask.copy()
    for axis in range(3):
        for target, plane in zip(np.moveaxis(filled, axis, 0), np.moveaxis(mask, axis, 0), strict=True):
            target |= ndimage.binary_fill_holes(plane)
    return filled
