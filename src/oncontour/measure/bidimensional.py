"""The bidimensional product: the longest line across a tumour on an axial slice, times its perpendicular."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import bounding_box
from oncontour.core.errors import InputError
from oncontour.core.orientation import axis_codes
from oncontour.measure.lines import Lines, all_inside, boundary_lines, crossing, first_inside, perpendicular
from oncontour.postprocess.components import component_boxes, label_components

Method = Literal["longest-first", "max-product"]

IN_PLANE_CONNECTIVITY = 8
"""Pixels that share a corner belong to one component of a slice: a line may pass through that corner."""

ROUNDING = 1e-9
"""Lengths (relative) and angles (radians) nearer than this are equal: they come from whole voxel steps."""


@dataclass(frozen=True)
class Bidimensional:
    """The largest bidimensional product of a mask.

    Args:
        product_mm2: longest times perpendicular, mm2.
        longest_mm: the longer line.
        perpendicular_mm: the line across it; 0 where nothing crosses it (a mask one voxel wide).
        slice_index: index of the axial slice along the array's own slice axis; None for an empty mask.
    """

    product_mm2: float
    longest_mm: float
    perpendicular_mm: float
    slice_index: int | None


def bidimensional(
    mask: NDArray[np.bool_],
    affine: NDArray[np.float64],
    method: Method = "longest-first",
    tolerance_deg: float = 5.0,
) -> Bidimensional:
    """The largest product of two perpendicular diameters on an axial slice (RANO's measure of size).

    Lines run between centres of boundary voxels of one component of one slice, inside the mask all the way: cavities
    and bays are not bridged. The second line crosses the first at a right angle within the tolerance.
    "longest-first" takes the longest line of a component, then the longest across it (of equally long lines, the one
    with the longest across); "max-product" takes the pair with the largest product. Both then take the largest product
    of all slices and components. Axial slices are those along the array axis nearest to the patient's long axis;
    lengths and angles are measured in the slice's plane, also when it is oblique or sheared.

    Args:
        mask: (i, j, k) boolean, cavities and cysts left out.
        affine: (4, 4), voxel index -> RAS+ mm.
        method: "longest-first" or "max-product".
        tolerance_deg: by how much the angle may differ from 90 degrees, 0 to 45.

    Raises:
        InputError: unknown method or a tolerance outside its range.

    >>> bar = np.zeros((30, 30, 3), dtype=bool)
    >>> bar[5:26, 12, 1] = bar[15, 8:17, 1] = True
    >>> bidimensional(bar, np.diag([1.0, 1.0, 5.0, 1.0]))
    Bidimensional(product_mm2=160.0, longest_mm=20.0, perpendicular_mm=8.0, slice_index=1)
    """
    _check(method, tolerance_deg)
    best = Bidimensional(0.0, 0.0, 0.0, None)
    box = bounding_box(mask)
    if box is None:
        return best
    axis = next(n for n, code in enumerate(axis_codes(affine)) if code in "SI")
    plane = _in_plane(np.delete(np.asarray(affine, dtype=np.float64)[:3, :3], axis, axis=1))
    slices = np.moveaxis(mask[box], axis, 0)
    for bound, n, part in _components(slices, plane):
        if best.slice_index is not None and bound**2 <= best.product_mm2:
            break
        lines = boundary_lines(part, plane)
        measure = _longest_first if method == "longest-first" else _max_product
        longest, across = measure(part, lines, np.deg2rad(tolerance_deg) + ROUNDING, best.product_mm2)
        if best.slice_index is None or longest * across > best.product_mm2:
            best = Bidimensional(longest * across, longest, across, box[axis].start + n)
    return best


def _longest_first(mask: NDArray[np.bool_], lines: Lines, tolerance_rad: float, least: float) -> tuple[float, float]:
    """(longest, across) of one component; (0, 0) where their product cannot exceed `least`."""
    long_enough = lines.take(lines.length**2 > least)  # the line across is never longer than the longest
    first = first_inside(mask, long_enough)
    if first is None:
        return 0.0, 0.0
    longest = float(long_enough.length[first])
    last = int(np.searchsorted(-lines.length, -longest * (1 - ROUNDING), side="right"))
    ties = all_inside(mask, lines.take(slice(first, last)))
    return longest, max(_across(mask, lines, ties, n, tolerance_rad) for n in range(len(ties.length)))


def _across(mask: NDArray[np.bool_], lines: Lines, chosen: Lines, n: int, tolerance_rad: float) -> float:
    """Length of the longest of `lines` that stays inside and crosses line n of `chosen`; 0 if there is none."""
    turned = lines.take(perpendicular(lines, float(chosen.angle[n]), tolerance_rad))
    met = turned.take(crossing(turned, chosen.start[n], chosen.end[n]))
    found = first_inside(mask, met)
    return 0.0 if found is None else float(met.length[found])


def _max_product(mask: NDArray[np.bool_], lines: Lines, tolerance_rad: float, least: float) -> tuple[float, float]:
    """As `_longest_first`, trying lines in the order of the product that they reach at most, while it can be better."""
    longest, across = _longest_first(mask, lines, tolerance_rad, least)
    least = max(least, longest * across)
    inside = all_inside(mask, lines.take(lines.length * lines.length[:1].sum() > least))
    bounds = inside.length * np.minimum(_longest_across(inside, tolerance_rad), inside.length)
    for n in np.argsort(-bounds, kind="stable"):
        if bounds[n] <= least * (1 + ROUNDING):
            break
        shorter = inside.take(slice(n, None))  # lines come longest first: the longer one of a pair is line n
        turned = shorter.take(perpendicular(shorter, float(inside.angle[n]), tolerance_rad))
        met = turned.length[crossing(turned, inside.start[n], inside.end[n])]
        if met.size and inside.length[n] * met[0] > least:
            longest, across = float(inside.length[n]), float(met[0])
            least = longest * across
    return longest, across


def _longest_across(lines: Lines, tolerance_rad: float) -> NDArray[np.float64]:
    """For each line, a length that no line at a right angle to it exceeds: the longest by direction, in bins."""
    bins = 180
    width = np.pi / bins
    longest = np.zeros(bins)
    place = np.minimum((lines.angle / width).astype(int), bins - 1)
    np.maximum.at(longest, place, lines.length)
    reach = int(np.ceil(tolerance_rad / width)) + 1
    around = np.max([np.roll(longest, bins // 2 + shift) for shift in range(-reach, reach + 1)], axis=0)
    return around[place]


def _components(slices: NDArray[np.bool_], plane: NDArray[np.float64]) -> list[tuple[float, int, NDArray[np.bool_]]]:
    """(a length that no line in it exceeds, slice, cut-out mask) of every component of every slice, largest first."""
    found = []
    for n, image in enumerate(slices):
        labels, _ = label_components(image, IN_PLANE_CONNECTIVITY)
        for value, (i, j) in enumerate(component_boxes(labels), start=1):
            span = np.array([i.stop - i.start - 1, j.stop - j.start - 1])
            diagonals = [np.linalg.norm(plane @ (span * (1, sign))) for sign in (1, -1)]
            found.append((float(max(diagonals)), n, labels[i, j] == value))
    return sorted(found, key=lambda item: -item[0])


def _in_plane(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 2) matrix with the same lengths and angles as the (3, 2) matrix of the slice's two axes."""
    return np.linalg.qr(columns)[1]


def _check(method: str, tolerance_deg: float) -> None:
    if method not in ("longest-first", "max-product"):
        raise InputError("bidimensional: method", repr(method), '"longest-first" or "max-product"', "Choose one.")
    if not 0 <= tolerance_deg <= 45:
        raise InputError("bidimensional: tolerance_deg", f"{tolerance_deg} degrees", "0 to 45", "Choose it near 5.")
