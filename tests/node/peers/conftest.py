"""A handful of MR images, as files."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid


def write_image(path: Path, study: str, series: str, number: int) -> Path:
    """An image of noise."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = MRImageStorage
    image = Dataset()
    image.file_meta = meta
    image.SOPClassUID, image.SOPInstanceUID = MRImageStorage, generate_uid()
    meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.StudyInstanceUID, image.SeriesInstanceUID = study, series
    image.PatientID, image.PatientName, image.StudyID, image.AccessionNumber = "1", "Nobody", "1", "1"
    image.PatientBirthDate, image.PatientSex, image.StudyDate, image.StudyTime = "", "", "20260101", "120000"
    image.Modality, image.SeriesNumber, image.InstanceNumber = "MR", 1, number
    image.Rows = image.Columns = 32
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 0
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit = 15
    image.PixelData = np.random.default_rng(number).integers(0, 1000, (32, 32), np.uint16).tobytes()
    image.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def study(tmp_path) -> tuple[str, list[Path]]:
    """Its UID, and five images in two series."""
    uid, series = generate_uid(), [generate_uid(), generate_uid()]
    return uid, [write_image(tmp_path / f"{n}.dcm", uid, series[n % 2], n) for n in range(5)]
