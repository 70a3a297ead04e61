"""Bring the brain's intensities onto one scale: shift and divide, so that it can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import ImageContentError
from oncontour.core.volume import Volume

Method = Literal["zscore", "minmax", "percentile95", "percentile99"]

PERCENTILES = {"percentile95": 95.0, "percentile99": 99.0}
"""Upper percentiles; 95 is paper 004's final choice (Materials and methods, pre-processing)."""


@dataclass(frozen=True)
class Normalised:
    """A normalised image: (intensity - shift) / scale in the mask, 0 outside.

    Args:
        volume: (i, j, k) float32.
        method: how shift and scale were chosen.
        shift, scale: in the image's own intensities.
    """

    volume: Volume
    method: Method
    shift: float
    scale: float

    def undone(self) -> Volume:
        """The image's own intensities inside the mask (outside it they are gone: every voxel there reads `shift`)."""
        return self.volume.with_array((self.volume.array * self.scale + self.shift).astype(np.float32))


def normalise(volume: Volume, mask: NDArray[np.bool_], method: Method = "zscore", where: str = "image") -> Normalised:
    """Normalise over a mask.

    `zscore`: mean 0, standard deviation 1. `minmax`: 0 to 1. `percentile95`, `percentile99`: that percentile becomes
    1 and zero stays zero (the lowest value becomes 0 where intensities are negative, as in data that were z-scored
    before).

    Args:
        volume: (i, j, k).
        mask: (i, j, k), where intensities count; the rest becomes 0.
        method: see above.
        where: how errors name the image.

    Raises:
        ImageContentError: the mask is empty, or the image is constant in it.
    """
    values = np.asarray(volume.array[mask], dtype=np.float32)
    if values.size == 0:
        raise ImageContentError(where, "no voxel inside the brain", "a brain in view", "Check the brain mask.")
    low, high = float(values.min()), float(values.max())
    if method == "zscore":
        shift, scale = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
    elif method == "minmax":
        shift, scale = low, high - low
    else:
        shift = min(low, 0.0)
        scale = float(np.percentile(values, PERCENTILES[method])) - shift
    if scale <= 1e-6 * max(abs(low), abs(high)) or low == high:
        found = f"intensities {low:g} to {high:g} with a {method} scale of {scale:g} in the brain"
        raise ImageContentError(where, found, "an image with contrast", "Leave this sequence out.")
    out = np.zeros(volume.array.shape, dtype=np.float32)
    out[mask] = (values - shift) / scale
    return Normalised(volume.with_array(out), method, shift, scale)
