"""Smooth random fields: the one source of every irregular shape, texture, bias and deformation of the phantom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_UNIT_DEVIATION = 3.0
"""A cubic B-spline averages its knots; drawn with this deviation they give a field of deviation near 1."""


def _basis(samples: int, knots: int) -> NDArray[np.float32]:
    """Cubic B-spline basis (samples, knots): rows sum to one."""
    position = np.linspace(0.0, knots - 3 - 1e-4, samples)
    first = position.astype(int)
    t = position - first
    weights = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    basis = np.zeros((samples, knots), np.float32)
    for n, weight in enumerate(weights):
        basis[np.arange(samples), first + n] += weight / 6
    return basis


def smooth_field(
    rng: np.random.Generator, shape: tuple[int, ...], waves: float, deviation: float = 1.0
) -> NDArray[np.float32]:
    """A smooth random field of mean near 0.

    Args:
        rng: the source of randomness.
        shape: (i, j, k).
        waves: number of knots along the longest axis; more are finer.
        deviation: standard deviation of the field, nearly.

    >>> field = smooth_field(np.random.default_rng(0), (32, 40, 24), 8)
    >>> field.shape, bool(0.4 < field.std() < 1.6)
    ((32, 40, 24), True)
    """
    knots = [max(4, round(size / max(shape) * waves) + 3) for size in shape]
    values = rng.normal(0.0, deviation * _UNIT_DEVIATION, knots).astype(np.float32)
    for axis, size in enumerate(shape):  # one small axis at a time keeps every product a matrix product
        values = np.moveaxis(np.tensordot(_basis(size, knots[axis]), values, (1, axis)), 0, axis)
    return np.ascontiguousarray(values)
