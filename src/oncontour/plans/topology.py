"""The shape of a U-Net as nnU-Net plans it: where it halves which axis, its kernels, its width, its feature maps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SMALLEST_EDGE = 4
"""No pooling leaves a feature map with fewer voxels along an axis."""

FIRST_FEATURES = 32
"""Channels of the first stage; each further stage has twice as many, up to `MOST_FEATURES`."""

MOST_FEATURES = {2: 512, 3: 320}
"""By the number of axes that are convolved."""

REFERENCE_BATCH = {2: 12, 3: 2}
"""Patches in the batch that a preset's feature maps stand for."""


@dataclass(frozen=True)
class Preset:
    """A family of U-Nets and the memory that it was measured for.

    Args:
        residual: residual blocks in the encoder, and a stem before them.
        encoder: convolutions (plain) or residual blocks of each stage.
        decoder: convolutions of each stage on the way up.
        memory_gb: for which `maps` is the limit.
        maps: elements of the feature maps of one sample, by the number of axes, that fill the memory at the batch of
            `REFERENCE_BATCH`.
        seen: largest share of the data set's voxels in one batch.
        shrink_for_smallest: whether a patch is made smaller only where the smallest batch does not fit, rather than
            the reference batch.
    """

    residual: bool
    encoder: tuple[int, ...]
    decoder: int
    memory_gb: float
    maps: Mapping[int, float]
    seen: float
    shrink_for_smallest: bool


def _residual(memory_gb: float, flat: float, deep: float) -> Preset:
    return Preset(True, (1, 3, 4, 6), 1, memory_gb, {2: flat, 3: deep}, 1.0, False)


PRESETS: Mapping[str, Preset] = {
    "plain": Preset(False, (2,), 2, 8.0, {2: 85e6, 3: 560e6}, 0.05, True),
    "residual_m": _residual(8.0, 135e6, 680e6),
    "residual_l": _residual(24.0, 380e6, 2100e6),
    "residual_xl": _residual(40.0, 560e6, 3600e6),
}
"""nnU-Net's own constants; the last entry of `encoder` holds for all deeper stages."""


@dataclass(frozen=True)
class Topology:
    """How a U-Net halves its axes.

    Args:
        strides: of each stage, by axis; 1 in the first.
        kernels: of each stage's convolutions, by axis.
        patch: the size asked for, each axis rounded up to what the strides divide.
    """

    strides: tuple[tuple[int, ...], ...]
    kernels: tuple[tuple[int, ...], ...]
    patch: tuple[int, ...]

    @property
    def multiple(self) -> tuple[int, ...]:
        """Of what each size must be a multiple."""
        return tuple(math.prod(axis) for axis in zip(*self.strides, strict=True))


def topology(spacing: Sequence[float], patch: Sequence[float]) -> Topology:
    """Pool each axis until its feature map is small; coarse axes wait until the others are as coarse.

    Args:
        spacing: mm along each axis (2 or 3).
        patch: voxels along each axis.

    >>> topology((1, 1, 1), (100, 128, 30)).strides
    ((1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 2, 2), (2, 2, 1))
    >>> topology((1, 1, 1), (100, 128, 30)).patch
    (112, 128, 32)
    >>> topology((6, 0.5, 0.5), (24, 256, 256)).kernels[:3]
    ((1, 3, 3), (1, 3, 3), (1, 3, 3))
    """
    spacing, size = list(spacing), list(patch)
    axes = range(len(spacing))
    strides, kernels = [(1,) * len(spacing)], []
    kernel = [1] * len(spacing)
    while True:
        large = [axis for axis in axes if size[axis] >= 2 * SMALLEST_EDGE]
        finest = min((spacing[axis] for axis in large), default=0.0)
        pooled = [axis for axis in large if spacing[axis] / finest < 2]
        if not pooled or (len(pooled) == 1 and size[pooled[0]] < 3 * SMALLEST_EDGE):
            break
        kernel = [3 if k == 3 or spacing[axis] / min(spacing) < 2 else 1 for axis, k in enumerate(kernel)]
        kernels.append(tuple(kernel))
        strides.append(tuple(2 if axis in pooled else 1 for axis in axes))
        for axis in pooled:
            spacing[axis] *= 2
            size[axis] = math.ceil(size[axis] / 2)
    kernels.append((3,) * len(spacing))  # the deepest stage sees all axes, however coarse
    multiple = [math.prod(axis) for axis in zip(*strides, strict=True)]
    rounded = tuple(math.ceil(n / of) * of for n, of in zip(patch, multiple, strict=True))
    return Topology(tuple(strides), tuple(kernels), rounded)


def feature_maps(design: Topology, preset: Preset, classes: int) -> int:
    """Elements of all feature maps of one patch: what a training step has to keep.

    Counted are the outputs of convolutions: of each block (a residual block has two, and a third where its shortcut
    changes size or channels), of the stem, of each transposed convolution, and of the segmentation.
    """
    features = stage_features(design)
    encoder, decoder = stage_blocks(design, preset)
    size = design.patch
    total = features[0] * math.prod(size) if preset.residual else 0
    for stage, stride in enumerate(design.strides):
        size = tuple(n // step for n, step in zip(size, stride, strict=True))
        voxels = math.prod(size)
        convolutions = 2 * encoder[stage] + (stage > 0) if preset.residual else encoder[stage]
        total += convolutions * features[stage] * voxels
        if stage < len(decoder):
            total += (decoder[stage] + 1) * features[stage] * voxels
    return total + classes * math.prod(design.patch)


def stage_features(design: Topology) -> tuple[int, ...]:
    """Channels of each stage."""
    most = MOST_FEATURES[len(design.patch)]
    return tuple(min(most, FIRST_FEATURES * 2**stage) for stage in range(len(design.strides)))


def stage_blocks(design: Topology, preset: Preset) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Blocks of each stage of the encoder, and of each stage of the decoder, finest first."""
    stages = len(design.strides)
    encoder = (*preset.encoder, *(preset.encoder[-1:] * stages))[:stages]
    return encoder, (preset.decoder,) * (stages - 1)
