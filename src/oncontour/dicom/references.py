"""The headers of a source series, made fit for a derived object to refer to, and where its slices lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import OutputError
from oncontour.core.study import Image
from oncontour.dicom.derived import blank_subject, copy_subject, source_header
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


@dataclass(frozen=True)
class SourceFrames:
    """Headers of a source series and where each slice of its volume lies.

    Args:
        headers: one a file, without pixels, as classic MR images whatever they are, because a derived object needs no
            more of them; all with one orientation, and the slice spacing that the positions have. What they said of
            the patient is blank, because highdicom refuses what is not valid.
        subject: what the first said of patient and study, valid or not.
        sop_class: what the files are.
        positions: (k, 3) centre of the first pixel of each slice of the volume, LPS mm, as the headers have it.
        planes: the plane at each of the k slices; None where the reader filled in a slice that the series lacks.
        own_frame: whether the series has no FrameOfReferenceUID (some anonymisers remove it), so that the derived
            object gets one of its own and only the references tie it to the series.
    """

    headers: tuple[Dataset, ...]
    subject: Dataset
    sop_class: str
    positions: NDArray[np.float64]
    planes: tuple[Plane | None, ...]
    own_frame: bool


@dataclass(frozen=True, eq=False)
class Plane:
    """One classic image, or one frame of an enhanced one.

    Args:
        file: index of its header.
        number: of the frame within an enhanced file, from 1 on; 0 in a classic one.
        place, orientation, measures: what holds its ImagePositionPatient, its ImageOrientationPatient, and its
            PixelSpacing and SliceThickness: functional groups, or the header itself.
    """

    file: int
    number: int
    place: Dataset
    orientation: Dataset
    measures: Dataset

    @cached_property
    def position(self) -> NDArray[np.float64]:
        """(3,) centre of the first pixel, LPS mm."""
        return np.array(self.place.ImagePositionPatient, dtype=np.float64)

    @cached_property
    def cosines(self) -> NDArray[np.float64]:
        """(2, 3) directions in which columns and rows grow, unit vectors, LPS."""
        rows = np.reshape(self.orientation.ImageOrientationPatient, (2, 3)).astype(np.float64)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def source_frames(image: Image) -> SourceFrames:
    """Headers and slice positions of the DICOM series that an image came from.

    Raises:
        OutputError: the image did not come from DICOM, or its files do not hold the slices of its volume.
    """
    import pydicom
    from pydicom.dataset import Dataset
    from pydicom.uid import MRImageStorage, generate_uid

    first = source_header(image)
    others = (pydicom.dcmread(f, stop_before_pixels=True, specific_tags=list(_FRAME_TAGS)) for f in image.files[1:])
    headers = (first, *others)
    own_frame = not first.get("FrameOfReferenceUID")
    if own_frame:
        for header in headers:
            header.FrameOfReferenceUID = generate_uid(entropy_srcs=[first.SeriesInstanceUID, "frame of reference"])
    sop_class = str(first.SOPClassUID)
    positions, chosen = planes_at_slices(headers, image)
    example = min((plane for plane in chosen if plane is not None), key=lambda plane: _turned(plane, image))
    position, cosines = example.place.ImagePositionPatient, example.orientation.ImageOrientationPatient
    spacing = f"{_slice_spacing(image.volume.affine):.10g}"
    between_pixels, thickness = example.measures.PixelSpacing, example.measures.get("SliceThickness") or spacing
    subject = Dataset()
    copy_subject(subject, first)
    blank_subject(first)
    for header in headers:
        header.SOPClassUID = MRImageStorage
        header.ImageOrientationPatient = cosines
        header.ImagePositionPatient = position
        header.PixelSpacing = between_pixels
        header.SliceThickness = thickness
        header.SpacingBetweenSlices = spacing
    return SourceFrames(headers, subject, sop_class, positions, chosen, own_frame)


def planes_at_slices(headers: Sequence[Dataset], image: Image) -> tuple[NDArray[np.float64], tuple[Plane | None, ...]]:
    """The slices' positions (k, 3) in LPS mm, and the plane at each; None where the series lacks that slice.

    Args:
        headers: of the image's files, in their order.
        image: read from DICOM.

    Raises:
        OutputError: the files do not hold the slices of the image's volume.
    """
    planes = [plane for n, header in enumerate(headers) for plane in _planes_of(header, n)]
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
    return positions, tuple(nearest)


def _planes_of(header: Dataset, file: int) -> Iterator[Plane]:
    """The planes of a file, by its header; `file` is the header's index."""
    if "PerFrameFunctionalGroupsSequence" not in header:
        if "ImagePositionPatient" in header:
            yield Plane(file, 0, header, header, header)
        return
    shared = header.SharedFunctionalGroupsSequence[0]
    for number, frame in enumerate(header.PerFrameFunctionalGroupsSequence, start=1):
        place, orientation, measures = (
            (frame if keyword in frame else shared)[keyword].value[0]
            for keyword in ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
        )
        yield Plane(file, number, place, orientation, measures)


def _turned(plane: Plane, image: Image) -> float:
    """Largest difference between a plane's direction cosines and those of the volume."""
    axes = to_lps(image.volume.affine)[:3, :2].T
    return float(np.abs(plane.cosines - axes / np.linalg.norm(axes, axis=1, keepdims=True)).max())


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
    derivations = [[] if plane is None else [_derivation(source, plane)] for plane in source.planes]
    for frame in derived.PerFrameFunctionalGroupsSequence:
        position = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, dtype=np.float64)
        frame.DerivationImageSequence = derivations[np.abs(source.positions - position).max(axis=1).argmin()]


def reference_to(sop_class: str, header: Dataset, plane: Plane) -> Dataset:
    """An item of a Source Image Sequence (PS3.3 C.7.6.1.1.4): the plane on which something was drawn.

    Args:
        sop_class: of the plane's file.
        header: of that file.
    """
    from pydicom.dataset import Dataset
    from pydicom.sr.codedict import codes

    reference = Dataset()
    reference.ReferencedSOPClassUID = sop_class
    reference.ReferencedSOPInstanceUID = header.SOPInstanceUID
    if plane.number:
        reference.ReferencedFrameNumber = plane.number
    reference.SpatialLocationsPreserved = "YES"
    reference.PurposeOfReferenceCodeSequence = [_coded(codes.DCM.SourceImageForImageProcessingOperation)]
    return reference


def _derivation(source: SourceFrames, plane: Plane) -> Dataset:
    from pydicom.dataset import Dataset
    from pydicom.sr.codedict import codes

    derivation = Dataset()
    derivation.SourceImageSequence = [reference_to(source.sop_class, source.headers[plane.file], plane)]
    derivation.DerivationCodeSequence = [_coded(codes.cid7203.SegmentationImageDerivation)]
    return derivation


def _coded(code: tuple) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code[:3]
    return item
