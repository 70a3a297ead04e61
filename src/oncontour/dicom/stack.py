"""Where the planes of a series lie: their order, their affine, and whether they are one regular stack at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import GeometryError, IncompleteSeriesError
from oncontour.core.grid import check_affine
from oncontour.dicom.geometry import to_ras
from oncontour.dicom.header import Frame
from oncontour.dicom.series import SAME_POSITION_MM

SLICE_TOLERANCE_MM = 0.1
"""How far a slice may lie from where a regular stack has it. Headers round positions to about 1e-3 mm, some to 1e-2."""

MAXIMUM_FILLED = 2
"""More slices missing than this are damage to an export, not a slip."""

MAXIMUM_BRIDGE_MM = 6.0
"""A gap no wider than this may be bridged: neighbours this near still show the same structures."""

SHEAR_NOTE_DEGREES = 0.5
"""From this tilt between slice normal and stacking direction on, the report says that the grid is sheared."""

_REMEDY = "Export the series again from the scanner or archive."


@dataclass(frozen=True)
class Stack:
    """Planes in order along the slice normal.

    Args:
        planes: for each slice the planes that lie there: one, several to be compared, or none where an isolated slice
            is missing, which its two neighbours bridge.
        affine: (4, 4), index (column, row, slice) -> RAS+ mm; sheared where the stack is.
        notes: what a reader should know.
    """

    planes: tuple[tuple[Frame, ...], ...]
    affine: NDArray[np.float64]
    notes: tuple[str, ...]


def arrange(label: str, frames: Sequence[Frame]) -> Stack:
    """Order planes along their normal and fit the affine (PS3.3 C.7.6.2.1.1).

    Raises:
        IncompleteSeriesError: planes without position, of several frames of reference, matrices or orientations, with
            slices missing that cannot be bridged, or at irregular distances.
        GeometryError: spacing or cosines that no scanner can have made.
    """
    _check_alike(label, frames)
    orientation = np.array(frames[0].orientation)
    row, column = orientation[:3], orientation[3:]
    if abs(row @ column) > 1e-2 or abs(np.linalg.norm(row) - 1) > 1e-2 or abs(np.linalg.norm(column) - 1) > 1e-2:
        found = f"direction cosines of length {np.linalg.norm(row):.3g} and {np.linalg.norm(column):.3g}"
        raise GeometryError(label, found, "two perpendicular unit vectors", _REMEDY)
    normal = np.cross(row, column)
    positions = np.array([frame.position for frame in frames], dtype=np.float64)
    depths = positions @ normal
    order = np.argsort(depths, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(depths[order]) > SAME_POSITION_MM])
    groups = np.split(order, starts[1:])
    places = positions[[group[0] for group in groups]]
    step, numbers = _regular(label, places, normal, frames[0])
    found = {int(number): tuple(frames[n] for n in group) for number, group in zip(numbers, groups, strict=True)}
    planes = tuple(found.get(n, ()) for n in range(int(numbers[-1]) + 1))
    between_rows, between_columns = frames[0].pixel_spacing or (0.0, 0.0)
    affine = np.eye(4)
    affine[:3] = np.stack([row * between_columns, column * between_rows, step, places[0]], axis=1)
    affine = to_ras(affine)
    check_affine(affine, label)
    tilt = np.degrees(np.arccos(np.clip(abs(step @ normal) / np.linalg.norm(step), 0, 1)))
    notes = []
    if tilt > SHEAR_NOTE_DEGREES:
        notes.append(f"{label}: slices are stacked {tilt:.1f} degrees off their normal; the sheared grid is kept")
    if missing := [n for n, here in enumerate(planes) if not here]:
        where = " and ".join(str(n + 1) for n in missing)
        notes.append(f"{label}: missing slice {where} of {len(planes)} bridged by the mean of its neighbours")
    return Stack(planes, affine, tuple(notes))


def _check_alike(label: str, frames: Sequence[Frame]) -> None:
    lost = sum(frame.position is None or frame.orientation is None or frame.pixel_spacing is None for frame in frames)
    if lost:
        found = f"{lost} of {len(frames)} slices without position, orientation or pixel spacing"
        raise IncompleteSeriesError(label, found, "all of them in every slice", _REMEDY)
    for what, values in (
        ("frames of reference", {frame.frame_of_reference for frame in frames if frame.frame_of_reference}),
        ("matrix sizes", {(frame.rows, frame.columns) for frame in frames}),
        ("pixel spacings", {frame.pixel_spacing for frame in frames}),
    ):
        if len(values) > 1:
            raise IncompleteSeriesError(label, f"{len(values)} {what} in {len(frames)} slices", "one", _REMEDY)
    orientations = np.array([frame.orientation for frame in frames])
    spread = np.abs(orientations - orientations[0]).max()
    if spread > 2e-3:
        found = f"slices turned against each other (direction cosines differ by {spread:.3g})"
        raise IncompleteSeriesError(label, found, "parallel slices", _REMEDY)


def _regular(
    label: str, places: NDArray[np.float64], normal: NDArray[np.float64], first: Frame
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Vector in LPS mm from one slice to the next, and the slice number of each place, gaps counted."""
    if len(places) == 1:
        return normal * (first.spacing or first.thickness or 1.0), np.zeros(1, dtype=int)
    gaps = np.diff(places @ normal)
    usual = float(np.median(gaps))
    numbers = np.r_[0, np.cumsum(np.round(gaps / usual).astype(int))]
    step = (places[-1] - places[0]) / numbers[-1]
    off = np.linalg.norm(places - places[0] - numbers[:, None] * step, axis=1)
    if off.max() > SLICE_TOLERANCE_MM or len(set(numbers)) < len(numbers):
        found = f"{len(places)} slices at irregular distances, {gaps.min():.4g} to {gaps.max():.4g} mm"
        expected = f"equal distances within {SLICE_TOLERANCE_MM} mm"
        raise IncompleteSeriesError(label, f"{found} (largest deviation {off.max():.3g} mm)", expected, _REMEDY)
    missing = int(numbers[-1]) + 1 - len(places)
    widest = int(gaps.argmax())
    lonely = np.diff(numbers).max() <= 2
    if missing and not (lonely and missing <= MAXIMUM_FILLED and gaps[widest] <= MAXIMUM_BRIDGE_MM):
        found = (
            f"{len(places)} slices {usual:.4g} mm apart with {missing} missing "
            f"(a gap of {gaps[widest]:.4g} mm after slice {widest + 1})"
        )
        raise IncompleteSeriesError(label, found, f"{len(places) + missing} slices without a gap", _REMEDY)
    return step, numbers
