"""Smooth random fields: the one source of every irregular shape, texture, bias and deformation of the phantom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import Box

Array = NDArray[np.floating]
"""Images and fields; float32 wherever they are large."""
WHOLE: Box = (slice(None), slice(None), slice(None))

_UNIT_DEVIATION = 3.0
"""A cubic B-spline averages its knots; drawn with this deviation they give a field of deviation near 1."""


@lru_cache(256)
def _basis(samples: int, knots: int) -> Array:
    """Cubic B-spline basis (samples, knots): rows sum to one."""
    position = np.linspace(0.0, knots - 3 - 1e-4, samples)
    first = position.astype(int)
    t = position - first
    weights = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    basis = np.zeros((samples, knots), np.float32)
    for n, weight in enumerate(weights):
        basis[np.arange(samples), first + n] += weight / 6
    basis.setflags(write=False)
    return basis


@dataclass(frozen=True, eq=False)
class SmoothField:
    """A smooth random field, evaluated only where it is needed.

    Args:
        shape: (i, j, k) of the whole grid.
        knots: (a, b, c) float32 spline coefficients.
    """

    shape: tuple[int, int, int]
    knots: Array

    def on(self, box: Box = WHOLE) -> Array:
        """The field's values in a box of the grid; a box may have steps."""
        rows = [_basis(n, m)[part] for n, m, part in zip(self.shape, self.knots.shape, box, strict=True)]
        first = np.tensordot(rows[0], self.knots, 1)
        second = rows[1] @ first
        i, j, knots = second.shape
        return (second.reshape(i * j, knots) @ rows[2].T).reshape(i, j, -1)


def draw_field(rng: np.random.Generator, shape: tuple[int, ...], waves: float, deviation: float = 1.0) -> SmoothField:
    """Draw a field of mean near 0.

    Args:
        rng: the source of randomness.
        shape: (i, j, k).
        waves: number of knots along the longest axis; more are finer.
        deviation: standard deviation of the field, nearly.
    """
    i, j, k = shape
    knots = [max(4, round(size / max(shape) * waves) + 3) for size in shape]
    return SmoothField((i, j, k), rng.normal(0.0, deviation * _UNIT_DEVIATION, knots).astype(np.float32))


def smooth_field(rng: np.random.Generator, shape: tuple[int, ...], waves: float, deviation: float = 1.0) -> Array:
    """Draw a field and evaluate it on the whole grid.

    >>> field = smooth_field(np.random.default_rng(0), (32, 40, 24), 8)
    >>> field.shape, bool(0.4 < field.std() < 1.6)
    ((32, 40, 24), True)
    """
    return draw_field(rng, shape, waves, deviation).on()
