"""A synthetic volume written as a classic MR series, marked as a phantom wherever DICOM has a place for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import GeometryError, ImageContentError, OutputError
from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.dicom.geometry import to_lps
from oncontour.dicom.protocols import PROTOCOLS, Acquisition

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Plane = Literal["axial", "sagittal", "coronal"]
PLANE_AXES: dict[Plane, str] = {"axial": "LPS", "sagittal": "PIR", "coronal": "LIP"}
"""How scanners lay columns, rows and slices, so that a viewer shows the picture upright and the patient's right on
the reader's left."""

THINNEST_2D_MM = 2.0
"""Slices thinner than this are 3D acquisitions: 2D slices have too little signal."""

ORTHOGONALITY_TOLERANCE = 1e-4
"""Largest cosine between rows and columns: ImageOrientationPatient can only say a right angle."""

TWELVE_BITS = 4095
SIXTEEN_BITS = 65535

MINUTES_PER_SERIES = 5


@dataclass(frozen=True)
class SyntheticStudy:
    """Who was scanned and when, all made up; the same case and seed give the same UIDs.

    Args:
        case: short name of the case, such as "adult-0001".
        seed: of the case.
        date: StudyDate, YYYYMMDD.
    """

    case: str
    seed: int
    date: str = "20000101"

    def uid(self, *parts: str | int) -> str:
        """A UID that follows from case, seed and parts."""
        from pydicom.uid import generate_uid

        return generate_uid(entropy_srcs=["oncontour phantom", self.case, str(self.seed), *map(str, parts)])


def write_series(
    volume: Volume,
    folder: Path,
    *,
    sequence: Sequence,
    number: int,
    study: SyntheticStudy,
    plane: Plane | None = "axial",
    acquisition: Acquisition | None = None,
    slice_thickness_mm: float | None = None,
    rescale: bool = False,
) -> tuple[Path, ...]:
    """Write a volume as a classic MR Image Storage series (PS3.3 A.4), one file a slice.

    Intensities become 0 to 4095, as scanners give them: their unit is arbitrary. ADC keeps its numbers (10^-6 mm2/s).
    With `rescale` every value can be had back through RescaleSlope and RescaleIntercept, to 1/65535 of the range.

    Args:
        volume: (i, j, k) and its affine; oblique and anisotropic as it likes, and tilted (slices shifted against each
            other), but with rows at a right angle to columns.
        folder: made if needed; the files are NUMBER-SLICE.dcm.
        sequence: what the image shows; gives timing, contrast agent and names.
        number: SeriesNumber from 1 on; the order in which series were acquired.
        study: who and when.
        plane: how to lay the axes, see `PLANE_AXES`; None keeps the array's own: i columns, j rows, k slices.
        acquisition: "2D" or "3D"; from the slice spacing where None.
        slice_thickness_mm: the slice spacing where None; less leaves a gap.
        rescale: keep the values.

    Returns:
        The files in the order of the slices.

    Raises:
        GeometryError: not one 3-D image, or rows not at a right angle to columns.
        ImageContentError: values that are not finite.
        OutputError: a file cannot be written.
    """
    if volume.array.ndim != 3:
        found = f"array of shape {volume.array.shape}"
        raise GeometryError("series", found, "(i, j, k)", "Write one channel at a time.")
    if plane is not None:
        volume = volume.reoriented(PLANE_AXES[plane])
    header = _study_header(study)
    _describe_series(header, sequence, number, study)
    spacing = _describe_geometry(header, volume.grid, slice_thickness_mm)
    _describe_acquisition(header, sequence, acquisition or ("2D" if spacing >= THINNEST_2D_MM else "3D"))
    stored = _stored_values(header, volume.array, sequence, rescale)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(
            _write_slice(header, stored[..., k], k, folder / f"{number:03d}-{k + 1:04d}.dcm", volume.grid, study)
            for k in range(stored.shape[2])
        )
    except OSError as error:
        found = f"an operating system error: {error.strerror}"
        raise OutputError(folder, found, "a folder that can be written", "Free space or choose another.") from error


def _study_header(study: SyntheticStudy) -> Dataset:
    """Patient, study, frame of reference and equipment."""
    from pydicom.dataset import Dataset
    from pydicom.uid import MRImageStorage

    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 100"
    header.SOPClassUID = MRImageStorage
    header.PatientName = f"PHANTOM^{study.case}"
    header.PatientID = f"PHANTOM-{study.case}"[:64]
    header.PatientBirthDate = ""
    header.PatientSex = "O"
    header.PatientComments = "Synthetic phantom, not a patient"
    header.QualityControlSubject = "YES"
    header.PatientIdentityRemoved = "YES"
    header.DeidentificationMethod = "Synthetic: there is no patient"
    header.StudyInstanceUID = study.uid("study")
    header.StudyDate = study.date
    header.StudyTime = "080000"
    header.StudyID = "1"
    header.StudyDescription = "Oncontour phantom"
    header.AccessionNumber = ""
    header.ReferringPhysicianName = ""
    header.FrameOfReferenceUID = study.uid("frame of reference")
    header.PositionReferenceIndicator = ""
    header.Manufacturer = "Oncontour"
    header.ManufacturerModelName = "Phantom"
    header.MagneticFieldStrength = 3
    header.ImagingFrequency = 123.25
    header.ImagedNucleus = "1H"
    header.BodyPartExamined = "BRAIN"
    header.PatientPosition = "HFS"
    header.BurnedInAnnotation = "NO"
    return header


def _describe_series(header: Dataset, sequence: Sequence, number: int, study: SyntheticStudy) -> None:
    minutes = 8 * 60 + number * MINUTES_PER_SERIES
    time = f"{minutes // 60 % 24:02d}{minutes % 60:02d}00"
    header.Modality = "MR"
    header.SeriesInstanceUID = study.uid("series", number)
    header.SeriesNumber = number
    header.AcquisitionNumber = 1
    for event in ("Series", "Acquisition", "Content"):
        setattr(header, f"{event}Date", study.date)
        setattr(header, f"{event}Time", time)
    if sequence is Sequence.T1CE:
        header.ContrastBolusAgent = "Gadobutrol (simulated)"
        header.ContrastBolusRoute = "IV"
        header.ContrastBolusVolume = 7.5


def _describe_acquisition(header: Dataset, sequence: Sequence, acquisition: Acquisition) -> None:
    protocol = PROTOCOLS[sequence, acquisition]
    header.ImageType = list(protocol.image_type)
    header.ProtocolName = protocol.name
    header.SeriesDescription = protocol.name
    header.SequenceName = protocol.pulse
    header.ScanningSequence = list(protocol.scanning)
    header.SequenceVariant = list(protocol.variant)
    header.ScanOptions = list(protocol.options)
    header.MRAcquisitionType = "2D" if sequence is Sequence.ADC else acquisition
    header.RepetitionTime = protocol.repetition_ms
    header.EchoTime = protocol.echo_ms
    header.EchoTrainLength = protocol.echo_train
    header.FlipAngle = protocol.flip_deg
    header.NumberOfAverages = 1
    header.EchoNumbers = 1
    header.AngioFlag = "N"
    if protocol.inversion_ms is not None:
        header.InversionTime = protocol.inversion_ms


def _describe_geometry(header: Dataset, grid: Grid, thickness_mm: float | None) -> float:
    """Orientation and spacing; returns the distance in mm between slices along their normal."""
    affine = to_lps(grid.affine)
    columns, rows = (affine[:3, n] / np.linalg.norm(affine[:3, n]) for n in (0, 1))
    cosine = float(abs(columns @ rows))
    if cosine > ORTHOGONALITY_TOLERANCE:
        found = f"{np.degrees(np.arccos(min(cosine, 1.0))):.4g} degrees between rows and columns"
        raise GeometryError("series", found, "90 degrees, the only angle DICOM can say", "Resample without shear.")
    spacing = float(abs(np.cross(columns, rows) @ affine[:3, 2]))
    header.ImageOrientationPatient = _decimal(*columns, *rows)
    header.PixelSpacing = _decimal(grid.spacing[1], grid.spacing[0])
    header.SpacingBetweenSlices = _decimal(spacing)[0]
    header.SliceThickness = _decimal(spacing if thickness_mm is None else thickness_mm)[0]
    header.Columns, header.Rows = grid.shape[:2]
    return spacing


def _decimal(*values: float) -> list[str]:
    """Decimal strings of at most 16 characters, with as many digits as fit (PS3.5 6.2)."""
    from pydicom.valuerep import format_number_as_ds

    return [format_number_as_ds(float(value)) for value in values]


def _stored_values(header: Dataset, array: NDArray, sequence: Sequence, rescale: bool) -> NDArray[np.uint16]:
    """Unsigned integers of the voxels; describes them in the header."""
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        found = f"{np.count_nonzero(~np.isfinite(values))} voxels that are not finite"
        raise ImageContentError("series", found, "finite numbers", "Replace them first.")
    low, high = float(values.min()), float(values.max())
    bits = 16
    if rescale:
        slope, intercept = _decimal((high - low) / SIXTEEN_BITS or 1.0, low)
        header.RescaleSlope, header.RescaleIntercept, header.RescaleType = slope, intercept, "US"
        values = (values - float(intercept)) / float(slope)
    elif sequence is not Sequence.ADC:
        bits, low = 12, min(low, 0.0)
        values = (values - low) * (TWELVE_BITS / (high - low or 1.0))
    stored = np.clip(np.rint(values), 0, SIXTEEN_BITS).astype(np.uint16)
    header.SamplesPerPixel = 1
    header.PhotometricInterpretation = "MONOCHROME2"
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, bits, bits - 1
    header.PixelRepresentation = 0
    _describe_window(header, stored)
    return stored


def _describe_window(header: Dataset, stored: NDArray[np.uint16]) -> None:
    """A window from black to the brightest but 1 in 200 of what is not background, in the unit of the output."""
    bright = np.percentile(stored[stored > 0], 99.5) if stored.any() else 1.0
    slope, intercept = float(header.get("RescaleSlope", 1)), float(header.get("RescaleIntercept", 0))
    header.WindowCenter, header.WindowWidth = _decimal(intercept + slope * bright / 2, max(slope * bright, 1.0))


def _write_slice(
    header: Dataset, picture: NDArray[np.uint16], k: int, path: Path, grid: Grid, study: SyntheticStudy
) -> Path:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    affine = to_lps(grid.affine)
    position = affine[:3, 3] + k * affine[:3, 2]
    dataset = Dataset()
    dataset.update(header)
    dataset.SOPInstanceUID = study.uid("instance", header.SeriesNumber, k)
    dataset.InstanceNumber = k + 1
    dataset.ImagePositionPatient = _decimal(*position)
    cosines = np.array(header.ImageOrientationPatient, dtype=np.float64)
    dataset.SliceLocation = _decimal(float(np.cross(cosines[:3], cosines[3:]) @ position))[0]
    dataset.PixelData = picture.T.astype("<u2").tobytes()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    part = path.with_name(path.name + ".part")
    dataset.save_as(part, enforce_file_format=True)
    part.replace(path)
    return path
