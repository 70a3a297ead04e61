"""Pairs of images of one head, and known motions between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from brain_masks import read_images
from numpy.typing import NDArray
from real_scans import DATA

from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.nifti import read_nifti
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.mni import load_mni
from oncontour.preprocess.box import box_faces
from oncontour.preprocess.resample import resample
from oncontour.preprocess.rigid import rigid

SLICE_MM = 5.5
FURTHEST_MM = 20.0
"""Largest shift along each axis."""

HEAD_SHARE = 0.15
"""Of the brightest voxels' brightness: what exceeds it is head."""


@dataclass(frozen=True)
class Pair:
    """Two images to be registered.

    Args:
        fixed, moving: the images.
        truth: (4, 4), fixed world -> moving world in mm, RAS+.
        faces: (6, 3) middles of the faces of the head's box, where errors are measured.
    """

    fixed: Volume
    moving: Volume
    truth: NDArray[np.float64]
    faces: NDArray[np.float64]


def moved(name: str, degrees: float, seed: int) -> Pair:
    """A pair of `SOURCES`, one of its heads turned by so many degrees about a random axis, and shifted."""
    fixed, other = SOURCES[name]()
    random = np.random.default_rng((seed, round(degrees)))
    axis = random.normal(size=3)
    faces = box_faces(fixed.with_array(fixed.array > HEAD_SHARE * np.percentile(fixed.array, 99)))
    shift = random.uniform(-FURTHEST_MM, FURTHEST_MM, 3)
    truth = rigid(np.radians(degrees) * axis / np.linalg.norm(axis), shift, faces.mean(axis=0))
    return Pair(fixed, Volume(other.array, truth @ other.affine), truth, faces)


@cache
def template() -> tuple[Volume, Volume]:
    """A head of 1 mm, and the same bent into another contrast, noisy and in thick slices."""
    head = read_nifti(DATA / "templates" / "brats_mni152_t1_1mm_unstripped.nii.gz")
    shades = np.interp(head.array, (0, 20, 90, 150, 255), (0, 60, 200, 90, 40))
    noise = np.random.default_rng(0).normal(0, 6, head.array.shape)
    return head, _thick(head.with_array((np.sqrt(np.abs(shades)) * 15 + noise).astype(np.float32)))


@cache
def volunteer() -> tuple[Volume, Volume]:
    """T1 and T2 of one session: between them the volunteer may have moved a little, which counts as all programs'."""
    images = read_images("volunteer")
    return images[Sequence.T1], images[Sequence.T2]


@cache
def phantom() -> tuple[Volume, Volume]:
    """A head with a tumour: T1CE of 1 mm, FLAIR in thick slices."""
    case = make_case(load_mni(), 6, Spec(skull=True), threads=2)
    fixed, other = (Volume(case.images[one], case.affine) for one in (Sequence.T1CE, Sequence.FLAIR))
    return fixed, _thick(other)


SOURCES: Mapping[str, Callable[[], tuple[Volume, Volume]]] = {
    "template": template,
    "volunteer": volunteer,
    "phantom": phantom,
}


def _thick(volume: Volume) -> Volume:
    i, j, k = volume.grid.shape
    thickness = SLICE_MM / volume.grid.spacing[2]
    return resample(volume, Grid((i, j, int(k / thickness)), volume.affine @ np.diag([1.0, 1.0, thickness, 1.0])))
