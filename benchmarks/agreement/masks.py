"""Pairs of masks: random ones, and those on which definitions part or programs stumble."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]

UNIT: Spacing = (1.0, 1.0, 1.0)
TURN = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix()
SHEAR = np.array([[1.0, 0.25, 0], [0, 1, 0.125], [0, 0, 1]])


@dataclass(frozen=True, eq=False)
class MaskPair:
    """A prediction and a reference.

    Args:
        name: in the table.
        pred, ref: (i, j, k).
        spacing: mm along each axis, exact in float32, which headers hold.
        turned: (3, 3), of the axes in the world: the identity, a rotation, or a shear.
    """

    name: str
    pred: Mask
    ref: Mask
    spacing: Spacing = UNIT
    turned: NDArray[np.float64] | None = None

    @property
    def affine(self) -> NDArray[np.float64]:
        """(4, 4), from voxel index to RAS+ mm."""
        affine = np.eye(4)
        affine[:3, :3] = (np.eye(3) if self.turned is None else self.turned) * np.array(self.spacing)
        return affine

    @property
    def both_empty(self) -> bool:
        """Whether neither mask has a voxel."""
        return not (self.pred.any() or self.ref.any())

    @property
    def one_empty(self) -> bool:
        """Whether one mask alone has none."""
        return self.pred.any() != self.ref.any()

    @property
    def any_empty(self) -> bool:
        """Whether a mask has none."""
        return not (self.pred.any() and self.ref.any())


def blank(shape: tuple[int, int, int] = (18, 16, 14)) -> Mask:
    """No voxel."""
    return np.zeros(shape, bool)


def box(*sides: tuple[int, int], shape: tuple[int, int, int] = (18, 16, 14)) -> Mask:
    """A cuboid, from and to along each axis."""
    mask = blank(shape)
    mask[tuple(slice(*side) for side in sides)] = True
    return mask


def adversarial() -> Iterator[MaskPair]:
    """Masks on which definitions part or programs stumble."""
    block, moved = box((4, 11), (4, 11), (3, 9)), box((5, 12), (4, 10), (4, 10))
    voxel, other = box((3, 4), (3, 4), (3, 4)), box((12, 13), (9, 10), (5, 6))
    yield MaskPair("both empty", blank(), blank())
    yield MaskPair("prediction empty", blank(), block)
    yield MaskPair("reference empty", block, blank())
    yield MaskPair("one voxel each, apart", voxel, other, (1.0, 0.5, 3.0))
    yield MaskPair("the same voxel", voxel, voxel)
    yield MaskPair("one voxel in a block", box((7, 8), (7, 8), (5, 6)), block)
    yield MaskPair("the same mask", block, block)
    yield MaskPair("touching the image's borders", box((0, 9), (0, 16), (2, 14)), box((1, 18), (0, 12), (0, 9)))
    yield MaskPair("full prediction", ~blank(), block)
    yield MaskPair("full image, both", ~blank(), ~blank())
    yield MaskPair("anisotropic", block, moved, (0.5, 0.5, 6.0))
    yield MaskPair("oblique", block, moved, (0.9375, 0.9375, 3.0), TURN)
    yield MaskPair("sheared", block, moved, (1.0, 1.0, 2.0), SHEAR)
    yield MaskPair("components that share a corner", corner(7), corner(8))
    yield MaskPair("far false positive", block | box((17, 18), (15, 16), (13, 14)), block)
    yield MaskPair("many far false positives", block | scattered(), block)
    yield MaskPair("chessboard", chessboard(), ~chessboard())
    yield MaskPair("hollow", block & ~box((5, 10), (5, 10), (4, 8)), block)
    yield MaskPair("one slice", block[..., 4:5], moved[..., 4:5], (1.0, 1.0, 5.0))
    yield MaskPair("Jaccard of one half", box((4, 6), (4, 6), (4, 6)), box((4, 6), (4, 6), (4, 8)))
    yield MaskPair(
        "lesions that meet when grown", box((2, 6), (2, 6), (2, 6)), box((2, 6), (2, 6), (2, 6)) | far_half()
    )
    yield MaskPair("lesions of 27 and 60 mm3", box((2, 5), (2, 5), (2, 5)), two_sizes())


def corner(start: int) -> Mask:
    """Two cubes that share one corner: one component of 26 neighbours, two of 6."""
    return box((start - 4, start), (3, 7), (3, 7)) | box((start, start + 4), (7, 11), (7, 11))


def scattered() -> Mask:
    """Single voxels along an edge, more than a twentieth of a small block's surface."""
    mask = blank()
    mask[17, ::2, 13] = True
    mask[17, ::2, 0] = True
    return mask


def chessboard() -> Mask:
    """Every other voxel."""
    return np.indices((8, 8, 8)).sum(0) % 2 == 0


def far_half() -> Mask:
    """A cube six voxels from the other."""
    return box((11, 15), (2, 6), (2, 6))


def two_sizes() -> Mask:
    """A lesion that BraTS leaves out, and one that counts."""
    return box((2, 5), (2, 5), (2, 5)) | box((13, 18), (10, 14), (10, 13))


def random_pairs(count: int, seed: int = 0) -> Iterator[MaskPair]:
    """Blobs of any roughness, in images and spacings of any shape."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        shape = tuple(int(size) for size in rng.integers(8, 30, 3))
        a, b, c = (float(one) for one in np.round(rng.uniform(0.5, 4, 3) * 64) / 64)
        roughness = rng.uniform(0.6, 3)
        ref = _blobs(rng, shape, roughness, rng.uniform(0.8, 0.97))
        wrong = _blobs(rng, shape, roughness, 0.95)
        pred = ref ^ wrong if number % 2 else _blobs(rng, shape, roughness, 0.9)
        yield MaskPair(f"random {number + 1}", pred, ref, (a, b, c))


def _blobs(rng: np.random.Generator, shape: tuple[int, ...], roughness: float, share: float) -> Mask:
    field = gaussian_filter(rng.standard_normal(shape), roughness)
    return field > np.quantile(field, share)
