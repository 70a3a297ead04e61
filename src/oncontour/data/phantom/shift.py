"""The midline pushed aside by a tumour, and the ventricle of its side pressed flat."""

from __future__ import annotations

import numpy as np

from oncontour.core.box import bounding_box
from oncontour.data.phantom.anatomy import Anatomy
from oncontour.data.phantom.deform import Deformation
from oncontour.data.phantom.fields import SmoothField
from oncontour.data.phantom.grow import Habit
from oncontour.data.phantom.lesion import Focus

LARGEST_MM = 12.0
"""Of the midline's shift."""

LARGE_ML = 50.0
"""A tumour with its oedema this large shifts the midline by 63 % of the largest shift, where little gives way."""

SQUEEZE_MM = 10.0
"""A ventricle's lateral wall moves at most this much further than its medial wall."""

KNOT_MM = 5.0
"""Distance of the knots of the displacement."""

REACH_MM = (42.0, 34.0)
"""Standard deviation of the shift from front to back and from foot to head."""


def draw_shift_mm(rng: np.random.Generator, focus: Focus, habit: Habit, lateral_mm: float) -> float:
    """How far a tumour pushes the midline: more, the larger it is with its oedema, and the further to one side."""
    radius = focus.radius_mm * (1 + 0.5 * (habit.edema_limit - 1) * habit.edema)
    volume = 4 / 3 * np.pi * (radius / 10) ** 3
    mm = min(LARGEST_MM, rng.uniform(0.4, 1.2) * LARGEST_MM * (1 - np.exp(-volume / LARGE_ML)))
    return float(mm * min(1.0, abs(lateral_mm) / 15) * (0.4 if habit.resected else 1.0))


def shifted(
    rng: np.random.Generator, deformation: Deformation, anatomy: Anatomy, focus: Focus, mm: float
) -> Deformation:
    """A deformation with the midline pushed away from a focus.

    Displacement is along the anatomy's left-right axis. Seen from the tumour's side it grows from nothing at the skull
    to its largest at the ventricle's lateral wall, is `mm` at the midline, and fades out towards the other side.

    Args:
        mm: at the midline.
    """
    at = [deformation.matrix[n, :3] @ focus.centre + deformation.matrix[n, 3] for n in range(3)]
    side = np.sign(at[0] - anatomy.midline)
    box = bounding_box(anatomy.brain)
    assert box is not None, "an anatomy has a brain"
    half = np.array([(part.stop - part.start) / 2 for part in box])
    middle = np.array([(part.stop + part.start - 1) / 2 for part in box])
    index = _knots(deformation)
    x, y, z = (sum(deformation.matrix[n, m] * index[m] for m in range(3)) + deformation.matrix[n, 3] for n in range(3))
    squeeze = min(SQUEEZE_MM, mm * rng.uniform(0.6, 1.3))
    lateral = side * (x - anatomy.midline)
    moved = np.interp(
        lateral,
        [-half[0], -0.45 * half[0], -8, 0, 3, 28, 36, half[0]],
        [0, 0.5 * mm, 0.92 * mm, mm, mm + 0.05 * squeeze, mm + squeeze, 0.85 * (mm + squeeze), 0],
    )
    for place, one in ((y, 1), (z, 2)):
        centre = 0.6 * at[one] + 0.4 * middle[one]
        moved *= np.exp(-0.5 * ((place - centre) / REACH_MM[one - 1]) ** 2)
    inside = 1 - sum(((place - middle[n]) / half[n]) ** 2 for n, place in enumerate((x, y, z)))
    moved *= np.clip(inside / 0.4, 0, 1)  # the skull stays
    field = SmoothField(deformation.shape, (side * moved).astype(np.float32))
    return deformation.with_bend(field)


def _knots(deformation: Deformation) -> list[np.ndarray]:
    """Voxel positions of the spline's knots along each axis, sparse; the first lies one knot outside."""
    index = []
    for axis, size in enumerate(deformation.shape):
        knots = max(4, round(size * deformation.spacing_mm / KNOT_MM) + 3)
        places = (np.arange(knots) - 1) * (size - 1) / (knots - 3)
        index.append(places.reshape([-1 if n == axis else 1 for n in range(3)]))
    return index
