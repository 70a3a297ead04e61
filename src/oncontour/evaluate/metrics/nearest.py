"""The way from each point of a surface to the nearest of another: near ones by looking around, far ones by a tree."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import edt
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

REACH = 10
"""Voxels to look around: nearly all points of a prediction that found the tumour lie nearer than that."""

LOOKS = 300_000
"""Places to look at in one go: more leave the processor's cache, fewer cost calls."""

FEW = 40_000
"""Points left over up to which a tree finds the nearest one in less time than a map of distances takes."""


def distances_between(
    first: NDArray[np.bool_], second: NDArray[np.bool_], spacing: Sequence[float]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Distance in mm of each set voxel from the nearest one set in the other array, both ways, in the arrays' order.

    Args:
        first, second: (i, j, k), neither empty.
        spacing: mm along each axis.

    Returns:
        float64; where very many points lie far off, these are right to 1e-7 of the distance.
    """
    one, other = np.pad(first, REACH), np.pad(second, REACH)
    places = np.flatnonzero(one), np.flatnonzero(other)
    return _nearest(places[0], places[1], other, spacing), _nearest(places[1], places[0], one, spacing)


def _nearest(
    here: NDArray[np.intp], there: NDArray[np.intp], others: NDArray[np.bool_], spacing: Sequence[float]
) -> NDArray[np.floating]:
    """Of flat places `here`, the distance to the nearest of `there`, which are set in `others`, padded by `REACH`.

    Looks at every offset in the order of its length, so that the first hit is the nearest.
    """
    around = others.ravel()
    found, left = np.empty(here.size), np.arange(here.size)
    offsets, lengths = _ball(tuple(float(one) for one in spacing))
    steps = offsets @ np.array([others.shape[1] * others.shape[2], others.shape[2], 1])
    begin = 0
    while here.size and begin < len(steps):
        end = begin + max(1, LOOKS // here.size)
        hits = around.take(here[:, None] + steps[begin:end])
        first = hits.argmax(axis=1)
        hit = hits[np.arange(here.size), first]
        found[left[hit]] = lengths[begin + first[hit]]
        here, left, begin = here[~hit], left[~hit], end
    if here.size:
        found[left] = _far(here, there, others, spacing)
    return found


@lru_cache(maxsize=64)
def _ball(spacing: tuple[float, ...]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """(n, 3) offsets to every voxel of the largest ball that `REACH` holds, shortest first, and their lengths in mm."""
    offsets = np.array(list(product(range(-REACH, REACH + 1), repeat=3)))
    lengths = np.sqrt(((offsets * np.array(spacing)) ** 2).sum(axis=1))
    order = np.argsort(lengths, kind="stable")
    inside = order[lengths[order] <= REACH * min(spacing)]
    return offsets[inside], lengths[inside]


def _far(
    here: NDArray[np.intp], there: NDArray[np.intp], others: NDArray[np.bool_], spacing: Sequence[float]
) -> NDArray[np.floating]:
    """As `_nearest`, by a tree, or by a map of distances where very many places ask."""
    if here.size > FEW:
        return edt.edt(~others, anisotropy=tuple(spacing), black_border=False, parallel=1).ravel()[here]
    points, targets = (_points(places, others.shape, spacing) for places in (here, there))
    return cKDTree(_candidates(points, targets), leafsize=128, compact_nodes=False, balanced_tree=False).query(points)[
        0
    ]


def _candidates(points: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the targets (n, 3) those that can be nearest to one of the points (m, 3): by the triangle's inequality."""
    centre = points.mean(axis=0)
    away, spread = (np.sqrt(np.einsum("ij,ij->i", each, each)) for each in (targets - centre, points - centre))
    return targets[away <= away.min() + 2 * spread.max() * (1 + 1e-9) + 1e-9]


def _points(places: NDArray[np.intp], shape: tuple[int, ...], spacing: Sequence[float]) -> NDArray[np.float64]:
    """(n, 3) in mm."""
    return np.stack(np.unravel_index(places, shape), axis=1).astype(float) * np.asarray(spacing)
