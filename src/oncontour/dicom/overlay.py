"""Pictures of a series' slices, outlines burnt in, written as a colour series that viewers stack beside the source.

Secondary Capture Image Storage (PS3.3 A.8.1), because MR Image Storage knows no colour (C.8.3.1: one sample a pixel).
The IOD has no Image Plane or Frame of Reference module, so the source's geometry is added to it as a Standard Extended
SOP Class (PS3.2 section 3.11.3): viewers stack, localise and link by these attributes, whatever the SOP class.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import OutputError
from oncontour.core.orientation import HEAD_FEET
from oncontour.core.study import Image
from oncontour.dicom.derived import carried_over, new_object, save, source_header, uid
from oncontour.dicom.references import Plane, planes_at_slices, reference_to

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

PLANES = {"S": "axial", "I": "axial", "A": "coronal", "P": "coronal", "R": "sagittal", "L": "sagittal"}
"""Name of the plane by the direction from slice to slice."""

DERIVATION = "Window applied; outlines of segmented regions, key, orientation and mark burnt in; research use only"

_FROM_SLICE = (
    "FrameOfReferenceUID", "PositionReferenceIndicator", "PatientPosition", "AcquisitionNumber",
    "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "InstanceNumber", "SliceLocation",
    "SpacingBetweenSlices", "LossyImageCompressionRatio", "LossyImageCompressionMethod",
)  # fmt: skip
"""Copied from the slice, where it has them; SliceThickness and the Image Plane come beside them."""

_GEOMETRY = {
    "ImagePositionPatient": "place", "ImageOrientationPatient": "orientation", "PixelSpacing": "measures",
    "SliceThickness": "measures", "SpacingBetweenSlices": "measures",
}  # fmt: skip
"""By the part of a plane (`Plane`) that holds it."""


def overlay_description(image: Image) -> str:
    """SeriesDescription of an overlay, by the plane that its slices have or are nearest to."""
    plane = PLANES[image.volume.grid.axis_codes[2]]
    return f"{image.sequence} {plane} overlay, research use only"


def write_overlay(
    pictures: NDArray[np.uint8], source: Image, folder: Path, *, number: int, algorithm: str, version: str
) -> tuple[Path, ...]:
    """Write a picture for each slice of the source, one file a slice, with that slice's geometry.

    A slice that the reader filled in, which the series lacks, gets none. The UIDs follow from pictures, source,
    algorithm and version: the same result sent twice is one object.

    Args:
        pictures: (k, rows, columns, RGB) of the slices k of the source's volume.
        source: the image that they show; read from DICOM, classic or enhanced.
        folder: made if needed; the files are 0001.dcm and so on, in the order of the slices.
        number: SeriesNumber.
        algorithm: name of the algorithm, such as the bundle's name.
        version: its version.

    Returns:
        The files.

    Raises:
        OutputError: the source is not DICOM, pictures and slices differ, or a file cannot be written.
    """
    import pydicom
    from pydicom.uid import UID, SecondaryCaptureImageStorage

    shape = (*source.volume.grid.shape[::-1], 3)
    if pictures.shape != shape or pictures.dtype != np.uint8:
        found = f"array of {pictures.dtype}, shape {pictures.shape}"
        raise OutputError("overlay", found, f"uint8, shape {shape}", "Draw on the source's own slices.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = f"an operating system error: {error.strerror}"
        raise OutputError(folder, found, "a folder that can be written", "Choose another folder.") from error
    with carried_over():
        others = (pydicom.dcmread(file, stop_before_pixels=True) for file in source.files[1:])
        headers = (source_header(source), *others)
        digest = sha256(pictures.tobytes())
        for text in (algorithm, version, *(header.SOPInstanceUID for header in headers)):
            digest.update(b"\0" + text.encode())
        series = uid(digest.hexdigest(), "overlay series")
        picture = new_object(
            SecondaryCaptureImageStorage,
            headers[0],
            modality=str(headers[0].get("Modality") or "MR"),
            series=series,
            number=number,
            instance=series,
            description=overlay_description(source),
            algorithm=algorithm,
            version=version,
        )
        _describe(picture, source)
        made = []
        for k, plane in enumerate(planes_at_slices(headers, source)[1]):
            if plane is None:
                continue
            header = headers[plane.file]
            picture.SOPInstanceUID = picture.file_meta.MediaStorageSOPInstanceUID = UID(uid(series, k))
            _place(picture, header, plane)
            _show(picture, pictures[k], header)
            picture.SourceImageSequence = [reference_to(header.SOPClassUID, header, plane)]
            made.append(folder / f"{k + 1:04d}.dcm")
            save(picture, made[-1])  # The same object again: of a slice's picture little is its own.
    return tuple(made)


def _describe(picture: Dataset, source: Image) -> None:
    """Say what all pictures of a series have in common, and how they came about."""
    picture.ImageType = ["DERIVED", "SECONDARY"]
    picture.DerivationDescription = DERIVATION
    picture.BurnedInAnnotation = "YES"
    picture.PatientOrientation = list(source.volume.grid.axis_codes[:2].translate(HEAD_FEET))
    picture.SamplesPerPixel, picture.PhotometricInterpretation, picture.PlanarConfiguration = 3, "RGB", 0
    picture.BitsAllocated, picture.BitsStored, picture.HighBit, picture.PixelRepresentation = 8, 8, 7, 0


def _place(picture: Dataset, header: Dataset, plane: Plane) -> None:
    """Give a picture the geometry and the numbers of its slice, and nothing of the one before."""
    for keyword in (*_FROM_SLICE, *_GEOMETRY):
        picture.pop(keyword, None)
    for keyword in _FROM_SLICE:
        if keyword in header:
            picture[keyword] = header[keyword]
    for keyword, part in _GEOMETRY.items():
        group = getattr(plane, part)
        if keyword in group:
            picture[keyword] = group[keyword]
    if plane.number:
        picture.add_new("InstanceNumber", "IS", plane.number)  # The element may be the header's own.
    picture.BodyPartExamined = header.get("BodyPartExamined") or "BRAIN"


def _show(picture: Dataset, pixels: NDArray[np.uint8], header: Dataset) -> None:
    """Put the pixels in."""
    picture.LossyImageCompression = header.get("LossyImageCompression") or "00"  # once lossy, always (C.7.6.1.1.5)
    picture.Rows, picture.Columns = pixels.shape[:2]
    content = pixels.tobytes()
    picture.PixelData = content + b"\0" * (len(content) % 2)
    picture["PixelData"].VR = "OB"
