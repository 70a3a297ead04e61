"""Gaussian filtering of values at points of many dimensions, in linear time (Adams, Baek, Davis 2010)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

HASH_SEED = 20100507
"""Of the random odd numbers that turn a lattice point's coordinates into one 64-bit key. Keys are sums of coordinates
times these numbers, so a neighbour's key is one addition away; that two of ten million points share a key is less
likely than one in 100,000."""


@dataclass(frozen=True)
class Lattice:
    """Points spread over the corners of the simplices that tile their space, and who neighbours whom there.

    In d dimensions every point lies in a simplex of d + 1 lattice points. A filter spreads the points' values over
    these, blurs along the d + 1 directions of the lattice, and reads back at the points: a Gaussian of standard
    deviation 1 in the units of the features, up to a factor that is the same everywhere.

    Args:
        spread: (points, lattice points), the barycentric weights; d + 1 a row, their sum 1.
        neighbours: (d + 1, 2, lattice points), the next and the previous lattice point along each direction; the number
            of lattice points where there is none.
        own: (points,), how much of its own value a point reads back.
    """

    spread: csr_array
    neighbours: NDArray[np.int32]
    own: NDArray[np.float32]

    def filter(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Gaussian-weighted sums over all points, itself included, of values (points, channels)."""
        at = np.zeros((self.spread.shape[1] + 1, values.shape[1]), np.float32)  # the last row stands for no neighbour
        at[:-1] = self.spread.T @ values
        for after, before in self.neighbours:
            around = at[after]
            around += at[before]
            at[:-1] *= 0.5
            around *= 0.25
            at[:-1] += around
        return self.spread @ at[:-1]


def lattice(features: NDArray[np.float32]) -> Lattice:
    """The lattice of points (n, d) in units of the Gaussian's standard deviation."""
    points, dimensions = features.shape
    directions = dimensions + 1
    corner, offsets = _simplex(features)
    order = np.argsort(-offsets, axis=1, kind="stable")
    falling = np.take_along_axis(offsets, order, 1)
    weights = np.empty((points, directions), np.float32)
    weights[:, 0] = 1 + falling[:, -1] - falling[:, 0]
    weights[:, 1:] = (falling[:, :-1] - falling[:, 1:])[:, ::-1]

    factors = np.random.default_rng(HASH_SEED).integers(0, 2**62, directions, np.int64) * 2 + 1
    with np.errstate(over="ignore"):  # keys are numbers modulo 2^64
        steps = factors.sum() - directions * factors  # one step: -d along its own axis, +1 along all others
        keys = np.empty((points, directions), np.int64)
        keys[:, 0] = corner @ factors
        keys[:, 1:] = keys[:, :1] + np.cumsum(steps[order[:, :0:-1]], axis=1)
        known, place = np.unique(keys, return_inverse=True)
        columns = place.reshape(-1).astype(np.int32)
        rows = np.arange(0, points * directions + 1, directions, dtype=np.int32)
        spread = csr_array((weights.reshape(-1), columns, rows), shape=(points, len(known)))
        neighbours = np.stack([np.stack((_find(known, known + s), _find(known, known - s))) for s in steps])
    return Lattice(spread, neighbours, _own(weights))


def _simplex(features: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The corner (n, d + 1) of each point's simplex whose coordinates are multiples of d + 1, and the rest in these
    units."""
    dimensions = features.shape[1]
    directions = dimensions + 1
    axes = np.zeros((directions, dimensions))
    for n in range(dimensions):  # an orthonormal basis of the plane of coordinates with sum 0
        axes[: n + 1, n] = 1
        axes[n + 1, n] = -(n + 1)
        axes[:, n] /= np.sqrt((n + 1) * (n + 2))
    # Spreading, blurring and reading back together have the variance of a unit Gaussian at this scale.
    position = features @ (axes.T * np.sqrt(2 / 3)).astype(np.float32)  # in units of d + 1
    corner = np.rint(position)
    surplus = corner.sum(axis=1, keepdims=True)  # of the rounding: the coordinates of a lattice point have sum 0
    rank = np.argsort(np.argsort(corner - position, axis=1, kind="stable"), axis=1)
    corner += (rank < -surplus).astype(np.float32)
    corner -= (rank >= directions - surplus).astype(np.float32)
    return corner.astype(np.int64) * directions, position - corner


def _find(known: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int32]:
    """Where each number stands in the sorted ones; their number where it does not."""
    place = np.searchsorted(known, wanted)
    place[place == len(known)] = 0
    return np.where(known[place] == wanted, place, len(known)).astype(np.int32)


def _own(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a blur brings from a point's corners back to them, as on a lattice without gaps.

    Corners that are m steps apart: those steps are taken once each and the d + 1 - m others stay, or the other way
    round, since all d + 1 steps together lead back.
    """
    directions = weights.shape[1]
    apart = np.abs(np.subtract.outer(np.arange(directions), np.arange(directions)))
    blur = 0.25**apart * 0.5 ** (directions - apart) + 0.5**apart * 0.25 ** (directions - apart)
    blur += np.eye(directions) * 0.25**directions  # back to itself in both senses
    return np.einsum("nk,kl,nl->n", weights, blur.astype(np.float32), weights, optimize=True)
