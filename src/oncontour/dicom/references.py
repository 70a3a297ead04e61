"""The headers of a source series, made fit for a derived object to refer to, and where its slices lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import OutputError
from oncontour.core.study import Image
from oncontour.dicom.geometry import to_lps

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SLICE_TOLERANCE_MM = 0.1
"""A slice of the volume and its DICOM frame lie at one place. Headers round positions to about 1e-3 mm, and a reader
that fits one affine to them moves a slice by little more; a slice taken for its neighbour is off by the spacing."""

LEAST_SHARE_OF_SLICES = 0.5
"""A reader may fill in a missing slice or two; when most have no frame, volume and files do not belong together."""

COSINE_TOLERANCE = 2e-3
"""Frames whose direction cosines differ by less from the volume's are its slices; others of the same file are not."""

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
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
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
        headers: one a file, without pixels, as classic MR images whatever they are, because a derived object needs no
            more of them; all with one orientation, and the slice spacing that the positions have.
        sop_class: what the files are.
        positions: (k, 3) centre of the first pixel of each slice of the volume, LPS mm, as the headers have it.
        files: (k,) index of each slice's header; -1 where the reader filled in a slice that the series lacks.
        numbers: (k,) number of the frame within an enhanced file, from 1 on; 0 in a classic one.
        own_frame: whether the series has no FrameOfReferenceUID (some anonymisers remove it), so that the derived
            object gets one of its own and only the references tie it to the series.
    """

    headers: tuple[Dataset, ...]
    sop_class: str
    positions: NDArray[np.float64]
    files: NDArray[np.intp]
    numbers: NDArray[np.intp]
    own_frame: bool


@dataclass(frozen=True)
class _Plane:
    """One classic image, or one frame of an enhanced one; `measures` holds its PixelSpacing and SliceThickness."""

    file: int
    number: int
    position: NDArray[np.float64]
    cosines: list[float]
    measures: Dataset


def source_frames(image: Image) -> SourceFrames:
    """Headers and slice positions of the DICOM series that an image came from.

    Raises:
        OutputError: the image did not come from DICOM, or its files do not hold the slices of its volume.
    """
    import pydicom
    from pydicom.uid import MRImageStorage, generate_uid

    if not image.dicom:
        remedy = "Give the study as DICOM, or leave out the DICOM output."
        raise OutputError(image.source, "an image that was read from NIfTI", "a DICOM series to refer to", remedy)
    first = pydicom.dcmread(image.files[0], stop_before_pixels=True)
    others = (pydicom.dcmread(f, stop_before_pixels=True, specific_tags=list(_FRAME_TAGS)) for f in image.files[1:])
    headers = (first, *others)
    own_frame = not first.get("FrameOfReferenceUID")
    if own_frame:
        for header in headers:
            header.FrameOfReferenceUID = generate_uid(entropy_srcs=[first.SeriesInstanceUID, "frame of reference"])
    sop_class = str(first.SOPClassUID)
    planes = [plane for n, header in enumerate(headers) for plane in _planes(header, n)]
    positions, chosen = _match(planes, image)
    example = min((plane for plane in chosen if plane is not None), key=lambda plane: _turned(plane, image))
    spacing = f"{_slice_spacing(image.volume.affine):.10g}"
    for keyword in _MAY_BE_EMPTY:
        if keyword not in first:
            setattr(first, keyword, "")
    for header in headers:
        header.SOPClassUID = MRImageStorage
        header.ImageOrientationPatient = example.cosines
        header.ImagePositionPatient = example.position.tolist()
        header.PixelSpacing = example.measures.PixelSpacing
        header.SliceThickness = example.measures.get("SliceThickness") or spacing
        header.SpacingBetweenSlices = spacing
    return SourceFrames(
        headers,
        sop_class,
        positions,
        np.array([-1 if plane is None else plane.file for plane in chosen]),
        np.array([0 if plane is None else plane.number for plane in chosen]),
        own_frame,
    )


def _planes(header: Dataset, file: int) -> Iterator[_Plane]:
    if "PerFrameFunctionalGroupsSequence" not in header:
        if "ImagePositionPatient" in header:
            position = np.array(header.ImagePositionPatient, dtype=np.float64)
            yield _Plane(file, 0, position, list(header.ImageOrientationPatient), header)
        return
    shared = header.SharedFunctionalGroupsSequence[0]
    for number, frame in enumerate(header.PerFrameFunctionalGroupsSequence, start=1):
        place, orientation, measures = (
            (frame if keyword in frame else shared)[keyword].value[0]
            for keyword in ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
        )
        position = np.array(place.ImagePositionPatient, dtype=np.float64)
        yield _Plane(file, number, position, list(orientation.ImageOrientationPatient), measures)


def _match(planes: list[_Plane], image: Image) -> tuple[NDArray[np.float64], list[_Plane | None]]:
    """The plane at each slice of the volume, by where it lies, and the slices' positions in LPS mm."""
    affine = to_lps(image.volume.affine)
    parallel = [plane for plane in planes if _turned(plane, image) <= COSINE_TOLERANCE]
    wanted = affine[:3, 3] + np.arange(image.volume.grid.shape[2])[:, None] * affine[:3, 2]
    places = np.array([plane.position for plane in parallel]).reshape(-1, 3)
    distance = np.linalg.norm(wanted[:, None] - places[None], axis=2)
    nearest = [parallel[row.argmin()] if row.min(initial=np.inf) <= SLICE_TOLERANCE_MM else None for row in distance]
    missing = nearest.count(None)
    if missing > (1 - LEAST_SHARE_OF_SLICES) * len(nearest):
        found = f"{missing} of {len(nearest)} slices where none of {len(planes)} frames lies"
        raise OutputError(
            image.source, found, f"frames within {SLICE_TOLERANCE_MM} mm", "Use the masks in NIfTI instead."
        )
    positions = np.array([at if plane is None else plane.position for at, plane in zip(wanted, nearest, strict=True)])
    return positions, nearest


def _turned(plane: _Plane, image: Image) -> float:
    """Largest difference between a plane's direction cosines and those of the volume."""
    axes = to_lps(image.volume.affine)[:3, :2].T
    cosines = np.reshape(plane.cosines, (2, 3)).astype(np.float64)
    axes, cosines = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (axes, cosines))
    return float(np.abs(cosines - axes).max())


def _slice_spacing(affine: NDArray[np.float64]) -> float:
    """Distance in mm between slices along their normal.

    Measured, because SpacingBetweenSlices in a header is often the gap, or absent, and readers of the derived object
    trust it.
    """
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    return float(abs(normal @ affine[:3, 2]) / np.linalg.norm(normal))


def refer(derived: Dataset, source: SourceFrames) -> None:
    """Let a derived multi-frame object, and each frame of it that lies where a source frame does, name its source.

    A frame at a slice that the series lacks has an empty sequence (type 2 in PS3.3 C.7.6.16.2.6).
    """
    for reference in derived.SourceImageSequence:
        reference.ReferencedSOPClassUID = source.sop_class
    for series in derived.ReferencedSeriesSequence:
        for reference in series.ReferencedInstanceSequence:
            reference.ReferencedSOPClassUID = source.sop_class
    derivations = [[] if file < 0 else [_derivation(source, k)] for k, file in enumerate(source.files)]
    for frame in derived.PerFrameFunctionalGroupsSequence:
        position = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, dtype=np.float64)
        frame.DerivationImageSequence = derivations[np.abs(source.positions - position).max(axis=1).argmin()]


def _derivation(source: SourceFrames, k: int) -> Dataset:
    from pydicom.dataset import Dataset
    from pydicom.sr.codedict import codes

    def coded(code: tuple) -> Dataset:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code[:3]
        return item

    reference = Dataset()
    reference.ReferencedSOPClassUID = source.sop_class
    reference.ReferencedSOPInstanceUID = source.headers[source.files[k]].SOPInstanceUID
    if source.numbers[k]:
        reference.ReferencedFrameNumber = int(source.numbers[k])
    reference.SpatialLocationsPreserved = "YES"
    reference.PurposeOfReferenceCodeSequence = [coded(codes.DCM.SourceImageForImageProcessingOperation)]
    derivation = Dataset()
    derivation.SourceImageSequence = [reference]
    derivation.DerivationCodeSequence = [coded(codes.cid7203.SegmentationImageDerivation)]
    return derivation
