"""What a scanner and a registration do to an image: one function an effect, none knows of tumours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.fields import Array, smooth_field
from oncontour.data.phantom.scanners import Scanners
from oncontour.data.phantom.separable import apply, shift_matrix, thick_slice_matrix

MISREGISTERED = 0.4
"""Share of images that lie a little off the others."""

ADC_FAILED = 0.5
"""Share of ADC maps with voxels of value zero, where the fit failed (paper 003, S3.17)."""


def gain(rng: np.random.Generator, image: Array, scanners: Scanners) -> Array:
    """A non-linear grey scale and a smooth receive field (bias)."""
    bias = np.exp(smooth_field(rng, image.shape, 2.5, rng.uniform(0.0, 0.2)))
    bias *= np.clip(image, 0.0, None) ** np.float32(scanners.uniform(rng, 0.75, 1.3))
    return bias


def thick_slices(rng: np.random.Generator, shape: tuple[int, ...], spacing: float) -> list[Array | None]:
    """Matrices of what 3 to 6 mm slices along one axis leave after resampling back to the grid."""
    factor, axis = rng.uniform(3.0, 6.0) / spacing, int(rng.integers(0, 3))
    matrices: list[Array | None] = [None, None, None]
    if factor > 1.2:
        matrices[axis] = thick_slice_matrix(shape[axis], factor)
    return matrices


def misregistration(rng: np.random.Generator, shape: tuple[int, ...], spacing: float) -> list[Array | None]:
    """Matrices of a shift of a fraction of a millimetre, what registration leaves."""
    shifts = rng.normal(0.0, 0.8 / spacing, 3)
    return [shift_matrix(size, voxels) for size, voxels in zip(shape, shifts, strict=True)]


def noise(rng: np.random.Generator, image: Array) -> Array:
    """Rician noise: the magnitude of a complex signal."""
    deviation = np.float32(rng.uniform(0.005, 0.05))
    squares = rng.standard_normal(image.shape, np.float32)
    squares *= deviation
    squares += image
    squares *= squares
    imaginary = rng.standard_normal(image.shape, np.float32)
    imaginary *= deviation
    imaginary *= imaginary
    squares += imaginary
    return np.sqrt(squares, out=squares)


def resampled(
    rng: np.random.Generator,
    image: Array,
    spacing: float,
    scanners: Scanners,
    k_space: tuple[list[Array | None], ...] = (),
) -> Array:
    """Thick slices and misregistration, each in its share of images, and matrices of what k-space lacks."""
    effects = list(k_space)
    if rng.random() < scanners.thick_slices:
        effects.append(thick_slices(rng, image.shape, spacing))
    if rng.random() < MISREGISTERED:
        effects.append(misregistration(rng, image.shape, spacing))
    matrices: list[Array | None] = [None, None, None]
    for effect in effects:
        matrices = [b if a is None else a if b is None else b @ a for a, b in zip(matrices, effect, strict=True)]
    return np.abs(apply(image, matrices))


def failed_fits(rng: np.random.Generator, image: Array, parts_fluid: NDArray[np.bool_]) -> Array:
    """An ADC map with voxels of value zero: scattered ones, and clusters in fluid and blood."""
    if rng.random() >= ADC_FAILED:
        return image
    scattered = rng.random(image.shape, np.float32) < rng.uniform(0.0, 0.004)
    clusters = parts_fluid & (smooth_field(rng, image.shape, 34) > rng.uniform(0.6, 1.8))
    return np.where(scattered | clusters, np.float32(0), image)


def echo_planar(rng: np.random.Generator, image: Array, spacing: float) -> Array:
    """Distortion along the phase direction (j), a few millimetres, most in front and below where air is near."""
    size = image.shape[1]
    k = np.linspace(1.0, 0.0, image.shape[2], dtype=np.float32)
    j = np.linspace(0.0, 1.0, size, dtype=np.float32)
    place = smooth_field(rng, image.shape, 5, rng.uniform(0.0, 1.5) / spacing)
    place += (rng.normal(0.0, 3.0) / spacing) * j[:, None] ** 4 * k**2
    place += np.arange(size, dtype=np.float32)[:, None]
    np.clip(place, 0, size - 1.001, out=place)
    low = place.astype(np.int32)
    place -= low
    below = np.take_along_axis(image, low, 1)
    return below + place * (np.take_along_axis(image, low + 1, 1) - below)
