"""What a DICOM header says about each image plane, the same way for classic and for enhanced multi-frame objects.

Only what later steps need is kept, nothing of it identifies a patient, and free text never shows in a `repr`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

IMAGE_CLASSES: Mapping[str, str] = {
    "1.2.840.10008.5.1.4.1.1.4": "MR image",
    "1.2.840.10008.5.1.4.1.1.4.1": "enhanced MR image",
    "1.2.840.10008.5.1.4.1.1.4.4": "legacy converted enhanced MR image",
}
"""SOP classes whose pixels can be one of our sequences (PS3.4 annex B.5)."""

DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
"""Media Storage Directory: a DICOMDIR lists files and holds no image."""

_PREAMBLE_BYTES = 128
_MAGIC = b"DICM"
_GROUPS_WITHOUT_PREAMBLE = (b"\x02\x00", b"\x08\x00", b"\x00\x08")
"""First group of a data set written without the preamble (ACR-NEMA heritage): 0002 or 0008, either byte order."""

_KEYWORDS = (
    "SpecificCharacterSet", "ImageType", "AcquisitionDate", "SeriesDate", "ContentDate", "AcquisitionDateTime",
    "AcquisitionTime", "SeriesTime", "ContentTime", "Modality", "Manufacturer", "SeriesDescription",
    "ProtocolName", "ContrastBolusAgent", "ContrastBolusAgentSequence", "ContrastBolusVolume",
    "ContrastBolusTotalDose", "ContrastBolusUsageSequence", "BodyPartExamined", "ScanningSequence",
    "SequenceVariant", "ScanOptions", "MRAcquisitionType", "SequenceName", "PulseSequenceName",
    "SliceThickness", "RepetitionTime", "EchoTime", "InversionTime", "FlipAngle", "SpacingBetweenSlices",
    "DiffusionBValue", "TemporalPositionIdentifier", "AcquisitionNumber", "TriggerTime", "ImagePositionPatient",
    "ImageOrientationPatient", "FrameOfReferenceUID", "Rows", "Columns", "NumberOfFrames", "PixelSpacing",
    "SamplesPerPixel", "RescaleSlope", "RescaleIntercept", "AcquisitionContrast", "ComplexImageComponent",
    "VolumeBasedCalculationTechnique", "EchoPulseSequence", "EchoPlanarPulseSequence", "InversionRecovery",
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "PatientID",
    "PatientName", "PatientBirthDate", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    "RealWorldValueMappingSequence",
)  # fmt: skip
_PLAIN = frozenset(("CS", "DA", "TM", "DT", "LO", "SH", "PN", "AS", "DS", "IS", "FD", "FL", "US", "UI"))
"""Value representations whose bytes mean the same in every data set of one encoding."""

_MOSAIC_TILES = 0x0019100A
"""Siemens' private NumberOfImagesInMosaic."""

_ENHANCED_NAMES: Mapping[str, str] = {
    "FrameType": "ImageType",
    "EffectiveEchoTime": "EchoTime",
    "InversionTimes": "InversionTime",
    "PulseSequenceName": "SequenceName",
    "TemporalPositionIndex": "TemporalPositionIdentifier",
    "FrameAcquisitionNumber": "AcquisitionNumber",
    "FrameAcquisitionDateTime": "AcquisitionDateTime",
    "RealWorldValueSlope": "RealWorldSlope",
    "RealWorldValueIntercept": "RealWorldIntercept",
}
"""Attributes of the functional groups that say what a classic attribute of another name says (PS3.3 C.8.13.5)."""


@dataclass(frozen=True)
class Evidence:
    """What a header says about how an image was made. Times in ms, angles in degrees; None or "" where silent.

    Args:
        words: description and protocol, lower-cased free text: may name a patient, never to be printed.
        acquired: seconds, good for ordering within a study only.
    """

    modality: str = ""
    sop_class: str = ""
    manufacturer: str = ""
    body_part: str = ""
    image_type: tuple[str, ...] = ()
    scanning_sequence: frozenset[str] = frozenset()
    sequence_variant: frozenset[str] = frozenset()
    scan_options: frozenset[str] = frozenset()
    sequence_name: str = ""
    acquisition_type: str = ""
    echo_time: float | None = None
    repetition_time: float | None = None
    inversion_time: float | None = None
    flip_angle: float | None = None
    b_value: float | None = None
    acquisition_contrast: str = ""
    complex_component: str = ""
    calculation: str = ""
    contrast_agent: str = field(default="", repr=False)
    contrast_dose: float | None = None
    samples_per_pixel: int = 1
    description: str = field(default="", repr=False)
    protocol: str = field(default="", repr=False)
    acquired: float | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Frame:
    """One image plane: where its pixels are, where it lies, and how it was made.

    Args:
        path: the file.
        index: number of the frame in a multi-frame object, from 0; None in a single-frame object.
        position: centre of the first pixel, LPS+ mm (PS3.3 C.7.6.2).
        orientation: direction cosines, LPS+, of a row (growing column index), then of a column.
        pixel_spacing: mm between rows, then between columns.
        mosaic_tiles: slices in a Siemens mosaic, 0 where the plane is no mosaic.
        slope, intercept: stored value -> real value.
    """

    path: Path
    index: int | None
    instance: str
    rows: int
    columns: int
    position: tuple[float, float, float] | None
    orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, float] | None
    thickness: float | None
    spacing: float | None
    frame_of_reference: str
    temporal_position: float | None
    acquisition_number: float | None
    trigger_time: float | None
    mosaic_tiles: int
    slope: float
    intercept: float
    evidence: Evidence


@dataclass(frozen=True)
class Header:
    """One DICOM file.

    Args:
        patient: identifier, name, birth date; used to tell patients apart, never printed.
    """

    path: Path
    study: str
    series: str
    series_number: int | None
    instance: str
    sop_class: str
    modality: str
    patient: tuple[str, str, str] = field(repr=False)
    frames: tuple[Frame, ...]


def looks_like_dicom(path: Path) -> bool:
    """Whether the first bytes are those of a DICOM file, with or without the preamble of PS3.10 section 7.1."""
    with path.open("rb") as file:
        start = file.read(_PREAMBLE_BYTES + len(_MAGIC))
    return start[_PREAMBLE_BYTES:] == _MAGIC or start[:2] in _GROUPS_WITHOUT_PREAMBLE


def read_header(path: Path) -> Header | None:
    """Read all that a file's header says; pixels stay on disk.

    Returns:
        None where the file is DICOM but no composite object (a DICOMDIR).

    Raises:
        ValueError: the file is cut off in its header, or no DICOM after all.
    """
    import pydicom
    from pydicom import config

    with warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values, which may name a patient
        try:
            dataset = pydicom.dcmread(
                path,
                stop_before_pixels=True,
                force=True,
                specific_tags=_wanted(),
            )
            flat = _flatten(dataset)
        except OSError:
            raise
        except Exception as error:  # pydicom's parser raises many kinds on damaged bytes
            raise ValueError(f"unreadable header ({type(error).__name__})") from None
        sop_class = _text(flat, "SOPClassUID")
        if sop_class == DIRECTORY_CLASS or "DirectoryRecordSequence" in dataset:
            return None
        if not sop_class or not _text(flat, "SeriesInstanceUID"):
            raise ValueError("a header without SOP class or series")
        frames = tuple(_frame(path, index, values) for index, values in _planes(dataset, flat))
    number = _number(flat, "SeriesNumber")
    return Header(
        path=path,
        study=_text(flat, "StudyInstanceUID"),
        series=_text(flat, "SeriesInstanceUID"),
        series_number=None if number is None else int(number),
        instance=_text(flat, "SOPInstanceUID"),
        sop_class=sop_class,
        modality=_text(flat, "Modality").upper(),
        patient=(_text(flat, "PatientID"), _text(flat, "PatientName"), _text(flat, "PatientBirthDate")),
        frames=frames,
    )


@cache
def _wanted() -> list[Any]:
    """Tags to read; looking up keywords for every file anew took longer than reading it."""
    from pydicom.tag import Tag

    return [Tag(name) for name in (*_KEYWORDS, _MOSAIC_TILES)]


def _flatten(dataset: Dataset) -> dict[str, Any]:
    """Values by keyword; an element whose text cannot be converted is as good as absent."""
    flat = {}
    encoding = _encoding(dataset)
    for tag in dataset.keys():  # noqa: SIM118 - iterating the data set itself converts every value at once
        try:
            name, value = _named(dataset, tag, encoding)
        except Exception:
            continue
        if name and value is not None and value != "":
            flat[_ENHANCED_NAMES.get(name, name)] = value
    return flat


def _encoding(dataset: Dataset) -> tuple[str, ...]:
    """Of its texts, as pydicom names them."""
    read = dataset.original_character_set
    return (read,) if isinstance(read, str) else tuple(read)


def _named(dataset: Dataset, tag: BaseTag, encoding: tuple[str, ...]) -> tuple[str, Any]:
    """An element's keyword, "" where we have no use for it, and its value."""
    from pydicom.dataelem import RawDataElement

    number = int(tag)  # pydicom's own tags are slow to compare.
    raw = dataset.get_item(tag)
    if number in _plain_tags() and isinstance(raw, RawDataElement) and isinstance(raw.value, bytes):
        return _meaning(number, raw.VR, raw.value, raw.is_implicit_VR, raw.is_little_endian, encoding)
    element = dataset[tag]
    if number == _MOSAIC_TILES:
        return "MosaicTiles", element.value
    return ("" if tag.is_private else element.keyword), element.value


@cache
def _plain_tags() -> frozenset[int]:
    """Of the tags to read, those whose bytes say all."""
    from pydicom.datadict import dictionary_VR

    return frozenset(int(tag) for tag in _wanted() if not tag.is_private and dictionary_VR(tag) in _PLAIN)


@lru_cache(maxsize=4096)
def _meaning(
    tag: int, vr: str | None, value: bytes, implicit: bool, little_endian: bool, encoding: tuple[str, ...]
) -> tuple[str, Any]:
    """Keyword and value; the slices of a series differ in few elements, so most were asked for before."""
    from pydicom.dataelem import RawDataElement, convert_raw_data_element
    from pydicom.tag import Tag

    raw = RawDataElement(Tag(tag), vr, len(value), value, 0, implicit, little_endian)
    element = convert_raw_data_element(raw, encoding=list(encoding))
    return element.keyword, element.value


def _groups(item: Dataset) -> dict[str, Any]:
    """Values by keyword of all functional groups (PS3.3 C.7.6.16.2) in one item."""
    flat: dict[str, Any] = {}
    for element in item:
        if element.VR == "SQ" and not element.tag.is_private and element.value:
            flat |= _flatten(element.value[0])
    return flat


def _planes(dataset: Dataset, flat: dict[str, Any]) -> Iterator[tuple[int | None, dict[str, Any]]]:
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence")
    if not per_frame:
        mapping = flat.get("RealWorldValueMappingSequence")
        yield None, flat | (_flatten(mapping[0]) if mapping else {})
        return
    shared = dataset.get("SharedFunctionalGroupsSequence")
    common = flat | (_groups(shared[0]) if shared else {})
    for index, item in enumerate(per_frame):
        yield index, common | _groups(item)


def _frame(path: Path, index: int | None, values: Mapping[str, Any]) -> Frame:
    position, orientation = _numbers(values, "ImagePositionPatient"), _numbers(values, "ImageOrientationPatient")
    spacing = _numbers(values, "PixelSpacing")
    evidence = _evidence(values)
    slope, intercept = _rescale(values)
    tiles = int(_number(values, "MosaicTiles") or 1) if "MOSAIC" in evidence.image_type else 0
    return Frame(
        path=path,
        index=index,
        instance=_text(values, "SOPInstanceUID"),
        rows=int(_number(values, "Rows") or 0),
        columns=int(_number(values, "Columns") or 0),
        position=(position[0], position[1], position[2]) if len(position) == 3 else None,
        orientation=orientation if len(orientation) == 6 else None,
        pixel_spacing=(spacing[0], spacing[1]) if len(spacing) == 2 else None,
        thickness=_number(values, "SliceThickness"),
        spacing=_number(values, "SpacingBetweenSlices"),
        frame_of_reference=_text(values, "FrameOfReferenceUID"),
        temporal_position=_number(values, "TemporalPositionIdentifier"),
        acquisition_number=_number(values, "AcquisitionNumber"),
        trigger_time=_number(values, "TriggerTime"),
        mosaic_tiles=tiles,
        slope=slope,
        intercept=intercept,
        evidence=evidence,
    )


def _rescale(values: Mapping[str, Any]) -> tuple[float, float]:
    """Rescale slope and intercept; where absent the first real world value mapping; else 1 and 0.

    Philips' private scale slope (2005,100E) is left alone: it only changes every voxel of an image by one factor.
    """
    for names in (("RescaleSlope", "RescaleIntercept"), ("RealWorldSlope", "RealWorldIntercept")):
        slope = _number(values, names[0])
        if slope:
            return slope, _number(values, names[1]) or 0.0
    return 1.0, 0.0


def _evidence(values: Mapping[str, Any]) -> Evidence:
    scanning = set(_tokens(values, "ScanningSequence"))
    scanning |= {"SPIN": {"SE"}, "GRADIENT": {"GR"}, "BOTH": {"SE", "GR"}}.get(
        _text(values, "EchoPulseSequence"), set()
    )
    scanning |= {"EP"} if _text(values, "EchoPlanarPulseSequence") == "YES" else set()
    scanning |= {"IR"} if _text(values, "InversionRecovery") == "YES" else set()
    samples = _number(values, "SamplesPerPixel")
    return Evidence(
        modality=_text(values, "Modality").upper(),
        sop_class=_text(values, "SOPClassUID"),
        manufacturer=_text(values, "Manufacturer").upper(),
        body_part=_text(values, "BodyPartExamined").upper(),
        image_type=_tokens(values, "ImageType"),
        scanning_sequence=frozenset(scanning),
        sequence_variant=frozenset(_tokens(values, "SequenceVariant")),
        scan_options=frozenset(_tokens(values, "ScanOptions")),
        sequence_name=_text(values, "SequenceName").lower(),
        acquisition_type=_text(values, "MRAcquisitionType").upper(),
        echo_time=_number(values, "EchoTime"),
        repetition_time=_number(values, "RepetitionTime"),
        inversion_time=_number(values, "InversionTime"),
        flip_angle=_number(values, "FlipAngle"),
        b_value=_number(values, "DiffusionBValue"),
        acquisition_contrast=_text(values, "AcquisitionContrast").upper(),
        complex_component=_text(values, "ComplexImageComponent").upper(),
        calculation=_text(values, "VolumeBasedCalculationTechnique").upper(),
        contrast_agent=_contrast_agent(values),
        contrast_dose=_number(values, "ContrastBolusVolume") or _number(values, "ContrastBolusTotalDose"),
        samples_per_pixel=int(samples or 1),
        description=_text(values, "SeriesDescription").lower(),
        protocol=_text(values, "ProtocolName").lower(),
        acquired=_acquired(values),
    )


def _contrast_agent(values: Mapping[str, Any]) -> str:
    """The agent as text; "yes" or "no" from enhanced objects, which say per frame whether it was administered."""
    usage = values.get("ContrastBolusUsageSequence") or values.get("ContrastBolusAgentAdministered")
    if usage:
        first = usage if isinstance(usage, str) else usage[0].get("ContrastBolusAgentAdministered", "")
        return {"YES": "yes", "NO": "no"}.get(str(first).upper(), "")
    agent = _text(values, "ContrastBolusAgent").lower()
    return agent or ("yes" if values.get("ContrastBolusAgentSequence") else "")


def _acquired(values: Mapping[str, Any]) -> float | None:
    """Seconds since the epoch of the first time that the header gives; date missing (anonymised): of day one."""
    moment = _text(values, "AcquisitionDateTime").split("+")[0].split("-")[0]
    candidates = [(moment[:8], moment[8:])] if len(moment) >= 14 else []
    kinds = ("Acquisition", "Series", "Content")
    candidates += [(_text(values, f"{kind}Date"), _text(values, f"{kind}Time").replace(":", "")) for kind in kinds]
    for date, time in candidates:
        if len(time) < 4:
            continue
        try:
            start = datetime.strptime(date or "19700101", "%Y%m%d").replace(tzinfo=UTC).timestamp()
            return start + 3600 * int(time[:2]) + 60 * int(time[2:4]) + float(time[4:] or 0)
        except ValueError:
            continue
    return None


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return "" if value is None else str(value).strip(" \0")


def _tokens(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = values.get(name)
    parts = [value] if isinstance(value, str) else list(value or ())
    return tuple(str(part).strip().upper() for part in parts if str(part).strip())


def _numbers(values: Mapping[str, Any], name: str) -> tuple[float, ...]:
    value = values.get(name)
    if value is None:
        return ()
    try:
        return tuple(float(part) for part in ([value] if isinstance(value, str | int | float) else value))
    except (TypeError, ValueError):
        return ()


def _number(values: Mapping[str, Any], name: str) -> float | None:
    numbers = _numbers(values, name)
    return numbers[0] if numbers else None
