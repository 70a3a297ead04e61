"""A case's images as the viewer wants them: all on the reference's grid, cut to the head, axes along R, A and S, in
numbers of two bytes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import EVERYWHERE, Box, bounding_box, widened
from oncontour.core.errors import InputError
from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.files import read_json
from oncontour.data.nifti import nifti_bytes, read_masks
from oncontour.drawing.slices import window
from oncontour.preprocess.resample import resample
from oncontour.review.results.crop import cut
from oncontour.review.results.result import Result
from oncontour.review.results.source import Source

HEAD_SHARE = 0.1
"""Of the reference's bright tissue: what is darker all around is air, and not sent to the browser."""

MARGIN_VOXELS = 4

SPARSE = 2
"""Of voxels along each axis, where brightness is looked at: one in so many, which takes an eighth of the time."""

BRIGHTEST = 30_000
"""Of the stored numbers, where the image's own do not fit into two bytes or are no whole ones."""


@dataclass(frozen=True)
class Shown:
    """What the viewer is given of a case.

    Args:
        images: sequence -> NIfTI file; its header says what to draw as black and as white.
        names: of the regions.
        regions: NIfTI file on the same grid; bit n of a voxel is region n.
        centre: (i, j, k), voxel of that grid where the viewer begins: the middle of the largest slice of tumour.
        box: of the reference's native grid; what `cut` takes is that grid.
    """

    images: Mapping[str, bytes]
    names: tuple[str, ...]
    regions: bytes
    centre: tuple[int, int, int]
    box: Box


class Images(Mapping[str, bytes]):
    """Images that are made when they are first asked for.

    Args:
        names: of all of them.
        make: makes one.
    """

    def __init__(self, names: Iterable[str], make: Callable[[str], bytes]) -> None:
        self._locks = {name: threading.Lock() for name in names}
        self._made: dict[str, bytes] = {}
        self._make = make

    def __getitem__(self, name: str) -> bytes:
        with self._locks[name]:
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    def keep(self, name: str, made: bytes) -> None:
        """Keep one that is made already."""
        self._made[name] = made

    def __iter__(self) -> Iterator[str]:
        return iter(self._locks)

    def __len__(self) -> int:
        return len(self._locks)


def show(result: Result, source: Source) -> Shown:
    """A case's images and regions on the reference's native grid; the reference now, other images when asked for.

    Raises:
        InputError: the study's reference is not on the grid of the masks: these are other images.
    """
    name = Sequence(result.measurements["reference"])
    reference, states = read_reference(result, source)
    box = head_box(reference, states.array != 0)
    transforms = _transforms(result.folder / "transforms.json")

    def make(sequence: str) -> bytes:
        wanted = Sequence(sequence)
        image = source.volume(wanted)
        assert image is not None, "the source told which it has"
        return stored(cut(resample(image, states.grid, transforms.get(wanted)), box))

    images = Images(map(str, source.sequences), make)
    regions = cut(states, box)
    data = nifti_bytes(regions, "uint8", compressed=False)
    images.keep(str(name), stored(cut(reference, box)))
    return Shown(images, tuple(result.volumes_ml), data, centre(regions.array & 1), box)


def read_reference(result: Result, source: Source) -> tuple[Volume, Volume]:
    """The reference and the regions (`read_states`) of a case, on one grid, read at the same time.

    Raises:
        InputError: the study's reference is not on the grid of the masks: these are other images.
    """
    name = Sequence(result.measurements["reference"])
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_states, result.folder)
        reference = source.volume(name)
        states = reading.result()
    if reference is None or not _same(reference.grid, states.grid):
        found = f"no {name} of {states.grid.shape} voxels at the place of the masks"
        raise InputError(source.name, found, "the study that was segmented", "Give with --studies what was segmented.")
    return reference, states


def read_states(folder: Path) -> Volume:
    """Where the regions of a result are: (i, j, k) uint8, bit n of a voxel says whether it lies in region n."""
    regions = read_masks(folder / "regions.nii.gz")
    bits = np.zeros(regions.grid.shape, np.uint8, order="F")
    for n, mask in enumerate(regions.array):
        bits |= mask.astype(np.uint8) << n
    return Volume(bits, regions.affine)


def stored(image: Volume) -> bytes:
    """A NIfTI file of an image in two bytes a voxel."""
    kept = _in_two_bytes(image)
    some = kept.array[::SPARSE, ::SPARSE, ::SPARSE]
    limits = window(some, some > HEAD_SHARE * np.percentile(some, 99))
    return nifti_bytes(kept, "int16", compressed=False, window=limits)


def _same(one: Grid, other: Grid) -> bool:
    return one.shape == other.shape and np.allclose(one.affine, other.affine, atol=1e-2)


def head_box(reference: Volume, tumour: NDArray[np.bool_]) -> Box:
    """The box around the head and all that was found."""
    some = reference.array[::SPARSE, ::SPARSE, ::SPARSE]
    head, found = bounding_box(some > HEAD_SHARE * np.percentile(some, 99)), bounding_box(tumour)
    boxes = [[slice(side.start * SPARSE, side.stop * SPARSE) for side in head]] if head else []
    boxes += [list(found)] if found else []
    if not boxes:
        return EVERYWHERE
    sides = zip(*boxes, strict=True)
    return widened([slice(min(s.start for s in side), max(s.stop for s in side)) for side in sides], MARGIN_VOXELS)


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
