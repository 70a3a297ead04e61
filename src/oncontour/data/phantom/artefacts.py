"""What a scanner and a registration do to an image: one function an effect, none knows of tumours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from oncontour.data.phantom.fields import smooth_field

Array = NDArray[np.float32]


def gain(rng: np.random.Generator, image: Array) -> Array:
    """A non-linear grey scale and a smooth receive field (bias)."""
    bias = np.exp(smooth_field(rng, image.shape, 2.5, rng.uniform(0.0, 0.2)))
    return (np.clip(image, 0.0, None) ** np.float32(rng.uniform(0.75, 1.3)) * bias).astype(np.float32)


def thick_slices(rng: np.random.Generator, image: Array, spacing: float) -> Array:
    """What 3 to 6 mm slices leave after resampling back to the grid."""
    factor, axis = rng.uniform(3.0, 6.0) / spacing, int(rng.integers(0, 3))
    if factor <= 1.2:
        return image
    step = [1.0, 1.0, 1.0]
    step[axis] = 1.0 / factor
    blurred = ndimage.gaussian_filter1d(image, 0.42 * factor, axis=axis)
    coarse = ndimage.zoom(blurred, step, order=1)
    return ndimage.zoom(coarse, [n / m for n, m in zip(image.shape, coarse.shape, strict=True)], order=1)


def misregister(rng: np.random.Generator, image: Array, spacing: float) -> Array:
    """A shift of a fraction of a millimetre, what registration leaves."""
    return ndimage.shift(image, rng.normal(0.0, 0.8 / spacing, 3), order=1, mode="nearest")


def noise(rng: np.random.Generator, image: Array) -> Array:
    """Rician noise: the magnitude of a complex signal."""
    deviation = np.float32(rng.uniform(0.005, 0.05))
    real = image + deviation * rng.standard_normal(image.shape, np.float32)
    return np.hypot(real, deviation * rng.standard_normal(image.shape, np.float32))


def degrade(rng: np.random.Generator, image: Array, spacing: float) -> Array:
    """All effects, each in its share of images."""
    image = gain(rng, image)
    if rng.random() < 0.35:
        image = thick_slices(rng, image, spacing)
    if rng.random() < 0.4:
        image = misregister(rng, image, spacing)
    return noise(rng, image)
