"""The 48 ways in which an array's axes can lie in the world, and the way from one to another."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import GeometryError

POSITIVE = "RAS"
NEGATIVE = "LPI"
HEAD_FEET = str.maketrans("SI", "HF")
"""Axis codes -> the letters that DICOM has for them (PS3.3 C.7.6.1.1.1): head and feet for superior and inferior."""

ALL_ORIENTATIONS: tuple[str, ...] = tuple(
    "".join((POSITIVE, NEGATIVE)[flip >> n & 1][axis] for n, axis in enumerate(order))
    for order in permutations(range(3))
    for flip in range(8)
)
"""All 48 axis codes, from "RAS" on."""


def axis_codes(affine: NDArray[np.float64]) -> str:
    """Anatomical direction of each growing index of an affine, nearest match for oblique ones.

    >>> axis_codes(np.diag([-1.0, -1.0, 3.0, 1.0]))
    'LPS'
    """
    columns = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    best = max(permutations(range(3)), key=lambda order: sum(abs(columns[order[n], n]) for n in range(3)))
    return "".join((POSITIVE if columns[axis, n] >= 0 else NEGATIVE)[axis] for n, axis in enumerate(best))


def _axis_and_sign(code: str) -> tuple[int, int]:
    return (POSITIVE.index(code), 1) if code in POSITIVE else (NEGATIVE.index(code), -1)


def reorientation(source: str, target: str) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Transposition and flips that lead an array from one orientation to another.

    Returns:
        (order, flips): first `array.transpose(order)`, then reverse the axes where `flips` is true.

    >>> reorientation("LPS", "RAS")
    ((0, 1, 2), (True, True, False))
    """
    for codes in (source, target):
        if sorted(_axis_and_sign(code)[0] if code in POSITIVE + NEGATIVE else -1 for code in codes) != [0, 1, 2]:
            raise GeometryError("orientation", repr(codes), "three letters, one each of R/L, A/P, S/I", 'Use "RAS".')
    origin = {axis: (n, sign) for n, (axis, sign) in enumerate(map(_axis_and_sign, source))}
    order, flips = [], []
    for axis, sign in map(_axis_and_sign, target):
        n, source_sign = origin[axis]
        order.append(n)
        flips.append(sign != source_sign)
    return (order[0], order[1], order[2]), (flips[0], flips[1], flips[2])


def reorient_array(
    array: NDArray, affine: NDArray[np.float64], target: str = "RAS"
) -> tuple[NDArray, NDArray[np.float64]]:
    """Transpose and flip an array so that its axes have the codes `target`; no voxel changes its place in the world.

    Args:
        array: (..., i, j, k); leading axes (channels) stay where they are.
        affine: (4, 4), voxel index -> RAS+ mm.

    Returns:
        The array as a view, and its affine.
    """
    order, flips = reorientation(axis_codes(affine), target)
    lead = array.ndim - 3
    moved = array.transpose(*range(lead), *(lead + n for n in order))
    moved = moved[(..., *(slice(None, None, -1) if flip else slice(None) for flip in flips))]
    matrix = np.zeros((4, 4))
    matrix[3, 3] = 1.0
    for n, (axis, flip) in enumerate(zip(order, flips, strict=True)):
        matrix[axis, n] = -1.0 if flip else 1.0
        matrix[axis, 3] = array.shape[lead + axis] - 1 if flip else 0.0
    return moved, affine @ matrix
