"""The three planes of a head: radiological orientation, letters, and which slices to show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class View:
    """A plane as radiologists look at it: the patient's right on the picture's left, seen from the feet or the front;
    in sagittal pictures the face looks to the left.

    Args:
        name: "axial", "coronal" or "sagittal".
        axis: the RAS axis that a slice is taken along.
        across: the RAS axis that runs along a picture's rows, from its high end on the left.
        up: the RAS axis that runs along its columns, from its high end on the top.
        left, right, top, bottom: the letters at the picture's edges.
        coordinate: the name of the slicing axis.
    """

    name: str
    axis: int
    across: int
    up: int
    left: str
    right: str
    top: str
    bottom: str
    coordinate: str

    def position(self, world_mm: float) -> str:
        """Where a slice lies in the world. A number, not a side: the world's origin need not lie in the head.

        >>> AXIAL.position(-7.6)
        'z −8 mm'
        """
        return f"{self.coordinate} {signed(world_mm)} mm"


def signed(value: float) -> str:
    """A whole number with a true minus sign.

    >>> signed(-7.6), signed(-0.2)
    ('−8', '0')
    """
    return f"{round(value):d}".replace("-", "−")


AXIAL = View("axial", 2, 0, 1, "R", "L", "A", "P", "z")
CORONAL = View("coronal", 1, 0, 2, "R", "L", "S", "I", "y")
SAGITTAL = View("sagittal", 0, 1, 2, "A", "P", "S", "I", "x")
VIEWS = (AXIAL, CORONAL, SAGITTAL)


def picture(array: NDArray, view: View, index: int) -> NDArray:
    """The slice of an RAS array (i, j, k) as rows from top to bottom, columns from left to right.

    In each view both picture axes run against their RAS axes: high (right, anterior, superior) ends come first.
    """
    return np.moveaxis(array, view.axis, 0)[index][::-1, ::-1].T


def choose_slices(regions: NDArray[np.bool_], brain: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Indices (i, j, k) of the slices that show most tumour, or the middle of the brain where there is none.

    Areas of all regions are added up: with nested regions, the core counts twice and enhancement three times.

    Args:
        regions: (R, i, j, k), RAS.
        brain: (i, j, k), RAS; where it is empty too, the array's middle is taken.
    """
    others = ((1, 2), (0, 2), (0, 1))
    counted = regions.sum(axis=0, dtype=np.uint8)
    if counted.any():
        i, j, k = (int(counted.sum(axis=rest, dtype=np.int64).argmax()) for rest in others)
        return i, j, k
    if brain.any():
        areas = [np.count_nonzero(brain, axis=rest) for rest in others]
        i, j, k = (round(float(area @ np.arange(len(area)) / area.sum())) for area in areas)
        return i, j, k
    i, j, k = (n // 2 for n in brain.shape)
    return i, j, k
