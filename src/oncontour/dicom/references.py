"""The headers of a source series, made fit for a derived object to refer to, and where its slices lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import OutputError
from oncontour.core.grid import Grid
from oncontour.core.study import Image
from oncontour.dicom.geometry import to_lps

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SLICE_TOLERANCE_MM = 0.1
"""A slice of the volume and its DICOM frame lie at one place. Headers round positions to about 1e-3 mm, and a reader
that fits one affine to them moves a slice by little more; a slice taken for its neighbour is off by the spacing."""

LEAST_SHARE_OF_SLICES = 0.5
"""A reader may fill in a missing slice or two; when most have no frame, volume and files do not belong together."""

COSINE_TOLERANCE = 1e-3
"""Frames whose direction cosines differ by less lie in parallel: 1e-3 moves the far corner of a head by 0.2 mm."""

_FRAME_TAGS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "Rows",
    "Columns",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
)

_MAY_BE_EMPTY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
)
"""Type 2 attributes: an image must have them, perhaps empty. Anonymisers remove them altogether."""


@dataclass(frozen=True)
class SourceFrames:
    """Headers of a source series and where each slice of its volume lies.

    Args:
        headers: without pixels; one a file of a classic series, or the one header of a multi-frame object. All share
            one orientation and one spacing, which are the true ones (measured from the positions).
        positions: (k, 3) centre of the first pixel of each slice of the volume, LPS mm, as the headers have it.
        frames: (k,) index of the file (classic) or frame (multi-frame) of each slice, -1 for a slice that the reader
            filled in because the series lacks it.
    """

    headers: tuple[Dataset, ...]
    positions: NDArray[np.float64]
    frames: NDArray[np.intp]


def source_frames(image: Image) -> SourceFrames:
    """Headers and slice positions of the DICOM series that an image came from.

    Raises:
        OutputError: the image did not come from DICOM, or its files do not hold the slices of its volume.
    """
    if not image.dicom:
        remedy = "Give the study as DICOM, or leave out the DICOM output."
        raise OutputError(image.source, "an image that was read from NIfTI", "a DICOM series to refer to", remedy)
    first = _read(image.files[0])
    if "FrameOfReferenceUID" not in first:
        remedy = "Anonymise again with a tool that replaces UIDs and does not remove them."
        raise OutputError(image.source, "no FrameOfReferenceUID", "one (PS3.3 C.7.4.1)", remedy)
    for keyword in _MAY_BE_EMPTY:
        if keyword not in first:
            setattr(first, keyword, "")
    if "PerFrameFunctionalGroupsSequence" in first:
        headers, positions = (first,), _share_geometry(first, image)
    else:
        headers = (first, *(_read(file, _FRAME_TAGS) for file in image.files[1:]))
        positions = np.array([header.ImagePositionPatient for header in headers], dtype=np.float64)
    _use_measured_geometry(headers, image.volume.grid)
    return _match(headers, positions, image)


def _read(file: Path, tags: tuple[str, ...] | None = None) -> Dataset:
    import pydicom

    return pydicom.dcmread(file, stop_before_pixels=True, specific_tags=None if tags is None else list(tags))


def _share_geometry(header: Dataset, image: Image) -> NDArray[np.float64]:
    """Move orientation and spacing of an enhanced object into its shared group; return each frame's position."""
    shared = header.SharedFunctionalGroupsSequence[0]
    frames = header.PerFrameFunctionalGroupsSequence
    for keyword in ("PlaneOrientationSequence", "PixelMeasuresSequence"):
        if keyword not in shared:
            setattr(shared, keyword, frames[0][keyword].value)
    cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, dtype=np.float64)
    for n, frame in enumerate(frames, start=1):
        if "PlaneOrientationSequence" not in frame:
            continue
        turned = np.abs(
            np.array(frame.PlaneOrientationSequence[0].ImageOrientationPatient, dtype=float) - cosines
        ).max()
        if turned > COSINE_TOLERANCE:
            found = f"frame {n} turned against the first (direction cosines differ by {turned:.3g})"
            raise OutputError(image.source, found, "parallel frames", "Export the series as one stack a file.")
        del frame.PlaneOrientationSequence
    return np.array([frame.PlanePositionSequence[0].ImagePositionPatient for frame in frames], dtype=np.float64)


def _match(headers: tuple[Dataset, ...], positions: NDArray[np.float64], image: Image) -> SourceFrames:
    """Find the frame at each slice of the volume, by where it lies."""
    affine = to_lps(image.volume.affine)
    wanted = affine[:3, 3] + np.arange(image.volume.grid.shape[2])[:, None] * affine[:3, 2]
    distance = np.linalg.norm(wanted[:, None] - positions[None], axis=2)
    frames = distance.argmin(axis=1)
    found = distance.min(axis=1) <= SLICE_TOLERANCE_MM
    if np.count_nonzero(found) < LEAST_SHARE_OF_SLICES * len(wanted):
        text = f"{np.count_nonzero(~found)} of {len(wanted)} slices where none of {len(positions)} frames lies"
        raise OutputError(
            image.source, text, f"frames within {SLICE_TOLERANCE_MM} mm", "Use the masks in NIfTI instead."
        )
    return SourceFrames(headers, np.where(found[:, None], positions[frames], wanted), np.where(found, frames, -1))


def _use_measured_geometry(headers: tuple[Dataset, ...], grid: Grid) -> None:
    """Give all headers one orientation, and the slice spacing that their positions have.

    SpacingBetweenSlices in a header is often the gap, or absent; a reader of the derived object trusts it.
    """
    normal = np.cross(grid.affine[:3, 0], grid.affine[:3, 1])
    spacing = float(abs(normal @ grid.affine[:3, 2]) / np.linalg.norm(normal))
    first = headers[0]
    if "SharedFunctionalGroupsSequence" in first:
        measures = (first.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0],)
    else:
        measures = headers
        for header in headers[1:]:
            header.ImageOrientationPatient = first.ImageOrientationPatient
    for item in measures:
        item.SpacingBetweenSlices = f"{spacing:.10g}"
        if not item.get("SliceThickness"):
            item.SliceThickness = f"{spacing:.10g}"


def refer(derived: Dataset, source: SourceFrames) -> None:
    """Let each frame of a derived multi-frame object name the source frame that lies at the same place.

    A frame at a slice that the series lacks has an empty sequence, type 2 in PS3.3 C.7.6.16.2.6.
    """
    for frame in derived.PerFrameFunctionalGroupsSequence:
        position = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, dtype=np.float64)
        n = int(source.frames[np.abs(source.positions - position).max(axis=1).argmin()])
        frame.DerivationImageSequence = [] if n < 0 else [_derivation(source, n)]


def _derivation(source: SourceFrames, n: int) -> Dataset:
    from pydicom.dataset import Dataset
    from pydicom.sr.codedict import codes

    def coded(code: tuple) -> Dataset:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code[:3]
        return item

    header = source.headers[n if len(source.headers) > 1 else 0]
    reference = Dataset()
    reference.ReferencedSOPClassUID = header.SOPClassUID
    reference.ReferencedSOPInstanceUID = header.SOPInstanceUID
    if "NumberOfFrames" in header:
        reference.ReferencedFrameNumber = n + 1
    reference.SpatialLocationsPreserved = "YES"
    reference.PurposeOfReferenceCodeSequence = [coded(codes.DCM.SourceImageForImageProcessingOperation)]
    derivation = Dataset()
    derivation.SourceImageSequence = [reference]
    derivation.DerivationCodeSequence = [coded(codes.DCM.Segmentation)]
    return derivation
