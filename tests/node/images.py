"""MR images for the tests of the node, made by pydicom."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

from oncontour.node.spool.meta import FileMeta

SECRET = "Doe^Jane"


def mr_image(
    study: str = "1.2.3", series: str = "1.2.3.4", instance: str | None = None, pixels: bytes = b""
) -> Dataset:
    """A data set; 64 x 64 pixels where none are given."""
    dataset = Dataset()
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = instance or generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
    dataset.PatientName, dataset.PatientID, dataset.Modality = SECRET, "P-1", "MR"
    inner = Dataset()
    inner.ReferencedSOPInstanceUID = "9.9.9"
    inner.StudyInstanceUID = "9.9"
    dataset.ReferencedImageSequence = [inner, inner]
    dataset.Rows = dataset.Columns = 64
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation, dataset.SamplesPerPixel = 15, 0, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = pixels or bytes(range(256)) * 32
    dataset["PixelData"].VR = "OW"
    return dataset


def encoded(dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """The bytes of a data set."""
    stream = DicomBytesIO()
    stream.is_little_endian = syntax != ExplicitVRBigEndian
    stream.is_implicit_VR = syntax == ImplicitVRLittleEndian
    write_dataset(stream, dataset)
    return stream.getvalue()


def announced(dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> FileMeta:
    """What a sender says ahead of a data set."""
    return FileMeta(dataset.SOPClassUID, dataset.SOPInstanceUID, syntax, "", 0)


def save(dataset: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    """A DICOM file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path
