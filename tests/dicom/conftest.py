"""Synthetic DICOM series for the tests of reading: made by hand, so that every attribute is known."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)
from pydicom.valuerep import format_number_as_ds

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

T2_HEADERS = {
    "SeriesNumber": 1,
    "SeriesDescription": "t2_tse_tra",
    "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"],
    "ScanningSequence": "SE",
    "SequenceVariant": "SK",
    "MRAcquisitionType": "2D",
    "EchoTime": 96,
    "RepetitionTime": 4500,
    "FlipAngle": 150,
}
"""The plainest of headers: an axial T2 turbo spin echo."""

_NATIVE = {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}


def new_study() -> dict:
    """Attributes that all series of one study share."""
    return {
        "PatientID": "P-1",
        "PatientName": "Secret^Name",
        "PatientBirthDate": "19610203",
        "StudyInstanceUID": generate_uid(),
        "FrameOfReferenceUID": generate_uid(),
        "StudyDate": "20240501",
        "AcquisitionDate": "20240501",
        "AcquisitionTime": "101500",
        "Modality": "MR",
        "Manufacturer": "SIEMENS",
    }


def put(dataset: Dataset, headers: dict) -> Dataset:
    """Set attributes by keyword; None removes."""
    for keyword, value in headers.items():
        if value is None:
            dataset.pop(keyword, None)
        else:
            setattr(dataset, keyword, value)
    return dataset


def plane(pixels: np.ndarray, position, orientation=AXIAL, spacing=(1.0, 1.0), **headers) -> Dataset:
    """A classic MR image of stored values (row, column); `spacing` between rows, then between columns."""
    dataset = Dataset()
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = generate_uid()
    put(dataset, headers)
    dataset.ImagePositionPatient = [format_number_as_ds(float(x)) for x in position]
    dataset.ImageOrientationPatient = [format_number_as_ds(float(x)) for x in orientation]
    dataset.PixelSpacing = [format_number_as_ds(float(x)) for x in spacing]
    return put_pixels(dataset, pixels)


def put_pixels(dataset: Dataset, pixels: np.ndarray) -> Dataset:
    """Stored values (row, column) or (frame, row, column)."""
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = 16
    dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.astype("<i2" if pixels.dtype.kind == "i" else "<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def save(dataset: Dataset, path: Path, syntax=ExplicitVRLittleEndian) -> Path:
    """Write a Part 10 file; native transfer syntaxes only."""
    assert syntax in _NATIVE
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    if syntax == ExplicitVRBigEndian:
        words = np.frombuffer(dataset.PixelData, dtype="<u2")
        dataset.PixelData = words.astype(">u2").tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


def series_planes(
    array: np.ndarray,
    orientation=AXIAL,
    spacing=(1.0, 1.0, 5.0),
    origin=(-20.0, -30.0, -40.0),
    step=None,
    **headers,
) -> list[Dataset]:
    """Planes of an array (column, row, slice) of stored values.

    Args:
        spacing: mm between rows, between columns, between slices.
        step: LPS vector from slice to slice; default along the normal.
    """
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    step = np.cross(row, column) * spacing[2] if step is None else np.asarray(step, dtype=float)
    common = {"SeriesInstanceUID": generate_uid(), "SliceThickness": spacing[2]} | T2_HEADERS | headers
    return [
        plane(
            np.ascontiguousarray(array[:, :, k].T),
            np.asarray(origin) + k * step,
            orientation,
            spacing[:2],
            InstanceNumber=k + 1,
            **common,
        )
        for k in range(array.shape[2])
    ]


def save_series(folder: Path, planes: list[Dataset], syntax=ExplicitVRLittleEndian) -> list[Path]:
    """Write planes under names in an order that is not theirs."""
    return [save(one, folder / f"{n * 7919 % 1009:04d}-{n}.dcm", syntax) for n, one in enumerate(planes)]


def enhanced(
    pixels: np.ndarray, positions, orientation=AXIAL, spacing=(1.0, 1.0), per_frame=None, **headers
) -> Dataset:
    """An enhanced MR object of stored values (frame, row, column); `per_frame` gives a frame's own values."""

    def item(**attributes) -> Dataset:
        return put(Dataset(), attributes)

    dataset = Dataset()
    dataset.SOPClassUID = EnhancedMRImageStorage
    dataset.SOPInstanceUID = generate_uid()
    dataset.SeriesInstanceUID = generate_uid()
    timing = item(RepetitionTime=headers.pop("RepetitionTime", 4500), FlipAngle=headers.pop("FlipAngle", 90))
    modifier = item(InversionRecovery="NO")
    if "InversionTimes" in headers:
        modifier = item(InversionRecovery="YES", InversionTimes=headers.pop("InversionTimes"))
    shared = item(
        MRTimingAndRelatedParametersSequence=[timing],
        MRModifierSequence=[modifier],
        PixelMeasuresSequence=[item(PixelSpacing=list(spacing), SliceThickness=3)],
        PlaneOrientationSequence=[item(ImageOrientationPatient=list(orientation))],
    )
    put(dataset, headers)
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for n, position in enumerate(positions):
        own = {"EchoTime": 96.0, "slope": 1.0, "intercept": 0.0, "FrameType": None} | (
            per_frame(n) if per_frame else {}
        )
        frame = item(
            PlanePositionSequence=[item(ImagePositionPatient=[format_number_as_ds(float(x)) for x in position])],
            MREchoSequence=[item(EffectiveEchoTime=own["EchoTime"])],
            PixelValueTransformationSequence=[item(RescaleSlope=own["slope"], RescaleIntercept=own["intercept"])],
        )
        if own["FrameType"]:
            frame.MRImageFrameTypeSequence = [item(FrameType=own["FrameType"])]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.NumberOfFrames = len(frames)
    return put_pixels(dataset, pixels)


@pytest.fixture(scope="session")
def factory() -> SimpleNamespace:
    """The makers above."""
    return SimpleNamespace(
        AXIAL=AXIAL,
        T2_HEADERS=T2_HEADERS,
        enhanced=enhanced,
        new_study=new_study,
        plane=plane,
        put=put,
        save=save,
        save_series=save_series,
        series_planes=series_planes,
    )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = Path(__file__).resolve().parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is absent: real scans not tested")
    return folder
