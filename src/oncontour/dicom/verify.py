"""A DICOM SEG read back, voxel by voxel in the world, and compared with the masks that it was made from.

Shares nothing with the writing but the conversion from LPS to RAS: plain pydicom, and every voxel placed by its own
frame's position and orientation (PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

from dataclasses import dataclass
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

POSITION_TOLERANCE_MM = 0.1
"""No voxel may come back further from its place: more than headers round, less than any voxel of a brain scan."""

VOLUME_TOLERANCE = 1e-3
"""Relative; spacing in a header is rounded text, and slices may be spaced unevenly by as much."""

_REMEDY = "Do not send this object; report it with the series' geometry."


@dataclass(frozen=True)
class _Segment:
    """Positions (n, 3) of a segment's voxels in RAS mm, and the volume in mm3 that the file's spacing gives them."""

    label: str
    positions: NDArray[np.float64]
    volume_mm3: float


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
    count, expected = len(segment.positions), int(np.count_nonzero(mask))
    if count != expected:
        raise OutputError(where, f"{count} voxels", f"{expected}", _REMEDY)
    name, limit = f"DICOM SEG {region.name}", f"the same voxels, within {POSITION_TOLERANCE_MM} mm"
    if count == 0:
        return Check(name, "ok", None, "mm", limit, f"{region.title}: empty, as in the mask.")
    _compare_positions(where, segment.positions, mask, grid)
    volume = expected * grid.voxel_volume_mm3
    if abs(segment.volume_mm3 - volume) > VOLUME_TOLERANCE * volume:
        raise OutputError(where, f"{segment.volume_mm3:.1f} mm3", f"{volume:.1f} mm3", _REMEDY)
    centroid = grid.to_world(np.argwhere(mask).mean(axis=0))
    distance = float(np.linalg.norm(segment.positions.mean(axis=0) - centroid))
    message = f"{region.title}: {count} voxels, {volume / 1000:.2f} mL, centroid {distance:.2g} mm from the mask's."
    return Check(name, "ok", distance, "mm", limit, message)


def _compare_positions(where: str, positions: NDArray[np.float64], mask: NDArray[np.bool_], grid: Grid) -> None:
    """Every voxel of the file must lie on a voxel of the mask; with equal counts that makes them the same voxels."""
    index = np.rint(grid.to_index(positions)).astype(np.intp)
    inside = ((index >= 0) & (index < grid.shape)).all(axis=1)
    matched = np.zeros(len(index), dtype=np.bool_)
    matched[inside] = mask[tuple(index[inside].T)]
    if not matched.all():
        found = f"{np.count_nonzero(~matched)} of {len(matched)} voxels outside the mask"
        raise OutputError(where, found, "every voxel where the mask has it", _REMEDY)
    off = float(np.linalg.norm(grid.to_world(index) - positions, axis=1).max())
    if off > POSITION_TOLERANCE_MM:
        raise OutputError(where, f"a voxel {off:.3g} mm off", f"at most {POSITION_TOLERANCE_MM} mm", _REMEDY)


def _read(path: Path) -> list[_Segment]:
    import pydicom

    dataset = pydicom.dcmread(path)
    frames = dataset.PerFrameFunctionalGroupsSequence
    shared = dataset.SharedFunctionalGroupsSequence[0]
    size = dataset.Rows * dataset.Columns
    bits = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little", count=len(frames) * size)
    pixels = bits.reshape(len(frames), dataset.Rows, dataset.Columns)
    positions = {int(item.SegmentNumber): [np.empty((0, 3))] for item in dataset.SegmentSequence}
    volumes = dict.fromkeys(positions, 0.0)
    for frame, picture in zip(frames, pixels, strict=True):
        number = int(_group(frame, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)
        affine, area_mm2 = _frame_affine(frame, shared)
        row, column = np.nonzero(picture)
        positions[number].append(affine[:3, 3] + column[:, None] * affine[:3, 0] + row[:, None] * affine[:3, 1])
        measures = _group(frame, shared, "PixelMeasuresSequence")
        thickness = measures.get("SpacingBetweenSlices") or measures.SliceThickness
        volumes[number] += len(row) * area_mm2 * float(thickness)
    return [
        _Segment(item.SegmentLabel, np.concatenate(positions[item.SegmentNumber]), volumes[item.SegmentNumber])
        for item in dataset.SegmentSequence
    ]


def _group(frame: Dataset, shared: Dataset, keyword: str) -> Dataset:
    """A functional group, which a file may hold for each frame or once for all."""
    return (frame if keyword in frame else shared)[keyword].value[0]


def _frame_affine(frame: Dataset, shared: Dataset) -> tuple[NDArray[np.float64], float]:
    """Matrix from (column, row, 0) of a frame to RAS mm, and the area of a pixel in mm2."""
    cosines = np.array(_group(frame, shared, "PlaneOrientationSequence").ImageOrientationPatient, dtype=np.float64)
    between_rows, between_columns = map(float, _group(frame, shared, "PixelMeasuresSequence").PixelSpacing)
    affine = np.eye(4)
    affine[:3, 0] = cosines[:3] * between_columns
    affine[:3, 1] = cosines[3:] * between_rows
    affine[:3, 2] = np.cross(cosines[:3], cosines[3:])
    affine[:3, 3] = np.array(_group(frame, shared, "PlanePositionSequence").ImagePositionPatient, dtype=np.float64)
    return to_ras(affine), between_rows * between_columns
