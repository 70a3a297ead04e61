"""Healthy anatomies: label maps of heads, from the MNI152 brain that nilearn carries or from a folder of label maps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from oncontour.core.box import bounding_box
from oncontour.core.errors import InputError
from oncontour.core.volume import Volume


class Tissue(IntEnum):
    """What a voxel of a healthy head is. Values from SKIN on lie outside the brain."""

    AIR = 0
    WHITE = 1
    GREY = 2
    CEREBELLAR_WHITE = 3
    CEREBELLAR_GREY = 4
    BRAINSTEM = 5
    DEEP_GREY = 6
    PALLIDUM = 7
    VENTRICLE = 8
    CSF = 9
    SKIN = 10
    MUSCLE = 11
    BONE = 12
    MARROW = 13
    EYE = 14
    SOFT = 15
    CAVITY = 16
    FAT = 17


WHITE_MATTER = (Tissue.WHITE, Tissue.CEREBELLAR_WHITE, Tissue.BRAINSTEM)
GREY_MATTER = (Tissue.GREY, Tissue.CEREBELLAR_GREY)
DEEP_MATTER = (Tissue.DEEP_GREY, Tissue.PALLIDUM)
FLUID = (Tissue.VENTRICLE, Tissue.CSF)
INFRATENTORIAL = (Tissue.CEREBELLAR_WHITE, Tissue.CEREBELLAR_GREY, Tissue.BRAINSTEM)
SOLID = (*WHITE_MATTER, *GREY_MATTER, *DEEP_MATTER, Tissue.VENTRICLE)

FREESURFER = {
    Tissue.WHITE: (2, 41, 25, 57, 28, 60, 77, 78, 79, 85, 136, 137, 163, 164),
    Tissue.GREY: (3, 42, 17, 53, 18, 54),
    Tissue.CEREBELLAR_WHITE: (7, 46),
    Tissue.CEREBELLAR_GREY: (8, 47),
    Tissue.BRAINSTEM: (16,),
    Tissue.DEEP_GREY: (10, 49, 11, 50, 12, 51, 26, 58),
    Tissue.PALLIDUM: (13, 52),
    Tissue.VENTRICLE: (4, 43, 5, 44, 14, 15, 72, 30, 31, 62, 63),
    Tissue.CSF: (24,),
    Tissue.SKIN: (511,),
    Tissue.MUSCLE: (507,),
    Tissue.BONE: (515,),
    Tissue.MARROW: (516,),
    Tissue.EYE: (530, 502),
    Tissue.SOFT: (506, 508, 512),
    Tissue.CAVITY: (509, 514),
}
"""FreeSurfer numbers (5xx: SynthSeg's labels outside the brain) of each tissue; others outside the brain are soft."""

NECK_MM = 45
"""How much of the head below the brain is kept: what a head coil's field of view holds at most."""


@dataclass(frozen=True, eq=False)
class Anatomy:
    """One healthy head.

    Args:
        name: for manifests.
        tissues: uint8 `Tissue` values (i, j, k), 1 mm, axes RAS.
        brain: bool (i, j, k), the brain with its ventricles and the CSF in its sulci.
    """

    name: str
    tissues: NDArray[np.uint8]
    brain: NDArray[np.bool_]

    @cached_property
    def midline(self) -> float:
        """Voxel position of the middle of the brain, from left to right."""
        counts = self.brain.sum((1, 2))
        return float(counts @ np.arange(counts.size) / counts.sum())

    @cached_property
    def depth(self) -> NDArray[np.uint8]:
        """Distance from the brain's surface in mm, rounded up; 0 outside the brain."""
        import edt

        depth = np.zeros(self.brain.shape, np.uint8)
        box = bounding_box(self.brain)
        if box is not None:
            distance = edt.edt(np.ascontiguousarray(self.brain[box]), black_border=True, parallel=1)
            depth[box] = np.ceil(np.minimum(distance, 255))
        return depth


def among(tissues: NDArray[np.uint8], members: tuple[Tissue, ...]) -> NDArray[np.bool_]:
    """Whether each voxel is one of some tissues."""
    table = np.zeros(256, bool)
    table[list(members)] = True
    return table[tissues]


def fill_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask with what it encloses (6-neighbours)."""
    import cc3d

    outside = cc3d.connected_components(np.pad(~mask, 1, constant_values=True), connectivity=6)
    return (outside != outside[0, 0, 0])[1:-1, 1:-1, 1:-1]


def brain_of(tissues: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The brain as extraction programs draw it: tissue closed over its sulci, with CSF up to 2 mm outside it."""
    whole = among(tissues, SOLID)
    box = bounding_box(whole)
    brain = np.zeros(tissues.shape, bool)
    if box is None:
        return brain
    box = tuple(slice(max(0, part.start - 4), part.stop + 4) for part in box)
    solid = whole[box]
    closed = ndimage.binary_closing(np.pad(solid, 4), iterations=3)[4:-4, 4:-4, 4:-4]
    closed |= ndimage.binary_dilation(solid, iterations=2) & (tissues[box] == Tissue.CSF)
    brain[box] = fill_holes(closed)
    return brain


def _crop(tissues: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut to the head, without what lies far below the brain."""
    lowest = int(np.nonzero(among(tissues, SOLID).any((0, 1)))[0][0])
    box = bounding_box(tissues > 0)
    assert box is not None, "there is a brain in it"
    bottom = max(box[2].start, lowest - NECK_MM)
    return np.ascontiguousarray(tissues[box[0], box[1], bottom : box[2].stop])


def from_labels(name: str, volume: Volume) -> Anatomy:
    """An anatomy from a label map with FreeSurfer's numbers, 1 mm."""
    if max(abs(size - 1.0) for size in volume.grid.spacing) > 0.01:
        found = f"spacing {volume.grid.spacing} mm"
        raise InputError(name, found, "a label map of 1 mm voxels", "Resample it (nearest neighbour) first.")
    labels = np.asarray(volume.reoriented("RAS").array).astype(np.uint16)
    table = np.full(int(labels.max()) + 1, Tissue.SOFT, np.uint8)
    table[0] = Tissue.AIR
    for tissue, values in FREESURFER.items():
        table[[value for value in values if value < table.size]] = tissue
    tissues = table[labels]
    if not among(tissues, SOLID).any():
        remedy = "Give label maps as FreeSurfer or SynthSeg write them."
        raise InputError(name, "no brain structure", "FreeSurfer label numbers", remedy)
    tissues = _crop(tissues)
    return Anatomy(name, tissues, brain_of(tissues))


def list_folder(folder: Path) -> tuple[Path, ...]:
    """The label maps (`*.nii.gz`) of a folder, in the order of their names."""
    paths = tuple(sorted(folder.glob("*.nii.gz")))
    if not paths:
        raise InputError(folder, "no .nii.gz file", "label maps of heads", "Give the folder that holds them.")
    return paths


def load_file(path: Path) -> Anatomy:
    """The anatomy of one label map."""
    import nibabel

    image = nibabel.Nifti1Image.from_filename(path)
    return from_labels(
        path.name.removesuffix(".nii.gz"), Volume(np.asarray(image.dataobj), np.asarray(image.affine, dtype=np.float64))
    )


def load_folder(folder: Path) -> list[Anatomy]:
    """Every label map of a folder, in the order of their names."""
    return [load_file(path) for path in list_folder(folder)]
