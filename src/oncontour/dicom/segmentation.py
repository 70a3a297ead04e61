"""Masks written as a DICOM Segmentation (SEG) in the geometry of the series that they were drawn on."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from oncontour.core.checks import Check
from oncontour.core.errors import OutputError
from oncontour.core.labels import Code, LabelScheme, Region
from oncontour.core.study import Image
from oncontour.core.volume import Volume
from oncontour.dicom.derived import (
    BRAIN,
    MANUFACTURER,
    Derived,
    carried_over,
    copy_subject,
    number_of,
    uid,
    whole_file,
)
from oncontour.dicom.references import SourceFrames, refer, source_frames
from oncontour.dicom.verify import verify_segmentation

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription

SERIES_DESCRIPTION = "Tumour segmentation (research use only)"

CORRECTED_DESCRIPTION = "Tumour segmentation, corrected (research use only)"

ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
"""PS3.16 CID 7162, Segmentation Algorithm Family."""


@dataclass(frozen=True)
class Correction:
    """Who corrected masks of an algorithm.

    Args:
        reader: a name, as typed.
        number: of the version, from 1.
    """

    reader: str
    number: int

    @property
    def person(self) -> str:
        """The name as DICOM takes it in any character set (PS3.5 6.2, PN): ASCII, one component, 64 characters."""
        plain = normalize("NFKD", self.reader).encode("ascii", "ignore").decode()
        taken = "".join(letter for letter in plain if letter.isprintable() and letter not in "\\^=")
        return taken[:64].strip() or "Reader"


_OWN_FRAME = Check(
    "DICOM SEG frame of reference",
    "warn",
    None,
    "",
    "the source series names one",
    "The source series names no frame of reference: viewers that go by it alone cannot overlay the masks.",
)


def write_segmentation(
    regions: Volume,
    scheme: LabelScheme,
    source: Image,
    path: Path,
    *,
    algorithm: str,
    version: str,
    correction: Correction | None = None,
) -> tuple[Check, ...]:
    """Write masks as a binary DICOM SEG, one segment a region, and read it back before it gets its name.

    Segments may overlap. Each has a frame at every slice from the first to the last that any region touches, at least
    two: an empty region so keeps its segment, with blank frames, and so does a study without tumour, because "looked
    for, none found" differs from "not looked for"; and a reader always finds the spacing between slices.

    The UIDs follow from masks, source, algorithm, version and correction: the same result sent twice is one object.

    Args:
        regions: (R, i, j, k) boolean, in the source image's own grid.
        scheme: names, codes and colours of the R regions.
        source: the image that the masks were drawn on; read from DICOM.
        path: the file to write.
        algorithm: name of the algorithm, such as the bundle's name.
        version: its version.
        correction: where a reader corrected what the algorithm found: segments are then semi-automatic, and the reader
            is the content's creator.

    Returns:
        What `verify_segmentation` found, and a warning where the series names no frame of reference.

    Raises:
        OutputError: the source is not DICOM, the grids differ, the file cannot be written, or it did not read back.
    """
    _check_grid(regions, scheme, source)
    with carried_over():
        frames = source_frames(source)
        segmentation = _build(regions.array, scheme, frames, algorithm, version, correction)
        with whole_file(path) as part:
            segmentation.save_as(part)
            checks = verify_segmentation(part, regions, scheme)
    return (*checks, _OWN_FRAME) if frames.own_frame else checks


def _check_grid(regions: Volume, scheme: LabelScheme, source: Image) -> None:
    if regions.array.ndim != 4 or len(regions.array) != len(scheme.regions):
        expected = f"({len(scheme.regions)}, i, j, k) for the scheme {scheme.name}"
        raise OutputError("regions", f"array of shape {regions.array.shape}", expected, "Give one channel a region.")
    if regions.array.dtype != np.bool_:
        raise OutputError("regions", f"array of {regions.array.dtype}", "bool", "Threshold the probabilities first.")
    if not regions.grid.same_as(source.volume.grid):
        found = f"regions in a grid of {regions.grid.shape}"
        expected = f"the grid of {source.source}, {source.volume.grid.shape}"
        raise OutputError("regions", found, expected, "Resample the regions to the source image first.")


def _build(
    array: NDArray[np.bool_],
    scheme: LabelScheme,
    frames: SourceFrames,
    algorithm: str,
    version: str,
    correction: Correction | None,
) -> Segmentation:
    from highdicom import PlanePositionSequence
    from highdicom.seg import Segmentation

    digest = _digest(array, frames, algorithm, version, correction)
    slices = _slices(array)
    header = frames.headers[0]
    kind = Derived.CORRECTED + correction.number if correction else Derived.SEGMENTATION
    segmentation = Segmentation(
        source_images=frames.headers,
        pixel_array=np.ascontiguousarray(array[..., slices].transpose(3, 2, 1, 0)).view(np.uint8),
        plane_positions=[PlanePositionSequence("PATIENT", frames.positions[k].tolist()) for k in slices],
        segmentation_type="BINARY",
        segment_descriptions=[
            _describe(number, region, digest, algorithm, version, corrected=correction is not None)
            for number, region in enumerate(scheme.regions, start=1)
        ],
        omit_empty_frames=False,
        series_instance_uid=uid(digest, "series"),
        sop_instance_uid=uid(digest, "instance"),
        series_number=number_of(header) + kind,
        instance_number=1,
        series_description=CORRECTED_DESCRIPTION if correction else SERIES_DESCRIPTION,
        content_creator_name=correction.person if correction else None,
        content_label="TUMOUR",
        content_description=f"Regions of scheme {scheme.name}; research use only",
        manufacturer=MANUFACTURER,
        manufacturer_model_name=algorithm[:64],
        software_versions=version[:64],
        device_serial_number="0",
    )
    copy_subject(segmentation, frames.subject)
    refer(segmentation, frames)
    return segmentation


def _slices(array: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The slices to write: from the first to the last touched one, at least two, about the middle where none is."""
    count = array.shape[3]
    touched = np.flatnonzero(array.any(axis=(0, 1, 2)))
    first, last = (touched[0], touched[-1]) if len(touched) else (count // 2, count // 2)
    if first == last:
        first, last = (first, last + 1) if last + 1 < count else (max(first - 1, 0), last)
    return np.arange(first, last + 1)


def _describe(
    number: int, region: Region, digest: str, algorithm: str, version: str, *, corrected: bool
) -> SegmentDescription:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription
    from highdicom.sr import CodedConcept

    def coded(code: Code) -> CodedConcept:
        return CodedConcept(code.value, code.scheme, code.meaning)

    segment = SegmentDescription(
        segment_number=number,
        segment_label=region.title,
        segmented_property_category=coded(region.category),
        segmented_property_type=coded(region.type),
        algorithm_type="SEMIAUTOMATIC" if corrected else "AUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence(
            algorithm, coded(ARTIFICIAL_INTELLIGENCE), version, source=MANUFACTURER
        ),
        tracking_uid=uid(digest, region.name),
        tracking_id=region.name,
        anatomic_regions=[coded(BRAIN)],
        display_color=CIELabColor.from_rgb(*region.colour),
    )
    segment.SegmentDescription = f"{region.name}: {' + '.join(sorted(region.labels))}"
    return segment


def _digest(
    array: NDArray[np.bool_], frames: SourceFrames, algorithm: str, version: str, correction: Correction | None
) -> str:
    digest = sha256(np.packbits(array).tobytes())
    made_by = (algorithm, version, *((correction.reader, str(correction.number)) if correction else ()))
    for text in (*made_by, *(header.SOPInstanceUID for header in frames.headers)):
        digest.update(b"\0" + text.encode())
    return digest.hexdigest()
