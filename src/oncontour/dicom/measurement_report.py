"""Volumes as a Comprehensive 3D SR: TID 1500 "Measurement Report", one TID 1411 group for each segment of the SEG.

Codes of the SEG are used again; further ones are of PS3.16: Volume (CID 7472), Diameter (CID 7470) derived as Maximum
(CID 7464), laterality (CID 244). The limits of a volume's interval are properties of that volume (TID 310) under a
private scheme: CID 225 has only ranges to either side of the value, without a probability, and a calibrated interval
need not hold the value. No code says what share of the whole a region has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from oncontour.core.checks import Verdict
from oncontour.core.errors import OutputError
from oncontour.core.labels import Code
from oncontour.core.study import Image
from oncontour.dicom.derived import MANUFACTURER, carried_over, copy_subject, uid, whole_file
from oncontour.dicom.references import SourceFrames, source_frames

if TYPE_CHECKING:
    from highdicom.sr import CodedConcept, Measurement, MeasurementReport
    from highdicom.sr import VolumetricROIMeasurementsAndQualitativeEvaluations as Group
    from pydicom.dataset import Dataset

SERIES_DESCRIPTION = "Tumour measurements (research use only)"

PRIVATE_SCHEME = "99ONCONTOUR"

BRAIN_MRI = Code("24590-2", "LN", "Brain MRI")
"""LOINC, as CID 646 has it; CID 100 (extensible), procedure reported, has no MRI of the brain."""

VOLUME = Code("118565006", "SCT", "Volume")
DIAMETER = Code("81827009", "SCT", "Diameter")
MAXIMUM = Code("56851009", "SCT", "Maximum")
MILLILITRE = Code("mL", "UCUM", "mL")
MILLIMETRE = Code("mm", "UCUM", "mm")

LATERALITY = {
    "left": Code("7771000", "SCT", "Left"),
    "right": Code("24028007", "SCT", "Right"),
    "both": Code("51440002", "SCT", "Bilateral"),
}

QUALITATIVE = Code("C0034375", "UMLS", "Qualitative Evaluations")
QUALITY = Code("111050", "DCM", "Quality Assessment")
QUALITY_FINDING = Code("111052", "DCM", "Quality Finding")
COMMENT = Code("121106", "DCM", "Comment")
VERDICTS: dict[Verdict, Code] = {
    "ok": Code("OK", PRIVATE_SCHEME, "All quality checks passed"),
    "warn": Code("WARN", PRIVATE_SCHEME, "A quality check warned"),
    "fail": Code("FAIL", PRIVATE_SCHEME, "A quality check failed"),
}
"""CID 6044 judges whether an image is usable; these judge the result, and leave its use to the reader."""


@dataclass(frozen=True)
class SegmentFigures:
    """What one segment measures.

    Args:
        volume_ml: mL.
        longest_mm: longest diameter in mm; None where the segment is empty.
        interval_ml: low and high limit of the true volume, mL; None where the bundle was not calibrated for it.
        hemisphere: where it lies; None where that cannot be told.
    """

    volume_ml: float
    longest_mm: float | None = None
    interval_ml: tuple[float, float] | None = None
    hemisphere: Literal["left", "right", "both"] | None = None


def write_measurement_report(
    figures: Sequence[SegmentFigures],
    segmentation: Path,
    source: Image,
    path: Path,
    *,
    number: int,
    algorithm: str,
    version: str,
    parameters: Sequence[str],
    level: float,
    verdict: Verdict,
    findings: Sequence[str],
    statement: str,
) -> None:
    """Write what the segments of a SEG measure.

    The UIDs follow from the SEG and from everything that the report says: the same result sent twice is one object.

    Args:
        figures: of each segment, in the SEG's order.
        segmentation: the SEG, as `write_segmentation` wrote it.
        source: the image that it was drawn on.
        path: the file to write.
        number: SeriesNumber.
        algorithm: name of the algorithm, such as the bundle's name.
        version: its version.
        parameters: what else identifies it, such as the bundle's digest.
        level: probability of the intervals, 0 to 1.
        verdict: the worst of the quality checks.
        findings: sentences of the checks that are not ok.
        statement: what the result may be used for.

    Raises:
        OutputError: the source is not DICOM, the SEG has another number of segments, or the file cannot be written.
    """
    import pydicom
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
    from highdicom.sr import Comprehensive3DSR

    with carried_over():
        frames = source_frames(source)
        seg = pydicom.dcmread(segmentation, stop_before_pixels=True)
        if len(seg.SegmentSequence) != len(figures):
            remedy = "Give the SEG that the figures were measured on."
            raise OutputError(segmentation, f"{len(seg.SegmentSequence)} segments", f"{len(figures)}", remedy)
        said = (*figures, algorithm, version, *parameters, level, verdict, *findings, statement)
        digest = [seg.SOPInstanceUID, *map(repr, said)]
        content = _content(figures, seg, frames, algorithm, version, parameters, level)
        content[0].ContentSequence.append(_evaluations(verdict, findings, statement))
        report = Comprehensive3DSR(
            evidence=_evidence(frames, seg),
            content=content[0],
            series_instance_uid=uid(*digest, "measurements series"),
            series_number=number,
            sop_instance_uid=uid(*digest, "measurements"),
            instance_number=1,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=algorithm[:64],
            software_versions=version[:64],
            device_serial_number="0",
            series_description=SERIES_DESCRIPTION,
            is_complete=True,
            is_final=False,
            coding_schemes=[
                CodingSchemeIdentificationItem(PRIVATE_SCHEME, name="Oncontour", responsible_organization=MANUFACTURER)
            ],
        )
        copy_subject(report, frames.subject)
        with whole_file(path) as part:
            report.save_as(part)


def _content(
    figures: Sequence[SegmentFigures],
    seg: Dataset,
    frames: SourceFrames,
    algorithm: str,
    version: str,
    parameters: Sequence[str],
    level: float,
) -> MeasurementReport:
    from highdicom.sr import (
        DeviceObserverIdentifyingAttributes,
        MeasurementReport,
        ObservationContext,
        ObserverContext,
    )
    from pydicom.sr.codedict import codes

    device = DeviceObserverIdentifyingAttributes(
        uid=uid(algorithm, version, *parameters),
        name=f"{algorithm} {version}",
        manufacturer_name=MANUFACTURER,
        model_name=algorithm,
        serial_number="0",
    )
    return MeasurementReport(
        observation_context=ObservationContext(
            observer_device_context=ObserverContext(codes.DCM.Device, observer_identifying_attributes=device)
        ),
        procedure_reported=_coded(BRAIN_MRI),
        imaging_measurements=[
            _group(segment, one, seg, frames, algorithm, version, parameters, level)
            for segment, one in zip(seg.SegmentSequence, figures, strict=True)
        ],
        title=codes.cid7021.ImagingMeasurementReport,
    )


def _group(
    segment: Dataset,
    figures: SegmentFigures,
    seg: Dataset,
    frames: SourceFrames,
    algorithm: str,
    version: str,
    parameters: Sequence[str],
    level: float,
) -> Group:
    """TID 1411 of one segment."""
    from highdicom.sr import (
        AlgorithmIdentification,
        CodedConcept,
        FindingSite,
        ReferencedSegment,
        SourceSeriesForSegmentation,
        TrackingIdentifier,
    )
    from highdicom.sr import VolumetricROIMeasurementsAndQualitativeEvaluations as Group

    site = CodedConcept.from_dataset(segment.AnatomicRegionSequence[0])
    side = LATERALITY[figures.hemisphere] if figures.hemisphere else None
    return Group(
        tracking_identifier=TrackingIdentifier(segment.TrackingUID, segment.TrackingID),
        referenced_segment=ReferencedSegment(
            seg.SOPClassUID,
            seg.SOPInstanceUID,
            segment.SegmentNumber,
            source_series=SourceSeriesForSegmentation(frames.headers[0].SeriesInstanceUID),
        ),
        finding_category=CodedConcept.from_dataset(segment.SegmentedPropertyCategoryCodeSequence[0]),
        finding_type=CodedConcept.from_dataset(segment.SegmentedPropertyTypeCodeSequence[0]),
        finding_sites=[FindingSite(site, laterality=_coded(side) if side else None)],
        algorithm_id=AlgorithmIdentification(algorithm, version, parameters=parameters, manufacturer=MANUFACTURER),
        measurements=_measurements(figures, level),
    )


def _measurements(figures: SegmentFigures, level: float) -> list[Measurement]:
    from highdicom.sr import Measurement, MeasurementProperties, NumContentItem, RelationshipTypeValues

    properties = MeasurementProperties()
    for value, (end, words) in zip(figures.interval_ml or (), (("LOW", "Lower"), ("HIGH", "Upper")), strict=False):
        percent = f"{100 * level:g}"
        meaning = f"{words} limit of the {percent} % prediction interval"
        name = _coded(Code(f"PI{percent}{end}", PRIVATE_SCHEME, meaning))
        relation = RelationshipTypeValues.HAS_PROPERTIES
        properties.append(NumContentItem(name, value, _coded(MILLILITRE), relationship_type=relation))
    volume = Measurement(_coded(VOLUME), figures.volume_ml, _coded(MILLILITRE), properties=properties or None)
    if figures.longest_mm is None:
        return [volume]
    return [
        volume,
        Measurement(_coded(DIAMETER), figures.longest_mm, _coded(MILLIMETRE), derivation=_coded(MAXIMUM)),
    ]


def _evaluations(verdict: Verdict, findings: Sequence[str], statement: str) -> Dataset:
    """TID 1500 rows 12 to 14, which highdicom does not write: the verdict, what is behind it, the statement."""
    from highdicom.sr import (
        CodeContentItem,
        ContainerContentItem,
        ContentSequence,
        RelationshipTypeValues,
        TextContentItem,
    )

    inside = RelationshipTypeValues.CONTAINS
    container = ContainerContentItem(_coded(QUALITATIVE), relationship_type=inside)
    container.ContentSequence = ContentSequence(
        [
            CodeContentItem(_coded(QUALITY), _coded(VERDICTS[verdict]), relationship_type=inside),
            *(TextContentItem(_coded(QUALITY_FINDING), text, relationship_type=inside) for text in findings),
            TextContentItem(_coded(COMMENT), statement, relationship_type=inside),
        ]
    )
    return container


def _evidence(frames: SourceFrames, seg: Dataset) -> list[Dataset]:
    """References to the source's instances, as what they are, and to the SEG."""
    for header in frames.headers:
        header.SOPClassUID = frames.sop_class
    return [*frames.headers, seg]


def _coded(code: Code) -> CodedConcept:
    from highdicom.sr import CodedConcept

    return CodedConcept(code.value, code.scheme, code.meaning)
