"""Siemens mosaics, and enhanced objects without plane positions: dcm2niix knows their private headers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from oncontour.core.errors import ImageContentError, IncompleteSeriesError
from oncontour.core.grid import check_affine
from oncontour.core.volume import Volume
from oncontour.dicom.geometry import to_lps
from oncontour.dicom.series import DicomSeries

TIMEOUT_SECONDS = 300
"""A single volume takes dcm2niix about a second."""


def needs_dcm2niix(series: DicomSeries) -> bool:
    """Whether plane positions are missing or, in a mosaic, mean something else."""
    first = series.frames[0]
    return first.mosaic_tiles > 0 or (
        first.index is not None and any(frame.position is None for frame in series.frames)
    )


def read_with_dcm2niix(series: DicomSeries) -> tuple[Volume, Path]:
    """The volume of a series of one file, axes in the order (column, row, slice) as everywhere in this room.

    Raises:
        IncompleteSeriesError: several files, so several volumes.
        ImageContentError: dcm2niix is absent, fails, or makes other than one 3-D image.
    """
    files = sorted({frame.path for frame in series.frames})
    if len(files) > 1:
        remedy = "Give one volume: a series over time is not one of the sequences read here."
        raise IncompleteSeriesError(series.label, f"{len(files)} volumes over time", "one volume", remedy)
    with TemporaryDirectory(prefix="oncontour-") as name:
        source, target = Path(name, "in"), Path(name, "out")
        source.mkdir()
        target.mkdir()
        shutil.copyfile(files[0], source / "0.dcm")
        _run(series.label, source, target)
        volume = _load(series.label, target)
    check_affine(volume.affine, series.label)
    orientation = series.frames[0].orientation
    return (volume if orientation is None else _along_rows_and_columns(volume, orientation)), files[0]


def _run(label: str, source: Path, target: Path) -> None:
    remedy = "Install it with: pip install dcm2niix."
    try:
        import dcm2niix
    except ImportError:
        raise ImageContentError(label, "no dcm2niix", "it installed, to read this kind of object", remedy) from None
    command = [dcm2niix.bin, "-b", "n", "-z", "n", "-f", "image", "-o", str(target), str(source)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_SECONDS)  # its text names patients
    except subprocess.CalledProcessError as error:
        found = f"dcm2niix failing with exit code {error.returncode}"
        raise ImageContentError(label, found, "0", "Export the series as classic MR images.") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        found = f"dcm2niix that does not run ({type(error).__name__})"
        raise ImageContentError(label, found, "a running one", remedy) from None


def _load(label: str, folder: Path) -> Volume:
    from nibabel.nifti1 import Nifti1Image

    images = sorted(folder.glob("*.nii"))
    if len(images) != 1:
        remedy = "Export the series as classic MR images."
        raise ImageContentError(label, f"{len(images)} images made by dcm2niix", "one", remedy)
    image = Nifti1Image.from_filename(images[0])
    array = np.squeeze(np.asarray(image.dataobj, dtype=np.float32))
    if array.ndim != 3:
        raise ImageContentError(label, f"an image of shape {array.shape}", "(i, j, k)", "Give one volume.")
    return Volume(array, np.asarray(image.affine))


def _along_rows_and_columns(volume: Volume, orientation: tuple[float, ...]) -> Volume:
    """Undo dcm2niix's flips, so that i runs with the columns' index, j with the rows', k along their normal."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    array, affine = volume.array, np.array(volume.affine)
    for axis, direction in enumerate((row, column, np.cross(row, column))):
        if to_lps(affine)[:3, axis] @ direction < 0:
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
            array = np.flip(array, axis)
    return Volume(np.ascontiguousarray(array), affine)
