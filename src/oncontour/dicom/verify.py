"""A DICOM SEG read back, voxel by voxel in the world, and compared with the masks that it was made from.

Shares nothing with the writing but the conversion from LPS to RAS: plain pydicom, and every voxel placed by its own
frame's position and orientation (PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.checks import Check
from oncontour.core.errors import OutputError
from oncontour.core.grid import Grid
from oncontour.core.labels import LabelScheme, Region
from oncontour.core.volume import Volume
from oncontour.dicom.geometry import to_ras

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

POSITION_TOLERANCE_MM = 0.2
"""No voxel may come back further from its place: twice what a slice may lie off a regular stack, under any voxel."""

VOLUME_TOLERANCE = 1e-3
"""Relative; spacing in a header is rounded text, and slices may be spaced unevenly by as much."""

_REMEDY = "Do not send this object; report it with the series' geometry."


@dataclass(frozen=True)
class _Frame:
    """A frame of a SEG as the file has it.

    Args:
        picture: (row, column) pixels, 0 or 1.
        plane: (4, 3) matrix from (column, row, 1) to RAS mm.
        voxel_mm3: volume that the file's spacing gives a voxel.
    """

    picture: NDArray[np.uint8]
    plane: NDArray[np.float64]
    voxel_mm3: float

    @cached_property
    def pixels(self) -> NDArray[np.intp]:
        """(n, 3) column, row and 1 of each pixel that is set."""
        row, column = np.nonzero(self.picture)
        return np.column_stack([column, row, np.ones_like(row)])

    @property
    def corners(self) -> NDArray[np.intp]:
        """(4, 3) column, row and 1 of the corner pixels."""
        rows, columns = self.picture.shape
        return np.array([(column, row, 1) for column in (0, columns - 1) for row in (0, rows - 1)])


@dataclass(frozen=True)
class _Segment:
    label: str
    frames: list[_Frame]


def verify_segmentation(path: Path, regions: Volume, scheme: LabelScheme) -> tuple[Check, ...]:
    """Read a SEG back and compare each segment with its mask: voxels, volume and centroid in the world.

    Args:
        path: the SEG.
        regions: (R, i, j, k) boolean masks that it was made from.
        scheme: the R regions, in the order of the segments.

    Returns:
        One check a region; its value is the distance in mm between the centroids, None for an empty region.

    Raises:
        OutputError: the file has other segments, or a segment differs from its mask.
    """
    segments = _read(path)
    if len(segments) != len(scheme.regions):
        raise OutputError(path.name, f"{len(segments)} segments", f"{len(scheme.regions)}", _REMEDY)
    return tuple(
        _compare(path.name, segment, region, mask, regions.grid)
        for segment, region, mask in zip(segments, scheme.regions, regions.array, strict=True)
    )


def _compare(where: str, segment: _Segment, region: Region, mask: NDArray[np.bool_], grid: Grid) -> Check:
    where = f"{where}, segment {region.name}"
    if segment.label != region.title:
        raise OutputError(where, f"label {segment.label!r}", repr(region.title), _REMEDY)
    counts = np.array([len(frame.pixels) for frame in segment.frames])
    count, expected = int(counts.sum()), int(np.count_nonzero(mask))
    if count != expected:
        raise OutputError(where, f"{count} voxels", f"{expected}", _REMEDY)
    for frame in segment.frames:
        _compare_frame(where, frame, mask, grid)
    name, limit = f"DICOM SEG {region.name}", f"the same voxels, within {POSITION_TOLERANCE_MM} mm"
    if count == 0:
        return Check(name, "ok", None, "mm", limit, f"{region.title}: empty, as in the mask.")
    volume = expected * grid.voxel_volume_mm3
    found = float(counts @ [frame.voxel_mm3 for frame in segment.frames])
    if abs(found - volume) > VOLUME_TOLERANCE * volume:
        raise OutputError(where, f"{found:.1f} mm3", f"{volume:.1f} mm3", _REMEDY)
    moment = np.sum([frame.plane @ frame.pixels.sum(axis=0) for frame in segment.frames], axis=0)
    distance = float(np.linalg.norm(moment[:3] / count - grid.to_world(_centroid(mask))))
    message = f"{region.title}: {count} voxels, {volume / 1000:.2f} mL, centroid {distance:.2g} mm from the mask's."
    return Check(name, "ok", distance, "mm", limit, message)


def _centroid(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean voxel index (3,) of a mask that is not empty."""
    profiles = (np.count_nonzero(mask, axis=axes) for axes in ((1, 2), (0, 2), (0, 1)))
    return np.array([profile @ np.arange(len(profile)) / profile.sum() for profile in profiles])


def _compare_frame(where: str, frame: _Frame, mask: NDArray[np.bool_], grid: Grid) -> None:
    """Every pixel of a frame must lie on a voxel of the grid, and every pixel that is set on one of the mask.

    The map from pixels to voxels is affine, so the corners speak for all. With equal counts, and no two frames of a
    segment at one place, each set pixel on a mask's voxel makes them the same voxels.
    """
    to_voxel = np.rint(grid.inverse @ frame.plane)[:3].astype(np.intp)
    off = np.linalg.norm(grid.to_world(frame.corners @ to_voxel.T) - frame.corners @ frame.plane[:3].T, axis=1).max()
    if off > POSITION_TOLERANCE_MM:
        raise OutputError(where, f"a voxel {off:.3g} mm off", f"at most {POSITION_TOLERANCE_MM} mm", _REMEDY)
    i, j, k = to_voxel @ frame.pixels.T
    inside = (i >= 0) & (i < grid.shape[0]) & (j >= 0) & (j < grid.shape[1]) & (k >= 0) & (k < grid.shape[2])
    outside = len(i) - int(np.count_nonzero(mask[i[inside], j[inside], k[inside]]))
    if outside:
        found = f"{outside} of a frame's {len(i)} voxels outside the mask"
        raise OutputError(where, found, "every voxel where the mask has it", _REMEDY)


def _read(path: Path) -> list[_Segment]:
    import pydicom

    dataset = pydicom.dcmread(path)
    groups = dataset.PerFrameFunctionalGroupsSequence
    shared = dataset.SharedFunctionalGroupsSequence[0]
    size = dataset.Rows * dataset.Columns
    bits = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little", count=len(groups) * size)
    pictures = bits.reshape(len(groups), dataset.Rows, dataset.Columns)
    segments = {int(item.SegmentNumber): _Segment(item.SegmentLabel, []) for item in dataset.SegmentSequence}
    for group, picture in zip(groups, pictures, strict=True):
        number = int(_group(group, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)
        segments[number].frames.append(_Frame(picture, *_plane(group, shared)))
    for segment in segments.values():
        _check_no_two_at_one_place(path.name, segment)
    return list(segments.values())


def _check_no_two_at_one_place(where: str, segment: _Segment) -> None:
    places = {tuple(np.round(frame.plane[:3, 2], 2)) for frame in segment.frames}
    if len(places) < len(segment.frames):
        found = f"{len(segment.frames)} frames at {len(places)} places"
        raise OutputError(f"{where}, segment {segment.label}", found, "one frame a place", _REMEDY)


def _group(group: Dataset, shared: Dataset, keyword: str) -> Dataset:
    """A functional group, which a file may hold for each frame or once for all."""
    return (group if keyword in group else shared)[keyword].value[0]


def _plane(group: Dataset, shared: Dataset) -> tuple[NDArray[np.float64], float]:
    """Matrix (4, 3) from (column, row, 1) of a frame to RAS mm, and the volume of a voxel in mm3."""
    cosines = np.array(_group(group, shared, "PlaneOrientationSequence").ImageOrientationPatient, dtype=np.float64)
    measures = _group(group, shared, "PixelMeasuresSequence")
    between_rows, between_columns = map(float, measures.PixelSpacing)
    between_slices = float(measures.get("SpacingBetweenSlices") or measures.SliceThickness)
    affine = np.eye(4)
    affine[:3, 0] = cosines[:3] * between_columns
    affine[:3, 1] = cosines[3:] * between_rows
    affine[:3, 3] = np.array(_group(group, shared, "PlanePositionSequence").ImagePositionPatient, dtype=np.float64)
    return to_ras(affine)[:, [0, 1, 3]], between_rows * between_columns * between_slices
