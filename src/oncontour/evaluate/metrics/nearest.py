"""The way from each point of a surface to the nearest of another: near ones by looking around, far ones by a tree."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import edt
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

REACH = 3
"""Voxels to look around: nearly all points of a prediction that found the tumour lie nearer than that."""

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
    for length in np.unique(lengths):
        hit = np.zeros(here.size, bool)
        for step in steps[lengths == length]:
            hit |= around.take(here + step)
        found[left[hit]] = length
        here, left = here[~hit], left[~hit]
        if not here.size:
            return found
    found[left] = _far(here, there, others, spacing)
    return found


@lru_cache(maxsize=64)
def _ball(spacing: tuple[float, ...]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """(n, 3) offsets to every voxel of the largest ball that `REACH` holds, and their lengths in mm."""
    offsets = np.array(list(product(range(-REACH, REACH + 1), repeat=3)))
    lengths = np.sqrt(((offsets * np.array(spacing)) ** 2).sum(axis=1))
    inside = lengths <= REACH * min(spacing)
    return offsets[inside], lengths[inside]


def _far(
    here: NDArray[np.intp], there: NDArray[np.intp], others: NDArray[np.bool_], spacing: Sequence[float]
) -> NDArray[np.floating]:
    """As `_nearest`, by a tree, or by a map of distances where very many places ask."""
    if here.size > FEW:
        return edt.edt(~others, anisotropy=tuple(spacing), black_border=False, parallel=1).ravel()[here]
    tree = cKDTree(_points(there, others.shape, spacing), leafsize=128, compact_nodes=False, balanced_tree=False)
    return tree.query(_points(here, others.shape, spacing))[0]


def _points(places: NDArray[np.intp], shape: tuple[int, ...], spacing: Sequence[float]) -> NDArray[np.float64]:
    """(n, 3) in mm."""
    return np.stack(np.unravel_index(places, shape), axis=1).astype(float) * np.asarray(spacing)
