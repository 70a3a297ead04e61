"""Copies of masks and images that tell nothing of where they came from.

A file betrays its author by more than its name: by grid and affine, by the type of its numbers, by text in its header,
by how it was compressed and how large that made it, by its date. Copies of a case's masks differ in voxels alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from oncontour.core.grid import Grid
from oncontour.core.labels import SCHEMES
from oncontour.core.volume import Volume
from oncontour.data.datasets.dataset import ImageFile
from oncontour.data.datasets.images import read_stored
from oncontour.data.datasets.labels import Convention
from oncontour.data.nifti import write_nifti
from oncontour.evaluate.case import Placing, placed, read_labels
from oncontour.review.study.plan import WHOLE_MAP

MASK_SUFFIX, IMAGE_SUFFIX = ".nii", ".nii.gz"
"""Masks are not compressed: the size of a compressed one tells a smooth outline from a rough one."""

LONG_AGO = (0, 0)
"""Times of every copy: in the order of writing, names could be told."""


def read_shown(
    file: ImageFile, conventions: tuple[Convention, ...], scheme: str, region: str, grid: Grid | None, placing: Placing
) -> Volume:
    """What raters are shown of a mask: uint8, on the case's grid.

    Axes in another order or direction, which is no other grid, are brought into the case's.

    Args:
        file, conventions, scheme: as in `evaluate.case.read_labels`.
        region: its voxels are 1; "all": the label map.
        grid: of the case; None: the mask's own.
        placing: what to do with another grid.

    Raises:
        InputError: a file that cannot be read.
        GeometryError: another grid, and that is refused.
    """
    labels = read_labels(file, conventions, scheme)
    if grid is not None:
        labels = placed(labels.reoriented(grid.axis_codes), grid, placing, str(file.path))
    array = labels.array
    if region != WHOLE_MAP:
        array = np.isin(array, SCHEMES[scheme].values(SCHEMES[scheme].region(region)))
    return Volume(array.astype(np.uint8), labels.affine if grid is None else grid.affine)


def write_mask(mask: Volume, path: Path) -> None:
    """Write a mask (i, j, k), uint8, as a NIfTI file of a size that its grid alone decides.

    Raises:
        OutputError: it cannot be written.
    """
    write_nifti(mask, path, "uint8")
    os.utime(path, LONG_AGO)


def write_images(images: Mapping[str, ImageFile], token: str, folder: Path) -> dict[str, str]:
    """Write a case's images, free of their headers; sequence -> the file's name.

    Raises:
        InputError: one cannot be read.
        OutputError: one cannot be written.
    """
    names = {}
    for sequence, file in images.items():
        names[sequence] = f"{token}-{sequence}{IMAGE_SUFFIX}"
        write_nifti(read_stored(file), folder / names[sequence])
        os.utime(folder / names[sequence], LONG_AGO)
    return names
