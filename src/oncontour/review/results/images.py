"""A case's images as the viewer wants them: all on the reference's grid, cut to the head, axes along R, A and S, in
numbers of two bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import EVERYWHERE, Box, bounding_box, widened
from oncontour.core.errors import InputError
from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.study import Study
from oncontour.core.volume import Volume
from oncontour.data.files import read_json
from oncontour.data.nifti import nifti_bytes, read_channels
from oncontour.drawing.slices import window
from oncontour.preprocess.resample import resample
from oncontour.review.results.crop import cut
from oncontour.review.results.result import Result

HEAD_SHARE = 0.1
"""Of the reference's bright tissue: what is darker all around is air, and not sent to the browser."""

MARGIN_VOXELS = 4

BRIGHTEST = 30_000
"""Of the stored numbers, where the image's own do not fit into two bytes or are no whole ones."""


@dataclass(frozen=True)
class Shown:
    """What the viewer is given of a case.

    Args:
        images: sequence -> NIfTI file.
        windows: sequence -> stored numbers to draw as black and as white.
        names: of the regions.
        regions: NIfTI file on the same grid; bit n of a voxel is region n.
        centre: (i, j, k), voxel of that grid where the viewer begins: the middle of the largest slice of tumour.
        box: of the reference's native grid; what `cut` takes is that grid.
    """

    images: Mapping[str, bytes]
    windows: Mapping[str, tuple[float, float]]
    names: tuple[str, ...]
    regions: bytes
    centre: tuple[int, int, int]
    box: Box


def show(result: Result, study: Study) -> Shown:
    """A case's images and regions on the reference's native grid.

    Args:
        study: as `oncontour segment` read it.

    Raises:
        InputError: the study's reference is not on the grid of the masks: these are other images.
    """
    masks = read_states(result.folder)
    reference = study.images.get(Sequence(result.measurements["reference"]))
    if reference is None or not _same(reference.volume.grid, masks.grid):
        found = f"no {result.measurements['reference']} of {masks.grid.shape} voxels at the place of the masks"
        raise InputError(study.name, found, "the study that was segmented", "Give with --studies what was segmented.")
    box = _head(reference.volume, masks.array != 0)
    transforms = _transforms(result.folder / "transforms.json")
    images, windows = {}, {}
    for sequence, image in study.images.items():
        seen = resample(image.volume, masks.grid, transforms.get(sequence))
        images[str(sequence)], windows[str(sequence)] = stored(cut(seen, box))
    regions = cut(masks, box)
    data = nifti_bytes(regions, "uint8", compressed=False)
    return Shown(images, windows, tuple(result.volumes_ml), data, centre(regions.array & 1), box)


def stored(image: Volume) -> tuple[bytes, tuple[float, float]]:
    """A NIfTI file of an image in two bytes a voxel, and which of its numbers to draw as black and as white."""
    kept = _in_two_bytes(image)
    inside = kept.array > HEAD_SHARE * np.percentile(kept.array, 99)
    return nifti_bytes(kept, "int16", compressed=False), window(kept.array, inside)


def read_states(folder: Path) -> Volume:
    """The regions of a result's folder as (i, j, k) uint8: bit n of a voxel says whether it lies in region n."""
    regions, _ = read_channels(folder / "regions.nii.gz")
    bits = np.zeros(regions.grid.shape, np.uint8)
    for n, mask in enumerate(regions.array):
        bits |= (mask != 0).astype(np.uint8) << n
    return Volume(bits, regions.affine)


def _same(one: Grid, other: Grid) -> bool:
    return one.shape == other.shape and np.allclose(one.affine, other.affine, atol=1e-2)


def _head(reference: Volume, tumour: NDArray[np.bool_]) -> Box:
    """The box around the head and all that was found."""
    bright = reference.array > HEAD_SHARE * np.percentile(reference.array, 99)
    box = bounding_box(bright | tumour)
    return widened(box, MARGIN_VOXELS) if box else EVERYWHERE


def _in_two_bytes(volume: Volume) -> Volume:
    """As they are where they are whole numbers that fit, such as an ADC map's; else scaled."""
    low, high = float(volume.array.min()), float(volume.array.max())
    fits = low >= -32_768 and high <= 32_767 and high - low > 200
    scale = 1.0 if fits else BRIGHTEST / max(abs(low), abs(high), 1e-6)
    return volume.with_array(np.round(volume.array * scale).astype(np.int16))


def centre(mask: NDArray) -> tuple[int, int, int]:
    """The middle of the mask within its largest axial slice; of the grid where it is empty."""
    if not mask.any():
        i, j, k = (size // 2 for size in mask.shape)
        return i, j, k
    k = int(np.argmax(mask.sum(axis=(0, 1), dtype=np.int64)))
    i, j = (int(np.median(places)) for places in np.nonzero(mask[:, :, k]))
    return i, j, k


def _transforms(path: Path) -> dict[Sequence, NDArray[np.float64]]:
    content = read_json(path, remedy="Segment the case again.")
    return {Sequence(name): np.array(matrix, float) for name, matrix in content["transforms"].items()}
