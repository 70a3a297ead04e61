"""Reading the files of a case: NIfTI, or the .mha of BraTS 2015."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from oncontour.core.errors import ImageContentError, InputError
from oncontour.core.grid import check_affine
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets.dataset import Dataset, DatasetCase, ImageFile
from oncontour.data.datasets.labels import assumed, to_scheme
from oncontour.data.nifti import check_voxels, is_nifti, read_channels, read_voxels

META_IMAGE = ".mha"


def is_image(path: Path) -> bool:
    """Whether the name is that of a format that can be read here."""
    return is_nifti(path) or (path.suffix.lower() == META_IMAGE and not path.name.startswith("."))


def read_case(case: DatasetCase, dataset: Dataset) -> tuple[dict[Sequence, Volume], Volume | None]:
    """Read a case.

    Returns:
        The image of each sequence, (i, j, k) float32 with its affine, each in its own grid as stored; and the label
        map, (i, j, k) uint8 of the scheme's values, None where the case has no mask.

    Raises:
        InputError: a file that is not there or damaged, or labels that the data set's scheme does not have.
        GeometryError: a place that no scanner can have made.
        ImageContentError: not finite, constant (but see `Dataset.zeros_are_absent`), or several images in one file.
    """
    volumes = read_images(case)
    if dataset.zeros_are_absent:
        volumes = {sequence: volume for sequence, volume in volumes.items() if volume.array.any()}
    for sequence, volume in volumes.items():
        check_voxels(volume.array, _where(case.images[sequence]))
    return volumes, None if case.mask is None else read_label_map(case.mask, dataset)


def read_images(case: DatasetCase) -> dict[Sequence, Volume]:
    """The image of each sequence, its voxels unchecked; a file that holds several is read once."""
    several = [file.path for file in case.images.values() if file.channel is not None]
    stacks = {path: read_channels(path)[0] for path in dict.fromkeys(several) if several.count(path) > 1}
    return {sequence: _one(file, stacks) for sequence, file in case.images.items()}


def read_label_map(file: ImageFile, dataset: Dataset) -> Volume:
    """The label map of a mask, (i, j, k) uint8, in the scheme's values; raises as `read_case`."""
    stored = read_stored(file)
    conventions = dataset.conventions or assumed(dataset.scheme)
    return stored.with_array(to_scheme(stored.array, conventions, dataset.scheme, file.path))


def read_stored(file: ImageFile) -> Volume:
    """(i, j, k) float32 as stored; voxels unchecked."""
    return _read_meta_image(file.path) if file.path.suffix.lower() == META_IMAGE else read_voxels(*_parts(file))[0]


def _parts(file: ImageFile) -> tuple[Path, int | None]:
    return file.path, file.channel


def _one(file: ImageFile, stacks: Mapping[Path, Volume]) -> Volume:
    stack = stacks.get(file.path)
    if stack is None or file.channel is None:
        return read_stored(file)
    if file.channel >= len(stack.array):
        remedy = "Correct dataset.json, or give the right file."
        raise ImageContentError(file.path, f"{len(stack.array)} channels", f"a channel number {file.channel}", remedy)
    return stack.with_array(np.ascontiguousarray(stack.array[file.channel]))


def _where(file: ImageFile) -> str:
    return str(file.path) if file.channel is None else f"{file.path} channel {file.channel}"


def _read_meta_image(path: Path) -> Volume:
    """A MetaImage: ITK's world, like DICOM's, points left and to the back."""
    import SimpleITK

    from oncontour.dicom.geometry import to_ras

    expected = "a MetaImage (.mha)"
    if not path.is_file():
        raise InputError(path, "no such file", expected, "Correct the path.")
    try:
        image = SimpleITK.ReadImage(str(path))
    except RuntimeError as error:
        raise InputError(path, "a damaged or truncated file", expected, "Copy or download the file again.") from error
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        found = f"{image.GetDimension()} axes and {image.GetNumberOfComponentsPerPixel()} values a voxel"
        raise ImageContentError(path, found, "one 3-D image", "Give the scanner's image.")
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    affine = to_ras(affine)
    check_affine(affine, str(path))
    array = SimpleITK.GetArrayFromImage(image).astype(np.float32).transpose(2, 1, 0)
    return Volume(np.ascontiguousarray(array), affine)
