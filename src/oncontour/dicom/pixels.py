"""Pixels of a series -> one volume."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import ImageContentError, IncompleteSeriesError
from oncontour.core.volume import Volume
from oncontour.dicom.header import Frame
from oncontour.dicom.series import DicomSeries
from oncontour.dicom.stack import arrange

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_REMEDY = "Export the series again from the scanner or archive."


@dataclass(frozen=True)
class Reading:
    """A series that has been read.

    Args:
        volume: (column, row, slice) float32.
        files: of each slice its file, a bridged one has none; one alone where all slices are frames of it.
        notes: repairs and assumptions, in words.
    """

    volume: Volume
    files: tuple[Path, ...]
    notes: tuple[str, ...]


def read_volume(series: DicomSeries) -> Volume:
    """Read a series: (i = column, j = row, k = slice along the normal) float32 real values, affine to RAS+ mm.

    Raises:
        IncompleteSeriesError, GeometryError, ImageContentError: see `read_series`.
    """
    return read_series(series).volume


def read_series(series: DicomSeries) -> Reading:
    """Read a series, drop exact doubles, refuse what is no regular stack.

    Raises:
        IncompleteSeriesError: slices missing, at irregular distances, truncated, of unlike geometry, or several unlike
            images at one position.
        GeometryError: an affine that no scanner can have made.
        ImageContentError: colour pixels, or pixels that no installed decoder reads.
    """
    from oncontour.dicom.mosaic import needs_dcm2niix, read_with_dcm2niix

    if not any(frame.rows and frame.columns for frame in series.frames):
        raise ImageContentError(series.label, "no pixels", "an image", "Leave this series out.")
    if needs_dcm2niix(series):
        volume, file = read_with_dcm2niix(series)
        return Reading(volume, (file,), (*series.notes, f"{series.label}: read through dcm2niix"))
    stack = arrange(series.label, series.frames)
    slices = _read_frames(series.label, [frame for planes in stack.planes for frame in planes])
    kept, dropped = _without_doubles(series.label, stack.planes, slices)
    array = _fill([None if frame is None else slices[frame.path, frame.index] for frame in kept])
    notes = [*series.notes, *stack.notes]
    if dropped:
        notes.append(f"{series.label}: {dropped} exact doubles of slices left out")
    paths = tuple(frame.path for frame in kept if frame is not None)
    single = series.frames[0].index is not None and len(set(paths)) == 1
    return Reading(Volume(array, stack.affine), paths[:1] if single else paths, tuple(notes))


Slices = dict[tuple[Path, int | None], NDArray[np.float32]]
"""Real values (row, column) by file and frame."""


def _without_doubles(label: str, planes: Sequence[tuple[Frame, ...]], slices: Slices) -> tuple[list[Frame | None], int]:
    """One frame for each slice, None where there is none, and how many exact doubles were left out."""
    kept: list[Frame | None] = []
    for here in planes:
        images = [slices[frame.path, frame.index] for frame in here]
        if any(not np.array_equal(images[0], other) for other in images[1:]):
            doubled = sum(len(frames) > 1 for frames in planes)
            found = f"unlike images at one place, at {doubled} of {len(planes)} slice positions"
            raise IncompleteSeriesError(label, found, "one image at each position", _REMEDY)
        kept.append(here[0] if here else None)
    return kept, sum(max(0, len(here) - 1) for here in planes)


def _fill(slices: Sequence[NDArray[np.float32] | None]) -> NDArray[np.float32]:
    """Slices (row, column) -> (column, row, slice); a missing one, never first or last, is its neighbours' mean."""
    known = {n: one for n, one in enumerate(slices) if one is not None}
    rows, columns = known[0].shape
    array = np.empty((columns, rows, len(slices)), dtype=np.float32)
    for n, one in known.items():
        array[:, :, n] = one.T
    for n in set(range(len(slices))) - set(known):
        array[:, :, n] = (array[:, :, n - 1] + array[:, :, n + 1]) / 2
    return array


def _read_frames(label: str, frames: Sequence[Frame]) -> Slices:
    """Real values (row, column) of each frame, reading every file once."""
    by_path: dict[Path, list[Frame]] = defaultdict(list)
    for frame in frames:
        by_path[frame.path].append(frame)
    slices: Slices = {}
    for path, wanted in by_path.items():
        for frame, stored in zip(wanted, _decode(label, path, wanted), strict=True):
            if stored.shape != (frame.rows, frame.columns):
                found = f"a slice of {stored.shape} pixels"
                raise IncompleteSeriesError(label, found, f"{(frame.rows, frame.columns)} as its header says", _REMEDY)
            slices[frame.path, frame.index] = (stored * np.float64(frame.slope) + frame.intercept).astype(np.float32)
    return slices


def _decode(label: str, path: Path, frames: Sequence[Frame]) -> list[NDArray]:
    import pydicom
    from pydicom import config
    from pydicom.pixels.utils import iter_pixels, pixel_array

    with warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values, which may name a patient
        dataset = pydicom.dcmread(path, force=True)
        syntax = _syntax(dataset)
        try:
            if frames[0].index is None:
                arrays = [pixel_array(dataset)]
            else:
                arrays = list(iter_pixels(dataset, indices=[frame.index or 0 for frame in frames]))
        except (RuntimeError, NotImplementedError) as error:
            found = f"pixels in {syntax} that cannot be decoded ({type(error).__name__})"
            raise ImageContentError(label, found, "a transfer syntax that pydicom or GDCM reads", _REMEDY) from None
        except Exception as error:  # decoders raise many kinds on damaged pixel data
            found = f"a slice whose pixel data are cut off or damaged ({type(error).__name__}, {syntax})"
            raise IncompleteSeriesError(label, found, "whole slices", _REMEDY) from None
        return [_without_overlay(array, dataset) for array in arrays]


def _syntax(dataset: Dataset) -> str:
    uid = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
    if uid is None:
        # written without preamble: PS3.10 has no word for it, implicit little endian is what such files are
        from pydicom.dataset import FileMetaDataset
        from pydicom.uid import ImplicitVRLittleEndian

        dataset.file_meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
        uid = dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return uid.name


def _without_overlay(array: NDArray, dataset: Dataset) -> NDArray:
    """Clear the unused high bits where an old scanner drew an overlay into them (PS3.5 section 8.1.2, retired)."""
    drawn = any(dataset.get((group, 0x0102)) and dataset[group, 0x0102].value for group in range(0x6000, 0x6020, 2))
    if not drawn or array.dtype.kind != "u":
        return array
    return array & array.dtype.type(2 ** int(dataset.BitsStored) - 1)
