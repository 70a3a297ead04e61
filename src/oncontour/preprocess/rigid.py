"""Rigid motions of the world as (4, 4) matrices in RAS+ millimetres."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def rigid(rotation: ArrayLike, translation: ArrayLike, centre: ArrayLike = (0.0, 0.0, 0.0)) -> NDArray[np.float64]:
    """(4, 4) motion that rotates about `centre`, then shifts.

    Args:
        rotation: (3,) rotation vector in radians: its direction is the axis, its length the angle (right-handed).
        translation: (3,) in mm.
        centre: (3,) in mm, the point that rotation leaves in place.

    >>> rigid((0, 0, np.pi / 2), (0, 0, 5)).round(6)[:3].tolist()
    [[0.0, -1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 5.0]]
    """
    vector, centre = np.asarray(rotation, np.float64), np.asarray(centre, np.float64)
    angle = float(np.linalg.norm(vector))
    matrix = np.eye(4)
    if angle > 0.0:
        x, y, z = vector / angle
        cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        matrix[:3, :3] += np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
    matrix[:3, 3] = centre - matrix[:3, :3] @ centre + np.asarray(translation, np.float64)
    return matrix


def displacement_mm(first: NDArray[np.float64], second: NDArray[np.float64], points: NDArray[np.float64]) -> float:
    """The largest distance in mm between where two (4, 4) transforms take the same (n, 3) points."""
    difference = first - second
    return float(np.linalg.norm(points @ difference[:3, :3].T + difference[:3, 3], axis=1).max())


def rotation_angle_deg(transform: NDArray[np.float64]) -> float:
    """Angle of a rigid (4, 4) transform in degrees, 0 to 180."""
    cosine = (np.trace(transform[:3, :3]) - 1.0) / 2.0
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def reflection(normal: ArrayLike, point: ArrayLike) -> NDArray[np.float64]:
    """(4, 4) mirror image in the plane through `point` with the given normal.

    >>> (reflection((1, 0, 0), (2, 0, 0)) @ [5, 1, 1, 1]).tolist()
    [-1.0, 1.0, 1.0, 1.0]
    """
    unit = np.asarray(normal, np.float64) / np.linalg.norm(normal)
    matrix = np.eye(4)
    matrix[:3, :3] -= 2.0 * np.outer(unit, unit)
    matrix[:3, 3] = 2.0 * float(unit @ np.asarray(point, np.float64)) * unit
    return matrix
