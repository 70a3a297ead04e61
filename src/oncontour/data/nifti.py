"""NIfTI files: read one image safely, write one whole.

The place of an image is the sform where its code is above 0, else the qform where its code is above 0 (NIfTI-1 header,
"3D image (volume) orientation and location in space", methods 3 and 2). A header with neither says nothing about left
and right and is refused, as is one whose two places disagree.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import GeometryError, ImageContentError, InputError
from oncontour.core.grid import Grid, check_affine
from oncontour.core.volume import Volume
from oncontour.data.files import write_whole

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

SUFFIXES = (".nii.gz", ".nii")

PLACES_TOLERANCE_MM = 0.5
"""sform and qform may put a corner this far apart: the tolerance on registered sequences (semantics, geometry)."""

PLACES_NOTE_MM = 0.01
"""Below a hundredth of a millimetre the two differ by rounding alone, and nobody needs to hear of it."""

_GZIP_LEVEL = 1
"""Level 1 writes masks 5 times faster than level 6 for files a fifth larger."""

_HEADER_SIZES = (348, 540)
"""First number of the header, in the file's byte order: NIfTI-1 and NIfTI-2."""

_GZIP_MAGIC = b"\x1f\x8b"
"""A gzip stream's first bytes (RFC 1952); the name alone can lie."""

OutputType = Literal["float32", "int16", "uint8", "bool"]


def is_nifti(path: Path) -> bool:
    """Whether the name ends as a NIfTI file's does; hidden files (macOS writes "._" twins) are none."""
    return path.name.lower().endswith(SUFFIXES) and not path.name.startswith(".")


def stem(path: Path) -> str:
    """The file's name without .nii or .nii.gz.

    >>> stem(Path("case/BraTS-GLI-00000-000-t1c.nii.gz"))
    'BraTS-GLI-00000-000-t1c'
    """
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.name


def read_nifti(path: Path, channel: int | None = None) -> Volume:
    """Read one image.

    Args:
        path: a .nii or .nii.gz file (NIfTI-1 or -2).
        channel: which entry of the fourth axis to take; None where the file must hold one image alone.

    Returns:
        (i, j, k) float32 with scl_slope and scl_inter applied, in the file's own axes, and the affine to RAS+ mm.

    Raises:
        InputError: not there, not readable, damaged or truncated.
        GeometryError: no place, two places, or one that no scanner can have made.
        ImageContentError: several images in one file, not finite, constant, or colours.
    """
    return read_nifti_noted(path, channel)[0]


def read_nifti_noted(path: Path, channel: int | None = None) -> tuple[Volume, tuple[str, ...]]:
    """`read_nifti`, with what had to be assumed, in words for the report."""
    volume, notes = read_voxels(path, channel)
    check_voxels(volume.array, path)
    return volume, notes


def check_voxels(array: NDArray[np.float32], where: Path | str) -> None:
    """Refuse voxels that cannot be an image.

    Raises:
        ImageContentError: not finite, or all of one value.
    """
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        found = f"{bad} of {array.size} voxels that are NaN or infinite"
        raise ImageContentError(where, found, "finite numbers", "Export or convert the image again.")
    low, high = float(array.min()), float(array.max())
    if low == high:
        found = "nothing but zeros" if low == 0 else f"the one value {low:g} in every voxel"
        raise ImageContentError(where, found, "an image with contrast", "Give the right file, or leave it out.")


def read_mask(path: Path) -> Volume:
    """Read a mask: (i, j, k) bool, true where the file is above 0.

    Raises:
        ImageContentError: not finite, or nothing marked; else as `read_nifti`.
    """
    volume, _ = read_voxels(path)
    if not np.isfinite(volume.array).all():
        raise ImageContentError(path, "voxels that are NaN or infinite", "a mask", "Export the mask again.")
    mask = volume.array > 0
    if not mask.any():
        raise ImageContentError(path, "an empty mask", "at least one marked voxel", "Give the right file.")
    return volume.with_array(mask)


def read_voxels(path: Path, channel: int | None = None) -> tuple[Volume, tuple[str, ...]]:
    """(i, j, k) float32 as stored, the affine, and notes; no check of what the voxels hold."""
    volume, notes = read_channels(path)
    images, *shape = volume.array.shape
    if images != 1 and channel is None:
        found = f"{images} images in one file (shape {(*shape, images)})"
        remedy = "Split it into one 3-D file each, or keep it with the dataset.json that names its channels."
        raise ImageContentError(path, found, "one 3-D image", remedy)
    if channel is not None and channel >= images:
        remedy = "Correct dataset.json, or give the right file."
        raise ImageContentError(path, f"{images} channels", f"a channel number {channel}", remedy)
    return volume.with_array(np.ascontiguousarray(volume.array[channel or 0])), notes


def read_channels(path: Path) -> tuple[Volume, tuple[str, ...]]:
    """Every image of a file at once: (channels, i, j, k) float32 as stored, the affine, and notes; voxels unchecked."""
    header, data = _open(path)
    shape = tuple(int(n) for n in header.get_data_shape())
    if len(shape) < 3:
        raise ImageContentError(path, f"{len(shape)} axes {shape}", "a 3-D image", "Give the whole volume.")
    affine, notes = _place(header, path)
    array = _voxels(header, data, path).reshape(*shape[:3], math.prod(shape[3:]))
    return Volume(np.moveaxis(array, -1, 0), affine), notes


def read_masks(path: Path) -> Volume:
    """Every mask of a file at once: (channels, i, j, k) bool, true where the file is not 0, in the file's order of
    memory: reading it as numbers takes ten times as long.
    """
    header, data = _open(path)
    stored = _stored(header, data, path)
    if stored.ndim < 3:
        raise ImageContentError(path, f"{stored.ndim} axes {stored.shape}", "3-D masks", "Give the whole volume.")
    channels = stored.reshape(*stored.shape[:3], -1, order="F")
    return Volume(np.moveaxis(channels, -1, 0) != 0, _place(header, path)[0])


def write_nifti(volume: Volume, path: Path, dtype: OutputType = "float32") -> None:
    """Write an image, or a mask, as .nii.gz or .nii; whole or not at all.

    Args:
        volume: (i, j, k), or (channels, i, j, k), written with the channel as the fourth axis, as NIfTI wants.
        path: ends in .nii.gz or .nii.
        dtype: how voxels are stored; "bool" as 0 and 1 in uint8.

    Raises:
        OutputError: disk full, no permission, and the like.
    """
    data = nifti_bytes(volume, dtype, compressed=path.name.endswith(".gz"))
    write_whole(path, lambda part: part.write_bytes(data))


def nifti_bytes(
    volume: Volume, dtype: OutputType, *, compressed: bool, window: tuple[float, float] | None = None
) -> bytes:
    """What `write_nifti` writes.

    Args:
        window: numbers to draw as black and as white, for who looks at it (cal_min and cal_max of the header).
    """
    import nibabel

    array = volume.array if volume.array.ndim == 3 else np.moveaxis(volume.array, 0, -1)
    stored = (array != 0).astype(np.uint8) if dtype == "bool" else array.astype(dtype)
    image = nibabel.Nifti1Image(stored, volume.affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(volume.affine, code=1)
    qform_code = 0 if _has_shear(volume.affine) else 1
    image.set_qform(volume.affine if qform_code else None, code=qform_code)
    if window:
        image.header["cal_min"], image.header["cal_max"] = window
    data = image.to_bytes()
    # mtime 0: the same result is the same file, byte for byte.
    return gzip.compress(data, compresslevel=_GZIP_LEVEL, mtime=0) if compressed else data


def _has_shear(affine: NDArray[np.float64]) -> bool:
    """Whether a qform (rotation and spacing) could not hold the affine."""
    columns = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(columns.T @ columns - np.eye(3)).max() > 1e-4)


def _open(path: Path) -> tuple[Nifti1Header, bytes]:
    """Header and the whole file's bytes, the compressed stream checked to its end."""
    import nibabel
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    expected = "a NIfTI file"
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(path, "no such file", expected, "Correct the path.") from error
    except OSError as error:
        found = f"a file that cannot be read ({error.strerror})"
        raise InputError(path, found, expected, "Check the file and its permissions.") from error
    try:
        if data[:2] == _GZIP_MAGIC:
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        found = f"a damaged or truncated gzip stream of {len(data)} bytes"
        raise InputError(path, found, expected, "Copy or download the file again.") from error
    size = int.from_bytes(data[:4], "little")
    order = "<" if size in _HEADER_SIZES else ">"
    size = size if order == "<" else int.from_bytes(data[:4], "big")
    if size not in _HEADER_SIZES or len(data) < size:
        found = f"{len(data)} bytes without a NIfTI header"
        raise InputError(path, found, expected, "Give a .nii or .nii.gz file, whole.")
    kind = nibabel.Nifti1Header if size == nibabel.Nifti1Header.sizeof_hdr else nibabel.Nifti2Header
    try:
        header = kind(data[:size], endianness=order, check=False)
        shape, itemsize = header.get_data_shape(), header.get_data_dtype().itemsize
        start = int(header["vox_offset"])
    except (HeaderDataError, WrapStructError, KeyError, ValueError, OverflowError) as error:
        raise InputError(path, "a damaged NIfTI header", expected, "Export or convert the image again.") from error
    needed = start + itemsize * math.prod(int(n) for n in shape)
    if start < size or min(shape, default=0) < 1 or len(data) < needed:
        found = f"{len(data)} bytes for an image of shape {tuple(int(n) for n in shape)}"
        raise InputError(path, found, f"{needed} bytes", "The file is cut off or damaged: copy or export it again.")
    return header, data


def _voxels(header: Nifti1Header, data: bytes, path: Path) -> NDArray[np.float32]:
    stored = _stored(header, data, path)
    slope, intercept = header.get_slope_inter()
    # Values beyond float32 become infinite here and are refused with the other numbers that are not finite.
    with np.errstate(over="ignore", invalid="ignore"):
        array = stored.astype(np.float32, order="C")
        if slope is not None and (slope, intercept) != (1.0, 0.0):
            array *= np.float32(slope)
            array += np.float32(intercept or 0.0)
    return array


def _stored(header: Nifti1Header, data: bytes, path: Path) -> NDArray:
    """The numbers of the file as they are, without their scale."""
    kind = header.get_data_dtype()
    if kind.fields is not None or kind.kind not in "iuf":
        what = "colours" if kind.fields is not None else f"voxels of type {kind}"
        remedy = "Give the scanner's image, not a picture of it."
        raise ImageContentError(path, what, "whole or real numbers", remedy)
    shape = header.get_data_shape()
    return np.frombuffer(data, kind, math.prod(shape), int(header["vox_offset"])).reshape(shape, order="F")


def _place(header: Nifti1Header, path: Path) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The affine, in mm, by the rule of this module, and a note where the two places differ a little."""
    units = header.get_xyzt_units()[0]
    if units not in ("mm", "unknown"):
        raise GeometryError(path, f"lengths in {units}", "millimetres", "Convert the study from DICOM again.")
    sform, sform_code = header.get_sform(coded=True)
    try:
        qform, qform_code = header.get_qform(coded=True)
    except ValueError as error:
        raise GeometryError(path, "a qform that is no rotation", "a unit quaternion", "Correct the header.") from error
    affine = sform if sform is not None else qform
    if affine is None:
        found = f"neither sform (code {int(sform_code)}) nor qform (code {int(qform_code)})"
        raise GeometryError(path, found, "one of them, which says where left is", "Convert the study from DICOM again.")
    check_affine(np.asarray(affine, dtype=np.float64), str(path))
    if sform is None or qform is None:
        return affine, ()
    if not np.isfinite(qform).all():
        raise GeometryError(path, "a qform that is not finite", "finite numbers", "Correct the header.")
    i, j, k = (int(n) for n in header.get_data_shape()[:3])
    apart = float(np.linalg.norm(Grid((i, j, k), sform).corners - Grid((i, j, k), qform).corners, axis=1).max())
    if apart > PLACES_TOLERANCE_MM:
        found = f"sform and qform that put a corner {apart:.1f} mm apart"
        expected = f"at most {PLACES_TOLERANCE_MM} mm"
        remedy = "Keep the one that is right and copy it over the other (for instance with nibabel)."
        raise GeometryError(path, found, expected, remedy)
    if apart > PLACES_NOTE_MM:
        return sform, (f"{path.name}: sform and qform differ by {apart:.2f} mm; the sform was used.",)
    return sform, ()
