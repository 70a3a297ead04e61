"""One DICOM file -> a new one without identity, or the reason why there is none."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from oncontour import __version__
from oncontour.dicom.deidentify.burnt_in import header_reason, pixel_reason
from oncontour.dicom.deidentify.dataset import surviving
from oncontour.dicom.deidentify.values import Patient
from oncontour.dicom.header import Header

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

METHODS = (
    "Allow list of elements, values checked; no free text",
    "UIDs and patient replaced under a key, dates shifted per patient",
    "Pixels as they were; faces not removed",
)
"""DeidentificationMethod, beside the program's name; 64 characters each."""

OPTIONS = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
    ("113111", "Retain Safe Private Option"),
)
"""DeidentificationMethodCodeSequence (PS3.16 CID 7050)."""


def deidentified(header: Header, patient: Patient, pseudonym: str) -> Dataset | str:
    """The file's new data set, in Explicit VR Little Endian with native pixels; or in words why it must not leave.

    Compressed pixels are unpacked: what else a compressed stream carries (comments, marks) does not survive.
    """
    import pydicom
    from pydicom import config
    from pydicom.pixels.utils import pixel_array

    with warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values, which may name a patient
        source = pydicom.dcmread(header.path, force=True)
        if reason := header_reason(header, source):
            return reason
        _declare_syntax(source)
        try:
            pixels = pixel_array(source, raw=True)
            bits = int(source.BitsStored)
        except Exception:  # decoders raise many kinds on damaged pixel data
            return "pixels that cannot be read"
        if pixels.dtype.kind not in "iu" or 8 * pixels.dtype.itemsize != source.BitsAllocated:
            return "pixels that are no integers of the size that the header says"
        if reason := pixel_reason(pixels.reshape(-1, *pixels.shape[-2:]), bits):
            return reason
        kept = surviving(source, patient)
        _set_pixels(kept, pixels)
        _declare(kept, pseudonym)
    return kept


def _declare_syntax(source: Dataset) -> None:
    """Files without preamble (ACR-NEMA heritage) say no transfer syntax: they are implicit little endian."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ImplicitVRLittleEndian

    source.file_meta = getattr(source, "file_meta", None) or FileMetaDataset()
    if "TransferSyntaxUID" not in source.file_meta:
        source.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian


def _set_pixels(kept: Dataset, pixels: NDArray[np.integer]) -> None:
    """As many bytes as there are pixels, low byte first: nothing hides behind them."""
    stored = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    kept.PixelData = stored + b"\0" * (len(stored) % 2)
    kept["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"


def _declare(kept: Dataset, pseudonym: str) -> None:
    """Who the patient is now, and what was done (PS3.15 E.1.1, PS3.3 C.12.1)."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    kept.PatientName = kept.PatientID = pseudonym
    kept.PatientBirthDate = ""
    kept.PatientIdentityRemoved = "YES"
    kept.DeidentificationMethod = [f"Oncontour {__version__}", *METHODS]
    kept.LongitudinalTemporalInformationModified = "MODIFIED"
    kept.RecognizableVisualFeatures = "YES"
    kept.DeidentificationMethodCodeSequence = []
    for value, meaning in OPTIONS:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
        kept.DeidentificationMethodCodeSequence.append(code)
    kept.file_meta = FileMetaDataset()
    kept.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian


def write(dataset: Dataset, path: Path) -> None:
    """Write a Part 10 file, whole or not at all.

    Raises:
        OSError: the system refuses.
    """
    from pydicom import config

    part = path.with_name(path.name + ".part")
    with config.disable_value_validation():
        dataset.save_as(part, enforce_file_format=True)
    part.replace(path)
