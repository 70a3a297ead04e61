"""What the objects made from a study have in common: whose they are, what made them, numbers, UIDs, whole files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from oncontour.core.errors import OutputError
from oncontour.core.labels import Code
from oncontour.core.sequence import Sequence
from oncontour.core.study import Image

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MANUFACTURER = "Oncontour"

BRAIN = Code("12738006", "SCT", "Brain")

_SUBJECT = (
    "SpecificCharacterSet", "PatientName", "PatientID", "IssuerOfPatientID", "OtherPatientIDsSequence",
    "PatientBirthDate", "PatientBirthTime", "PatientSex", "PatientComments", "QualityControlSubject",
    "PatientIdentityRemoved",
    "DeidentificationMethod", "DeidentificationMethodCodeSequence", "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID", "ClinicalTrialSubjectID", "ClinicalTrialTimePointID",
    "StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber",
    "IssuerOfAccessionNumberSequence", "StudyDescription", "ProcedureCodeSequence", "PatientAge", "PatientSize",
    "PatientWeight",
)  # fmt: skip
"""Attributes of the modules Patient, Clinical Trial Subject and Study, General Study and Patient Study (PS3.3 C.7.1,
C.7.2), and how their text is written (C.12.1)."""

_MAY_BE_EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
    "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber",
)  # fmt: skip
"""Those of type 2: they must be there, perhaps empty. Anonymisers remove them altogether."""


class Derived(IntEnum):
    """What is added to the SeriesNumber of the reference's series, beyond the numbers that scanners give.

    All series of one result are numbered after the same source series, so none has another's number.
    """

    SEGMENTATION = 9000
    MEASUREMENTS = 9001
    REPORT = 9002
    OVERLAY = 9010
    """That of the first sequence; the others follow."""
    CORRECTED = 9100
    """The SEG of the version before the first that a reader corrected; theirs follow."""


def series_number(source: Image, kind: Derived, sequence: Sequence | None = None) -> int:
    """SeriesNumber of a derived series.

    Args:
        source: the reference, in whose grid the masks are.
        sequence: of an overlay.
    """
    return number_of(source_header(source)) + kind + (list(Sequence).index(sequence) if sequence else 0)


def number_of(header: Dataset) -> int:
    """A header's SeriesNumber, 0 where it has none."""
    return int(header.get("SeriesNumber") or 0)


def source_header(source: Image) -> Dataset:
    """The header of an image's first file.

    Raises:
        OutputError: the image did not come from DICOM.
    """
    import pydicom

    if not source.dicom:
        remedy = "Give the study as DICOM, or leave out the DICOM output."
        raise OutputError(source.source, "an image that was read from NIfTI", "a DICOM series to refer to", remedy)
    return pydicom.dcmread(source.files[0], stop_before_pixels=True)


def uid(*parts: object) -> str:
    """The UID that follows from these parts: the same result sent twice is one object."""
    from pydicom.uid import generate_uid

    return generate_uid(entropy_srcs=[str(part) for part in parts])


def copy_subject(derived: Dataset, header: Dataset) -> None:
    """Copy patient and study as they are, valid or not, in the source's own character set."""
    for keyword in _SUBJECT:
        if keyword in header:
            derived[keyword] = deepcopy(header[keyword])
        elif keyword in derived:
            del derived[keyword]
    for keyword in _MAY_BE_EMPTY:
        if keyword not in derived:
            setattr(derived, keyword, "")


def blank_subject(header: Dataset) -> None:
    """Empty what must be there of patient and study, and leave out the character set: all else is ASCII."""
    header.pop("SpecificCharacterSet", None)
    for keyword in _MAY_BE_EMPTY:
        setattr(header, keyword, "")


def new_object(
    sop_class: str,
    header: Dataset,
    *,
    modality: str,
    series: str,
    number: int,
    instance: str,
    description: str,
    algorithm: str,
    version: str,
) -> Dataset:
    """An object of a source's patient and study, made by Oncontour today; what it shows is still missing.

    Args:
        sop_class: its UID.
        header: of the source.
        series, instance: UIDs.
        number: SeriesNumber.
        description: SeriesDescription.
    """
    from datetime import datetime

    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    made = Dataset()
    copy_subject(made, header)
    made.SOPClassUID, made.SOPInstanceUID = sop_class, instance
    made.Modality = modality
    made.SeriesInstanceUID, made.SeriesNumber, made.SeriesDescription = series, number, description
    made.Manufacturer, made.ManufacturerModelName, made.SoftwareVersions = MANUFACTURER, algorithm[:64], version[:64]
    made.ConversionType = "WSD"  # workstation
    now = datetime.now()
    for event in ("InstanceCreation", "Content"):
        setattr(made, f"{event}Date", now.strftime("%Y%m%d"))
        setattr(made, f"{event}Time", now.strftime("%H%M%S"))
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def save(made: Dataset, path: Path) -> None:
    """Write an object as a DICOM file (PS3.10), whole or not at all."""
    with whole_file(path) as part, carried_over():
        made.save_as(part, enforce_file_format=True)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """NAME.part to fill, which takes its name when the block ends well.

    Raises:
        OutputError: it cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        found = f"an operating system error: {error.strerror}"
        raise OutputError(
            path, found, "a folder that can be written", "Free space or choose another folder."
        ) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def carried_over() -> Iterator[None]:
    """What a source says of the patient is copied as it is, valid or not, and never quoted in a warning."""
    import pydicom.config

    with warnings.catch_warnings(), pydicom.config.disable_value_validation():
        warnings.simplefilter("ignore")
        yield
