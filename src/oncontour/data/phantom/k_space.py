"""What goes wrong while k-space is filled: the patient moves, or too little of it is sampled. One matrix an axis."""

from __future__ import annotations

import numpy as np

from oncontour.data.phantom.fields import Array
from oncontour.data.phantom.separable import blur_matrix

GHOST_BRIGHTNESS = (0.02, 0.12)
"""Range of the brightness of a ghost, as a share of the image's."""

SAMPLED = (0.5, 0.85)
"""Range of the share of k-space that is sampled along an axis; the rest is filled with zeros."""


def motion_matrix(rng: np.random.Generator, size: int, spacing: float) -> Array:
    """Blur and ghosts along a phase axis: regular motion repeats the image at a fraction of the field of view."""
    blurred = blur_matrix(size, rng.uniform(0.3, 1.2) / spacing)
    distance = round(size / rng.uniform(2.0, 7.0))
    ghosts = np.roll(blurred, distance, 0) + np.roll(blurred, -distance, 0)
    brightness = np.float32(rng.uniform(*GHOST_BRIGHTNESS))
    return (1 - brightness) * blurred + (brightness / 2) * ghosts


def ringing_matrix(rng: np.random.Generator, size: int) -> Array:
    """K-space truncated along an axis: every edge is followed by ripples (Gibbs).

    The sum of the frequencies kept is a Dirichlet kernel.
    """
    kept = max(1, round(size * rng.uniform(*SAMPLED) / 2))
    waves = 2 * kept + 1
    turn = np.pi * (np.arange(size)[:, None] - np.arange(size)) / size
    below = np.sin(turn)
    near = np.abs(below) < 1e-9
    kernel = np.where(near, waves, np.sin(waves * turn) / np.where(near, 1.0, below)) / size
    return kernel.astype(np.float32)


def motion(rng: np.random.Generator, shape: tuple[int, ...], spacing: float) -> list[Array | None]:
    """Matrices of motion along one axis, left-right or front-back as phase is mostly encoded."""
    axis = int(rng.integers(0, 2))
    return _along(axis, motion_matrix(rng, shape[axis], spacing))


def ringing(rng: np.random.Generator, shape: tuple[int, ...]) -> list[Array | None]:
    """Matrices of ripples along one axis."""
    axis = int(rng.integers(0, 3))
    return _along(axis, ringing_matrix(rng, shape[axis]))


def _along(axis: int, matrix: Array) -> list[Array | None]:
    return [matrix if n == axis else None for n in range(3)]
