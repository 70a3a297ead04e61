"""The default anatomy: the MNI152 brain that the nilearn wheel carries, with a head built around it.

The atlas (ICBM 2009a nonlinear symmetric) is already skull-stripped. What surrounds it here, layers of CSF, bone with
marrow, muscle, fat and skin, eyes, nose and sinuses, is geometry of our own: a head coil's view of a head, not an atlas.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from oncontour.core.errors import InputError
from oncontour.data.phantom.anatomy import NECK_MM, Anatomy, Tissue, brain_of

CEREBELLUM_BELOW_MM = -14.0
"""In MNI space, tissue below this height and behind the brainstem is cerebellum."""


def _atlas(kind: str) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """One map of the atlas scaled to 0..1, and its affine (RAS, 1 mm)."""
    import nibabel

    spec = find_spec("nilearn")
    if spec is None or spec.origin is None:
        remedy = 'Install it with pip install "oncontour[phantom]", or give a folder of label maps with --anatomies.'
        raise InputError("nilearn", "no such package", "the wheel that carries the MNI152 brain", remedy)
    name = f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz"
    image = nibabel.nifti1.load(Path(spec.origin).parent / "datasets" / "data" / name)
    values = np.asarray(image.dataobj, dtype=np.float32)
    return values / values.max(), np.asarray(image.affine, dtype=np.float64)


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    labels, count = ndimage.label(mask)
    return labels == 1 + int(np.argmax(ndimage.sum_labels(mask, labels, range(1, count + 1))))


def brain_tissues() -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Tissues of the MNI152 brain (i, j, k), 1 mm RAS, and the affine."""
    t1, affine = _atlas("t1")
    grey, _ = _atlas("gm")
    white, _ = _atlas("wm")
    brain = ndimage.binary_fill_holes(_largest(ndimage.binary_closing(t1 > 0.02, iterations=2)))
    fluid = np.clip(1.0 - grey - white, 0.0, 1.0)
    tissues = np.argmax(np.stack([grey, white, fluid]), 0)
    tissues = np.array([Tissue.GREY, Tissue.WHITE, Tissue.CSF], np.uint8)[tissues]
    x, y, z = np.meshgrid(
        *(affine[n, 3] + np.arange(size) for n, size in enumerate(t1.shape)), indexing="ij", sparse=True
    )
    near_middle = (np.abs(x) < 40) & (y > -60) & (y < 45) & (z > -30) & (z < 30)
    depth = ndimage.distance_transform_edt(brain)
    tissues[(tissues == Tissue.CSF) & near_middle & (depth > 12)] = Tissue.VENTRICLE
    tissues[(tissues == Tissue.GREY) & (np.abs(x) < 34) & (y > -34) & (y < 22) & (z > -8) & (z < 22)] = Tissue.DEEP_GREY
    stem = (np.abs(x) < 16) & (y > -44) & (y < -12) & (z < -16)
    tissues[stem & np.isin(tissues, (Tissue.GREY, Tissue.WHITE))] = Tissue.BRAINSTEM
    behind = (z < CEREBELLUM_BELOW_MM - 0.25 * (y + 60)) & (y < -40) & ~stem
    tissues[behind & (tissues == Tissue.GREY)] = Tissue.CEREBELLAR_GREY
    tissues[behind & (tissues == Tissue.WHITE)] = Tissue.CEREBELLAR_WHITE
    tissues[~brain] = Tissue.AIR
    return tissues, affine


def _head_around(brain: NDArray[np.bool_], tissues: NDArray[np.uint8], origin: NDArray[np.float64]) -> None:
    """Fill the air around a brain with a head, in place. `origin`: world position of the first voxel, mm."""
    x, y, z = np.meshgrid(
        *(origin[n] + np.arange(size) for n, size in enumerate(brain.shape)), indexing="ij", sparse=True
    )
    smooth_brain = ndimage.gaussian_filter(ndimage.binary_closing(brain, iterations=6).astype(np.float32), 3) > 0.4
    out = ndimage.distance_transform_edt(~(smooth_brain | brain)).astype(np.float32)
    face = ((x / 62) ** 2 + ((y - 38) / 62) ** 2 + ((z + 62) / 55) ** 2 < 1) | (
        (x / 56) ** 2 + ((y + 10) / 62) ** 2 < 1) & (z < -40)  # fmt: skip
    beyond = np.minimum(out, 6.0 + np.where(face, 0.0, out))
    thickness = 6.0 + 1.5 * np.sin(x / 23) * np.cos(y / 31) + 1.5 * np.cos(z / 17)
    head = (out < 14.5 + thickness * 0.4) | face
    inside = ndimage.distance_transform_edt(head).astype(np.float32)
    skull_start, skull_end = 2.5, 2.5 + thickness
    tissues[head & ~brain] = Tissue.MUSCLE
    stripes = np.sin(x / 5.0 + np.sin(z / 9.0)) + np.cos(y / 6.0 + np.sin(x / 11.0))
    tissues[head & ~brain & (stripes > 0.7)] = Tissue.FAT
    tissues[head & ~brain & (inside < 5.0)] = Tissue.FAT
    tissues[head & ~brain & (inside < 2.0)] = Tissue.SKIN
    above_base = z > -48 - 0.2 * y
    shell = (beyond >= skull_start) & (beyond < skull_end) & ~brain & above_base
    tissues[shell] = Tissue.BONE
    middle = np.abs(beyond - (skull_start + skull_end) / 2) < 0.22 * thickness
    tissues[shell & middle & (z > -20)] = Tissue.MARROW
    tissues[~brain & (out < skull_start)] = Tissue.CSF
    for side in (-1, 1):
        eye = (x - side * 31) ** 2 + (y - 62) ** 2 + (z + 38) ** 2
        tissues[(eye < 15.5**2) & ~brain & (out > 4)] = Tissue.FAT
        tissues[(eye < 12**2) & ~brain & (out > 4)] = Tissue.EYE
    nose = ((x / 12) ** 2 + ((y - 68) / 26) ** 2 + ((z + 58) / 22) ** 2 < 1) & ~brain & (out > 5) & (inside > 4)
    tissues[nose] = Tissue.CAVITY
    cord = (x**2 + (y + 42) ** 2 < 7**2) & (z < -60) & ~brain
    canal = (x**2 + (y + 42) ** 2 < 10**2) & (z < -60) & ~brain
    tissues[canal & head] = Tissue.CSF
    tissues[cord & head] = Tissue.SOFT


def load_mni() -> Anatomy:
    """The MNI152 brain in a head, 1 mm RAS."""
    tissues, affine = brain_tissues()
    lowest = int(np.nonzero((tissues > 0).any((0, 1)))[0][0])
    below = max(0, NECK_MM - lowest)
    pads = ((26, 26), (26, 40), (below, 24))
    tissues = np.pad(tissues, pads)
    brain = _largest(tissues > 0)
    origin = affine[:3, 3] - np.array([low for low, _ in pads])
    _head_around(brain, tissues, origin)
    return Anatomy("mni152", tissues, brain_of(np.where(brain, tissues, Tissue.AIR).astype(np.uint8)) | brain)
