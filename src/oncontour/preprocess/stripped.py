"""Recognise images that are already skull-stripped, and read the brain from their background.

BraTS data are stripped, co-registered and filled with 0; some are z-scored afterwards, and then the background is one
negative constant. A head may also lie in air of exactly 0 (several scanners clear it), so a constant background alone
proves nothing: what remains must have a brain's volume and must not run out of the image as a neck does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume

MINIMUM_BACKGROUND_SHARE = 0.25
"""A brain fills about half of its bounding box; an image with less constant background than this is not stripped."""

BRAIN_VOLUME_ML = (250.0, 2300.0)
"""A newborn's brain has about 350 mL, the largest adults' 2000; an adult's head in view has 3000 and more."""

BORDER_SHARE = 0.02
"""Share of the image's outer faces that a stripped brain may touch; a neck or a cropped head covers more."""


@dataclass(frozen=True)
class Stripped:
    """Whether a study is skull-stripped already.

    Args:
        found: every image is stripped.
        brain: bool mask on the reference's grid, where found.
        background: the constant around the brain of each image that has one.
        reason: the evidence in words.
    """

    found: bool
    brain: Volume | None
    background: Mapping[Sequence, float]
    reason: str


def detect_stripped(volumes: Mapping[Sequence, Volume], reference: Sequence, forced: bool = False) -> Stripped:
    """Look whether all images are skull-stripped.

    Images on one grid vote voxel by voxel: the brain is what more than half of them show. Otherwise the reference
    alone decides. Holes are filled and the largest component is kept.

    Args:
        volumes: native images.
        reference: which of them gives the grid.
        forced: the user says that they are stripped; only a constant background is needed.
    """
    background: dict[Sequence, float] = {}
    reasons: dict[Sequence, str] = {}
    brains: dict[Sequence, NDArray[np.bool_]] = {}
    for sequence, volume in volumes.items():
        value, share = border_constant(volume.array)
        inside = volume.array != value
        ml = float(inside.sum()) * volume.grid.voxel_volume_mm3 / 1000.0
        touching = _border_share(inside)
        shown = f"{sequence}: {share:.0%} background of {value:g}, {ml:.0f} mL, {touching:.1%} of the border covered"
        large = share >= MINIMUM_BACKGROUND_SHARE
        plausible = BRAIN_VOLUME_ML[0] <= ml <= BRAIN_VOLUME_ML[1] and touching <= BORDER_SHARE
        if (forced and share > 0.0) or (large and plausible):
            background[sequence] = value
            brains[sequence] = inside
        else:
            reasons[sequence] = shown
    if reasons:
        return Stripped(False, None, {}, "not stripped (" + "; ".join(reasons.values()) + ")")
    grid = volumes[reference].grid
    shared = [brains[sequence] for sequence, volume in volumes.items() if volume.grid.same_as(grid)]
    votes = np.sum(shared, axis=0, dtype=np.uint8)
    brain = Volume(_solid(np.asarray(votes * 2 > len(shared))), grid.affine)
    ml = float(brain.array.sum()) * grid.voxel_volume_mm3 / 1000.0
    return Stripped(True, brain, background, f"skull-stripped already: constant background, brain of {ml:.0f} mL")


def border_constant(array: NDArray) -> tuple[float, float]:
    """The most common value on the image's six faces, and the share of all voxels that have it."""
    values, counts = np.unique(np.concatenate([face.ravel() for face in _faces(array)]), return_counts=True)
    value = values[counts.argmax()]
    return float(value), float((array == value).mean())


def _faces(array: NDArray) -> list[NDArray]:
    return [np.moveaxis(array, axis, 0)[end] for axis in range(3) for end in (0, -1)]


def _border_share(inside: NDArray[np.bool_]) -> float:
    faces = _faces(inside)
    return sum(int(face.sum()) for face in faces) / sum(face.size for face in faces)


def _solid(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Largest 26-connected component, with its holes filled: all that the outside, 6-connected, does not reach."""
    import cc3d

    if not mask.any():
        return mask
    largest = cc3d.largest_k(np.ascontiguousarray(mask), k=1, connectivity=26) > 0
    around = np.pad(~largest, 1, constant_values=True)
    labels = cc3d.connected_components(around, connectivity=6)
    return (labels != labels[0, 0, 0])[1:-1, 1:-1, 1:-1]
