"""The default anatomy: the MNI152 brain that the nilearn wheel carries, in a head of our own (`head`).

The atlas (ICBM 2009a nonlinear symmetric) is already skull-stripped and gives grey and white matter. What is brainstem,
cerebellum, deep grey matter and ventricle is told by place, in MNI coordinates.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from oncontour.core.box import bounding_box
from oncontour.core.errors import InputError
from oncontour.data.phantom.anatomy import NECK_MM, Anatomy, Tissue, fill_holes
from oncontour.data.phantom.head import build_head
from oncontour.data.phantom.threads import plain_algebra

ROOM_MM = ((24, 24), (24, 44), (0, 26))
"""Room for the head around the atlas: left and right, back and front, below (the neck comes on top) and above."""

_BRAIN_T1 = 0.02
"""The atlas' T1 is 0 outside the brain."""


def _atlas(kind: str) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """One map of the atlas scaled to 0..1, and its affine (RAS, 1 mm)."""
    import nibabel

    spec = find_spec("nilearn")
    if spec is None or spec.origin is None:
        remedy = 'Install it with pip install "oncontour[phantom]", or give a folder of label maps with --anatomies.'
        raise InputError("nilearn", "no such package", "the wheel that carries the MNI152 brain", remedy)
    name = f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz"
    image = nibabel.Nifti1Image.from_filename(Path(spec.origin).parent / "datasets" / "data" / name)
    values = np.asarray(image.dataobj).astype(np.float32)
    values /= values.max()
    return values, np.asarray(image.affine, dtype=np.float64)


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    import cc3d

    return cc3d.largest_k(mask, k=1, connectivity=6).astype(bool)


def brain_tissues() -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Tissues of the MNI152 brain (i, j, k), 1 mm RAS, and the affine."""
    t1, affine = _atlas("t1")
    grey, _ = _atlas("gm")
    white, _ = _atlas("wm")
    brain = fill_holes(_largest(ndimage.binary_closing(t1 > _BRAIN_T1, iterations=2)))
    tissues = np.where(grey > white, np.uint8(Tissue.GREY), np.uint8(Tissue.WHITE))
    tissues[1 - grey - white > np.maximum(grey, white)] = Tissue.CSF
    tissues[~brain] = Tissue.AIR
    x, y, z = np.meshgrid(
        *(np.float32(affine[n, 3]) + np.arange(size, dtype=np.float32) for n, size in enumerate(t1.shape)),
        indexing="ij",
        sparse=True,
    )
    _name_structures(tissues, x, y, z)
    return tissues, affine


def _name_structures(
    tissues: NDArray[np.uint8], x: NDArray[np.float32], y: NDArray[np.float32], z: NDArray[np.float32]
) -> None:
    """Tell brainstem, cerebellum, deep grey matter and ventricles by place, in place. x, y, z: MNI mm, sparse."""
    side = np.abs(x)
    grey, white, fluid = (tissues == tissue for tissue in (Tissue.GREY, Tissue.WHITE, Tissue.CSF))
    horn = (side > 18) & (side < 40) & (y > -48) & (y < -4) & (z > -24) & (z < -4)
    atrium = (side > 14) & (side < 34) & (y > -62) & (y <= -32) & (z >= -6) & (z < 30)
    body = (side < 26) & (y > -34) & (y < 36) & (z > -10) & (z < 32)
    fourth = (side < 12) & (y > -56) & (y < -36) & (z > -50) & (z < -20)
    tissues[fluid & (horn | atrium | body | fourth)] = Tissue.VENTRICLE
    striatum = (side < 32) & (y > -12) & (y < 24) & (z > -10) & (z < 24)
    thalamus = (side < 26) & (y > -34) & (y <= -8) & (z > -8) & (z < 18)
    tissues[grey & (striatum | thalamus)] = Tissue.DEEP_GREY
    pallidum = ((side - 19) / 5.5) ** 2 + ((y + 4) / 9) ** 2 + (z / 6) ** 2 < 1
    tissues[(grey | white) & pallidum] = Tissue.PALLIDUM
    back = -40 + 0.4 * (z + 30)
    stem = (side < 17) & (y < -10) & (y > back) & (z < -12 - 0.5 * np.maximum(y + 26, 0))
    tent = -8 - 0.42 * np.maximum(side - 8, 0) - 0.3 * np.maximum(-60 - y, 0)
    behind = (z < tent) & (y < -34 - 0.3 * np.maximum(z + 45, 0)) & ~stem
    tissues[stem & (grey | white)] = Tissue.BRAINSTEM
    tissues[behind & grey] = Tissue.CEREBELLAR_GREY
    tissues[behind & white] = Tissue.CEREBELLAR_WHITE


@cache
def load_mni() -> Anatomy:
    """The MNI152 brain in a head, 1 mm RAS; made once in a process, which takes seconds."""
    tissues, affine = brain_tissues()
    lowest = int(np.nonzero((tissues > 0).any((0, 1)))[0][0])
    pads = (*ROOM_MM[:2], (max(0, NECK_MM - lowest), ROOM_MM[2][1]))
    tissues = np.pad(tissues, pads)
    brain = tissues > 0
    with plain_algebra():
        build_head(tissues, affine[:3, 3] - np.array([low for low, _ in pads]))
    box = bounding_box(tissues > 0)
    assert box is not None, "there is a head"
    return Anatomy("mni152", np.ascontiguousarray(tissues[box]), np.ascontiguousarray(brain[box]))
