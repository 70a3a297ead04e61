"""Compare thick slices where they were acquired.

Between the centres of 5 mm slices nothing was measured, and what interpolation puts there is blurred where the other
image is sharp: the optimum drifts by some tenths of a millimetre. So samples lie on the slices, and the other image is
blurred across them, as each slice blurs what it shows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from oncontour.core.grid import Grid
from oncontour.preprocess.pyramid import Level
from oncontour.preprocess.resample import SIGMA_PER_VOXEL

THICK = 2.0
"""Slices at least this many times as thick as the other image's voxels are in that direction are thick."""


def thick_axis(image: Level, other: Level, transform: NDArray[np.float64]) -> int | None:
    """The axis across the slices of `image`, if they are thick beside the other image.

    Args:
        transform: (4, 4), world of `image` -> the other's.
    """
    axis = int(np.argmax(image.grid.spacing))
    thickness, across, _ = _profile(image.grid, axis, other.grid, transform)
    return axis if thickness >= THICK * across else None


def blurred_across(other: Level, image: Level, axis: int, transform: NDArray[np.float64]) -> Level:
    """The other image as the slices of `image` would show it, wherever they lay: a Gaussian along their normal.

    In the frequency domain, so that no direction needs an interpolation, whose own blur would pull at the optimum.

    Args:
        axis: across the slices, from `thick_axis`.
        transform: (4, 4), the slices' world -> the other's; only directions are taken from it.
    """
    import torch
    from scipy.fft import irfftn, next_fast_len, rfftn

    thickness, across, normal = _profile(image.grid, axis, other.grid, transform)
    array = other.image[0, 0].numpy()
    # The edge goes on outward, so that no slice near it is blurred with darkness, or with the other side.
    reach = int(np.ceil(thickness / min(other.grid.spacing)))
    wide = [next_fast_len(size + 2 * reach, real=True) for size in array.shape]
    pads = [(reach, full - reach - size) for full, size in zip(wide, array.shape, strict=True)]
    waves = rfftn(np.pad(array, pads, mode="edge"))
    k, j, i = np.meshgrid(*map(np.fft.fftfreq, wide[:2]), np.fft.rfftfreq(wide[2]), indexing="ij", sparse=True)
    along = other.grid.inverse[:3, :3] @ normal
    phase = (2.0 * np.pi * (i * along[0] + j * along[1] + k * along[2])).astype(np.float32)
    sigma_mm = SIGMA_PER_VOXEL * np.sqrt(thickness**2 - across**2)
    waves *= np.exp(-0.5 * (sigma_mm * phase) ** 2)
    blurred = irfftn(waves, wide)[tuple(slice(reach, reach + size) for size in array.shape)]
    return replace(other, image=torch.from_numpy(np.ascontiguousarray(blurred, np.float32))[None, None])


def _profile(
    grid: Grid, axis: int, other: Grid, transform: NDArray[np.float64]
) -> tuple[float, float, NDArray[np.float64]]:
    """Slices' spacing along their normal, the other image's spacing there, both in mm; (3,) the normal in its world."""
    row = grid.inverse[axis, :3]
    thickness = 1.0 / float(np.linalg.norm(row))
    normal = transform[:3, :3] @ (row * thickness)
    return thickness, float(np.linalg.norm(normal @ other.affine[:3, :3])), normal
