"""What a condition does to the images of a study: pure functions on volumes, each with the numbers it is given.

Brightness begins at `floor`, 0 in a scanner's image; in one that was z-scored, what 0 became. What lies at the floor,
such as the black around a stripped brain, stays there.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.phantom.fields import smooth_field
from oncontour.preprocess.resample import resample
from oncontour.preprocess.rigid import reflection, rigid
from oncontour.preprocess.run import choose_reference

Images = Mapping[Sequence, Volume]
Random = np.random.Generator

BIAS_WAVES = 2.5
"""Of a receive field across the head, as the phantom draws it."""

BRIGHT = 99.0
"""Percentile that stands for bright tissue: noise is a share of it."""

MOVED = (Sequence.FLAIR, Sequence.T2, Sequence.T1, Sequence.T1CE, Sequence.ADC)
"""The first of these that is not the reference is moved against the others; the truth lies on the reference."""


def floor(array: NDArray) -> float:
    """Brightness of no signal."""
    return min(0.0, float(array.min()))


def only(images: Images, random: Random, kept: tuple[Sequence, ...]) -> Images:  # noqa: ARG001
    """The images of some sequences alone."""
    return {sequence: images[sequence] for sequence in kept}


def biased(images: Images, random: Random, deviation: float) -> Images:
    """Each image times a smooth field of its own, whose logarithm has this standard deviation."""

    def one(volume: Volume) -> Volume:
        low = floor(volume.array)
        field = np.exp(smooth_field(random, volume.array.shape, BIAS_WAVES, deviation))
        return volume.with_array(((volume.array - low) * field + low).astype(np.float32))

    return {sequence: one(volume) for sequence, volume in images.items()}


def noisy(images: Images, random: Random, share: float) -> Images:
    """Rician noise, the magnitude of a complex signal's, with a standard deviation that is a share of bright tissue."""

    def one(volume: Volume) -> Volume:
        low = floor(volume.array)
        signal = volume.array - low
        seen = signal > 0
        deviation = share * float(np.percentile(signal[seen], BRIGHT))
        real, imaginary = (random.standard_normal(signal.shape, np.float32) * deviation for _ in range(2))
        return volume.with_array(np.where(seen, np.hypot(signal + real, imaginary) + low, low).astype(np.float32))

    return {sequence: one(volume) for sequence, volume in images.items()}


def misregistered(images: Images, random: Random, degrees: float, shift_mm: float) -> Images:
    """One image turned about the middle of its grid and shifted, each in a random direction, in voxels alone.

    Its header says what it said before, as after a wrong registration.
    """
    reference = choose_reference(images, None, "images")
    moved = next(sequence for sequence in MOVED if sequence in images and sequence is not reference)
    volume = images[moved]
    axis, direction = (vector / np.linalg.norm(vector) for vector in random.standard_normal((2, 3)))
    motion = rigid(np.radians(degrees) * axis, shift_mm * direction, volume.grid.corners.mean(0))
    return {**images, moved: resample(volume, volume.grid, motion, fill=floor(volume.array))}


def thick(volume: Volume, slice_mm: float, codes: str = "RAS") -> Volume:
    """Slices that are each the mean of as many as make up its thickness; their grid is the image's own from then on.

    Args:
        volume: (i, j, k) or (R, i, j, k); a boolean one stays so, at one half.
        codes: of the axes, across slices last: RAS axial, RSA coronal, ASR sagittal.
    """
    upright = volume.reoriented(codes)
    each = max(1, round(slice_mm / upright.grid.spacing[2]))
    *lead, size = upright.array.shape
    slices = size // each
    mean = upright.array[..., : slices * each].reshape(*lead, slices, each).mean(-1, dtype=np.float32)
    affine = upright.affine.copy()
    affine[:3, 3] += upright.affine[:3, 2] * (each - 1) / 2
    affine[:3, 2] *= each
    return Volume(mean > 0.5 if volume.array.dtype == bool else mean, affine)


def mirrored(volume: Volume) -> Volume:
    """Left and right exchanged, of the whole head: the world's mirror image in the plane x = 0."""
    return Volume(volume.array, reflection((1, 0, 0), (0, 0, 0)) @ volume.affine)


def stored(volume: Volume, codes: str) -> Volume:
    """The same image with its axes stored in another order and direction."""
    return volume.reoriented(codes)
