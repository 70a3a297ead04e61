"""Even out the slow brightness change of the coil by N4.

The field is smooth, so it is estimated on a shrunken image and interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.core.grid import Grid
from oncontour.core.volume import Volume
from oncontour.preprocess.n4 import N4Settings, n4_log_field
from oncontour.preprocess.resample import resample

SHRINK = 6
"""Shrink factor of the image on which the field is estimated; 4 gives the same Dice on real scans to .01."""

SETTINGS = N4Settings((20, 20, 10))
"""Short of convergence: with more steps, or finer splines, N4 takes a tumour for shading. With three resolutions of 50
steps one of six real scans lost .33 of its Dice (WT); with four, as other programs do it, four lost .5 and more
(benchmarks/real_scans.py)."""

DARK_SHARE = 0.05
"""More of the brain than this at or below zero means intensities without a physical zero (z-scored): N4 takes logs."""

LOG_LIMIT = 1.5
"""|log field| is held below this (a factor of 4.5): no coil does more, but a spline far from the brain may."""


@dataclass(frozen=True)
class BiasCorrection:
    """A corrected image and its field.

    Args:
        volume: (i, j, k) float32, image / exp(log field).
        log_field: on a grid `SHRINK` times coarser; its mean over the mask is 0, so the brain's brightness stays.
    """

    volume: Volume
    log_field: Volume

    def undone(self) -> Volume:
        """The image before correction, to float32 precision."""
        return self.volume.with_array(self.volume.array * _gain(self.log_field, self.volume.grid))


def correct_bias(volume: Volume, mask: NDArray[np.bool_]) -> BiasCorrection | None:
    """Estimate and remove the bias field.

    Args:
        volume: (i, j, k).
        mask: (i, j, k), where to trust the image (the brain).

    Returns:
        None where intensities have no physical zero (many are negative in the mask), or the mask is next to nothing:
        there is nothing to correct.
    """
    if not mask.any() or float((volume.array[mask] <= 0).mean()) > DARK_SHARE:
        return None
    grid = _coarse(volume.grid)
    coarse = resample(volume, grid).array
    trusted = resample(volume.with_array(mask), grid).array & (coarse > 0)
    if not trusted.any():
        return None
    log_field = n4_log_field(coarse, trusted, SETTINGS).astype(np.float32)
    log_field = np.clip(log_field - log_field[trusted].mean(), -LOG_LIMIT, LOG_LIMIT)
    field = Volume(log_field, grid.affine)
    corrected = np.asarray(volume.array, np.float32) / _gain(field, volume.grid)
    return BiasCorrection(volume.with_array(corrected), field)


def _gain(log_field: Volume, grid: Grid) -> NDArray[np.float32]:
    return np.exp(resample(log_field, grid).array)


def _coarse(grid: Grid) -> Grid:
    """A grid `SHRINK` times coarser (thick slices stay) that reaches beyond the old one on every side."""
    finest = min(grid.spacing)
    factor = np.array([max(1.0, SHRINK * finest / spacing) for spacing in grid.spacing])
    shape = np.ceil((np.array(grid.shape) - 1) / factor).astype(int) + 3
    affine = grid.affine.copy()
    affine[:3, :3] *= factor
    affine[:3, 3] = grid.to_world(-factor)
    i, j, k = shape.tolist()
    return Grid((i, j, k), affine)
