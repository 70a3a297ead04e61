"""The lesions of a region: components of its mask, their bidimensional products, and which are measurable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import bounding_box
from oncontour.core.orientation import axis_codes
from oncontour.measure.bidimensional import Bidimensional, bidimensional
from oncontour.measure.criteria import MEASURABLE_MM, MEASURABLE_SLICES
from oncontour.measure.regions import COMPONENT_CONNECTIVITY
from oncontour.measure.volume import MM3_PER_ML
from oncontour.postprocess.components import component_boxes, label_components


@dataclass(frozen=True)
class Lesion:
    """One component of a mask.

    Args:
        volume_ml: mL.
        product_mm2: its largest bidimensional product.
        longest_mm, perpendicular_mm: the two diameters.
        slice_index: axial slice that they lie on.
        measurable: whether both diameters of a slice reach 10 mm on at least two axial slices.
    """

    volume_ml: float
    product_mm2: float
    longest_mm: float
    perpendicular_mm: float
    slice_index: int
    measurable: bool


def find_lesions(mask: NDArray[np.bool_], affine: NDArray[np.float64]) -> tuple[Lesion, ...]:
    """The lesions of a mask (i, j, k), the largest product first.

    Components are 26-connected. Nothing tells which lesion of another scan is the same one: that would take a
    registration that growth and surgery mislead.

    Args:
        mask: cavities and cysts left out.
        affine: (4, 4), voxel index -> RAS+ mm.

    >>> mask = np.zeros((20, 20, 4), dtype=bool)
    >>> mask[2:14, 2:14, :2] = True
    >>> [(lesion.measurable, round(lesion.product_mm2)) for lesion in find_lesions(mask, np.eye(4))]
    [(True, 242)]
    """
    box = bounding_box(mask)
    if box is None:
        return ()
    labels, _ = label_components(mask[box], COMPONENT_CONNECTIVITY)
    axis = next(n for n, code in enumerate(axis_codes(affine)) if code in "SI")
    voxel_ml = abs(np.linalg.det(np.asarray(affine, np.float64)[:3, :3])) / MM3_PER_ML
    found = []
    for value, part in enumerate(component_boxes(labels), start=1):
        lesion = labels[part] == value
        size = bidimensional(lesion, affine)
        found.append(_lesion(lesion, size, affine, axis, box[axis].start + part[axis].start, voxel_ml))
    return tuple(sorted(found, key=lambda one: -one.product_mm2))


def sum_of_products(lesions: Iterable[Lesion], most: int) -> float:
    """Sum of the products of the largest measurable lesions, at most so many; mm2."""
    products = sorted((one.product_mm2 for one in lesions if one.measurable), reverse=True)
    return float(sum(products[:most]))


def unmeasurable_product(lesions: Iterable[Lesion]) -> float:
    """Sum of the products of all other lesions, mm2."""
    return float(sum(one.product_mm2 for one in lesions if not one.measurable))


def _lesion(
    mask: NDArray[np.bool_],
    size: Bidimensional,
    affine: NDArray[np.float64],
    axis: int,
    first_slice: int,
    voxel_ml: float,
) -> Lesion:
    return Lesion(
        volume_ml=float(np.count_nonzero(mask) * voxel_ml),
        product_mm2=size.product_mm2,
        longest_mm=size.longest_mm,
        perpendicular_mm=size.perpendicular_mm,
        slice_index=first_slice + (size.slice_index or 0),
        measurable=_is_measurable(mask, affine, axis),
    )


def _is_measurable(mask: NDArray[np.bool_], affine: NDArray[np.float64], axis: int) -> bool:
    """Both diameters of one product reach 10 mm on two axial slices; slices with most of the lesion are tried first."""
    slices = np.moveaxis(mask, axis, 0)
    reached = 0
    for n in np.argsort(-np.count_nonzero(slices, axis=(1, 2)), kind="stable"):
        one = np.moveaxis(slices[n : n + 1], 0, axis)
        reached += bidimensional(one, affine).perpendicular_mm >= MEASURABLE_MM
        if reached == MEASURABLE_SLICES:
            return True
    return False
