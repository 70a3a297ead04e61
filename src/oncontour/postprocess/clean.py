"""Probabilities of regions -> clean masks, one region after the other from the outside in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import Box, bounding_box
from oncontour.core.errors import GeometryError, ImageContentError
from oncontour.core.labels import LabelScheme
from oncontour.postprocess.holes import VOLUME_TOLERANCE, fill_holes
from oncontour.postprocess.islands import drop_islands, with_seed
from oncontour.postprocess.rules import Rules


def clean_regions(
    probabilities: NDArray[np.floating], scheme: LabelScheme, voxel_volume_mm3: float, rules: Rules | None = None
) -> NDArray[np.bool_]:
    """Masks (R, i, j, k) of the probabilities (R, i, j, k), 0 to 1, of a scheme's regions.

    For each region, outermost first:

    1. threshold (a voxel at exactly the threshold stays out); of the outermost region, or of each where they are not
       nested, only components with a voxel above `sure`;
    2. nesting: only what lies inside the region before it, already clean;
    3. holes below `hole_mm3` are filled;
    4. islands of at most `island_share` of the largest component are removed.

    Holes come before islands, so that a speck in a pinhole joins the mask and sizes are compared on what will be kept;
    then removing an island only ever widens the background around it. Hence the result is nested (a pinhole of an inner
    region holds no background of the outer one, whose own pinholes are filled), and cleaning it again changes nothing.
    Finally, a whole tumour (all regions together) smaller than `minimum_whole_mm3` empties every region.

    Args:
        probabilities: one channel for each region of the scheme.
        scheme: only `nested` and the number of regions matter.
        voxel_volume_mm3: volume of one voxel, |det| of the affine.
        rules: default `Rules()`.

    Raises:
        GeometryError: not one channel for each region, or a voxel volume that is not positive.
        ImageContentError: probabilities that are NaN, below 0 or above 1.
    """
    rules = rules or Rules()
    _check(probabilities, scheme, voxel_volume_mm3)
    regions = np.zeros(probabilities.shape, dtype=bool)
    everywhere: Box = (slice(None), slice(None), slice(None))
    outer: Box | None = everywhere
    for n, region in enumerate(regions):
        if outer is None:
            break
        mask = probabilities[(n, *outer)] > rules.threshold_of(scheme.regions[n].name)
        if scheme.nested and n:
            mask &= regions[(n - 1, *outer)]
        elif rules.sure > 0:
            mask = with_seed(mask, probabilities[n] > rules.sure, rules.connectivity)
        box = bounding_box(mask)
        if box is not None:
            region[outer][box] = _clean_mask(mask[box], voxel_volume_mm3, rules)
        if scheme.nested:
            outer = _inside(outer, box)
    whole = regions[0] if scheme.nested else regions.any(axis=0)
    if np.count_nonzero(whole) * voxel_volume_mm3 < rules.minimum_whole_mm3 * (1 - VOLUME_TOLERANCE):
        regions[:] = False
    return regions


def _clean_mask(mask: NDArray[np.bool_], voxel_volume_mm3: float, rules: Rules) -> NDArray[np.bool_]:
    filled = fill_holes(mask, voxel_volume_mm3, rules.hole_mm3, rules.connectivity)
    return drop_islands(filled, rules.island_share, rules.connectivity)


def _inside(outer: Box, box: Box | None) -> Box | None:
    """A box given within another one, in the coordinates of the array."""
    if box is None:
        return None
    i, j, k = (
        slice((around.start or 0) + part.start, (around.start or 0) + part.stop)
        for around, part in zip(outer, box, strict=True)
    )
    return i, j, k


def _check(probabilities: NDArray[np.floating], scheme: LabelScheme, voxel_volume_mm3: float) -> None:
    if probabilities.ndim != 4 or len(probabilities) != len(scheme.regions):
        expected = f"({len(scheme.regions)}, i, j, k), one channel for each region of {scheme.name}"
        raise GeometryError("probabilities", f"shape {probabilities.shape}", expected, "Use the scheme of the model.")
    if not voxel_volume_mm3 > 0:
        remedy = "Pass |det| of the affine."
        raise GeometryError("probabilities", f"a voxel of {voxel_volume_mm3} mm3", "a positive volume", remedy)
    low, high = float(probabilities.min()), float(probabilities.max())
    if not (low >= 0 and high <= 1):  # written so that NaN fails too
        remedy = "Apply the sigmoid; NaN means that the network or its input is damaged."
        raise ImageContentError("probabilities", f"values from {low:.4g} to {high:.4g}", "0 to 1", remedy)
