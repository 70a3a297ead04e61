"""How nnU-Net v2 plans a U-Net for a data set and a memory budget: spacing, patch, pooling, features, batch.

The rules are those of Isensee et al., Nature Methods 2021 (supplementary notes 2 and 4), as version 2 applies them, and
of its residual-encoder presets (Isensee et al., MICCAI 2024). `tests/plans/test_nnunet.py` runs nnU-Net's own planners
beside these functions and compares every number.

Where we differ:

- The estimate of memory counts feature maps by arithmetic; nnU-Net builds the network to count the same.
- Axes stay those of the array, RAS. nnU-Net reads (z, y, x) and puts the coarsest axis first; that order decides ties,
  so the rules are applied in it and their results brought back.
- A 2-D configuration has a patch of 1 through the slices, whose network takes them one by one (`dimensions: 2`); they
  are resampled to the target spacing too, where nnU-Net leaves the slices of each case where they are.
- The residual encoder's preset follows from the memory (`preset_for`); nnU-Net has a planner class for each.
- Memory too small for any patch is an error; nnU-Net would go on to negative sizes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import InputError
from oncontour.plans.topology import (
    PRESETS,
    REFERENCE_BATCH,
    Preset,
    Topology,
    feature_maps,
    stage_blocks,
    stage_features,
    topology,
)

T = TypeVar("T")

ANISOTROPIC = 3.0
"""Slices this many times thicker than the other axes' voxels are treated apart."""

LARGEST_PATCH = {2: 2048**2, 3: 256**3}
"""Voxels of the patch from which planning starts; it is only ever made smaller."""

SMALLEST_BATCH = 2

LOWRES_BELOW = 0.25
"""A full-resolution patch that covers less of the median case needs a low-resolution network before it."""

LOWRES_STEP = 1.03
"""Factor by which spacing grows in the search for the low resolution."""

LOWRES_GAIN = 2.0
"""A low resolution that saves less than this factor in voxels is not worth a network."""


@dataclass(frozen=True)
class Configuration:
    """A U-Net, its patch and its batch; axes RAS.

    Args:
        name: 2d, 3d_fullres, 3d_lowres or 3d_cascade_fullres.
        spacing: mm along each axis.
        shape: of the median case at that spacing.
        patch, batch: of training.
        strides, kernels: of each stage, by axis.
        features: channels of each stage.
        encoder, decoder: convolutions or blocks of each stage.
        batch_dice: whether the Dice loss is of the batch as a whole.
        maps: elements of the feature maps of one patch.
        flat: the axis along which a 2-D network takes slices one by one.
    """

    name: str
    spacing: tuple[float, float, float]
    shape: tuple[int, int, int]
    patch: tuple[int, int, int]
    batch: int
    strides: tuple[tuple[int, int, int], ...]
    kernels: tuple[tuple[int, int, int], ...]
    features: tuple[int, ...]
    encoder: tuple[int, ...]
    decoder: tuple[int, ...]
    batch_dice: bool
    maps: int
    flat: int | None = None


def fit(
    spacing: Sequence[float], shape: Sequence[float], voxels: float, classes: int, preset: Preset, memory_gb: float
) -> tuple[Topology, int]:
    """The largest patch that fits, and its batch.

    Starts from a patch with the proportions of the spacing (as many mm along each axis), cut to the median case, and
    shortens the axis that covers most of the case until the feature maps fit.

    Args:
        spacing: mm along each axis (2 or 3).
        shape: of the median case, by axis.
        voxels: of the whole data set.
        classes: outputs, background counted.

    Raises:
        InputError: not even the smallest patch fits.
    """
    axes = len(spacing)
    limit = preset.maps[axes] * memory_gb / preset.memory_gb
    shrink_above = limit * REFERENCE_BATCH[axes] / SMALLEST_BATCH if preset.shrink_for_smallest else limit
    edge = (LARGEST_PATCH[axes] * math.prod(spacing)) ** (1 / axes)
    design = topology(spacing, [min(round(edge / mm), n) for mm, n in zip(spacing, shape, strict=True)])
    while feature_maps(design, preset, classes) > shrink_above:
        axis = max(range(axes), key=lambda n: (design.patch[n] / shape[n], n))
        # What this axis must divide by can itself halve on the way down, so the step is that of the shorter patch.
        shorter = _shortened(design.patch, axis, design.multiple[axis])
        if min(shorter) < 1:
            found = f"{memory_gb:g} GB, too little for a patch of {design.patch} voxels"
            raise InputError("memory", found, "more memory", "Give a larger --memory, or a coarser --spacing.")
        design = topology(spacing, _shortened(design.patch, axis, topology(spacing, shorter).multiple[axis]))
    return design, batch_of(design, voxels, classes, preset, memory_gb)


def batch_of(design: Topology, voxels: float, classes: int, preset: Preset, memory_gb: float) -> int:
    """Patches that the memory holds, of at most the preset's share of the data set's voxels; at least two."""
    axes = len(design.patch)
    limit = preset.maps[axes] * memory_gb / preset.memory_gb
    fitting = round(limit / feature_maps(design, preset, classes) * REFERENCE_BATCH[axes])
    most_seen = round(voxels * preset.seen / math.prod(design.patch))
    return max(min(fitting, most_seen), SMALLEST_BATCH)


def _shortened(patch: Sequence[int], axis: int, by: int) -> tuple[int, ...]:
    return tuple(n - by * (at == axis) for at, n in enumerate(patch))


def target_spacing(spacings: NDArray[np.float64], shapes: NDArray[np.int_]) -> NDArray[np.float64]:
    """Spacing (3,) of the grid to train in: the median; along thick slices the 10th percentile.

    Args:
        spacings: (n, 3) mm.
        shapes: (n, 3) voxels.

    >>> target_spacing(np.array([[1, 1, 6.0], [1, 1, 5.0], [1, 1, 6.0]]), np.array([[200, 200, 20]] * 3)).round(3)
    array([1. , 1. , 5.2])
    """
    target, size = np.percentile(spacings, 50, axis=0), np.percentile(shapes, 50, axis=0)
    coarse = int(np.argmax(target))
    others = [axis for axis in range(3) if axis != coarse]
    finer = target[others].max()
    if target[coarse] > ANISOTROPIC * finer and ANISOTROPIC * size[coarse] < size[others].min():
        tenth = np.percentile(spacings[:, coarse], 10)
        target[coarse] = tenth if tenth >= finer else finer + 1e-5
    return target


def resampled_shapes(
    spacings: NDArray[np.float64], shapes: NDArray[np.int_], target: NDArray[np.float64]
) -> NDArray[np.int_]:
    """Shapes (n, 3) that cases have at the target spacing."""
    return np.rint(spacings / target * shapes).astype(int)


def preset_for(memory_gb: float) -> str:
    """The largest residual-encoder preset that was measured for at most this memory; below all of them, M.

    >>> preset_for(8), preset_for(11), preset_for(24), preset_for(80)
    ('residual_m', 'residual_m', 'residual_l', 'residual_xl')
    """
    fitting = [name for name, preset in PRESETS.items() if preset.residual and preset.memory_gb <= memory_gb]
    return fitting[-1] if fitting else "residual_m"


def configurations(
    spacings: NDArray[np.float64],
    shapes: NDArray[np.int_],
    classes: int,
    memory_gb: float,
    preset: str = "plain",
    spacing: Sequence[float] | None = None,
) -> dict[str, Configuration]:
    """Every configuration that nnU-Net would plan, by name.

    3d_lowres and 3d_cascade_fullres are there only where the full-resolution patch covers too little of a case; 3-D
    ones only where cases have more than one slice.

    Args:
        spacings: (n, 3) mm of the cases, axes RAS.
        shapes: (n, 3) voxels of the cases, cropped to what is not zero.
        classes: outputs, background counted.
        preset: a name from `PRESETS`.
        spacing: to train in, instead of the one that the data suggest.
    """
    target = target_spacing(spacings, shapes) if spacing is None else np.array(spacing, dtype=float)
    sizes = np.median(resampled_shapes(spacings, shapes, target), axis=0)
    reading = [2, 1, 0]  # (z, y, x)
    coarsest = reading[int(np.argmax(target[reading]))]
    order = [coarsest, *(axis for axis in reading if axis != coarsest)]
    plan = _Planner(order, classes, PRESETS[preset], memory_gb, len(spacings))
    mm, size = target[order], sizes[order]

    planned = {}
    if size[0] != 1:
        full = plan("3d_fullres", mm, size)
        low = _low_resolution(plan, full, mm, size)
        planned = {full.name: full}
        if low:
            full = replace(full, batch_dice=True)
            cascade = replace(full, name="3d_cascade_fullres")
            planned = {part.name: part for part in (low, full, cascade)}
    return {"2d": replace(plan("2d", mm, size), batch_dice=True), **planned}


@dataclass(frozen=True)
class _Planner:
    """Plans in nnU-Net's order of axes, answers in the array's."""

    order: list[int]
    classes: int
    preset: Preset
    memory_gb: float
    cases: int

    def __call__(self, name: str, mm: NDArray[np.float64], size: NDArray[np.float64]) -> Configuration:
        """Plan one configuration; a 2-D one leaves out the first axis, the coarsest."""
        flat = name == "2d"
        voxels = float(np.prod(size)) * self.cases
        whole = np.rint(size) if name == "3d_lowres" else size
        design, batch = fit(
            mm[flat:].tolist(), whole[flat:].tolist(), voxels, self.classes, self.preset, self.memory_gb
        )
        encoder, decoder = stage_blocks(design, self.preset)

        def back(values: Sequence[T], slices: T) -> tuple[T, T, T]:
            by_axis = dict(zip(self.order, (slices, *values) if flat else values, strict=True))
            return by_axis[0], by_axis[1], by_axis[2]

        median = [round(float(n)) for n in size]
        return Configuration(
            name=name,
            spacing=back([float(n) for n in mm[flat:]], float(mm[0])),
            shape=back(median[flat:], median[0]),
            patch=back(design.patch, 1),
            batch=batch,
            strides=tuple(back(stride, 1) for stride in design.strides),
            kernels=tuple(back(kernel, 1) for kernel in design.kernels),
            features=stage_features(design),
            encoder=encoder,
            decoder=decoder,
            batch_dice=False,
            maps=feature_maps(design, self.preset, self.classes),
            flat=self.order[0] if flat else None,
        )


def _low_resolution(
    plan: _Planner, full: Configuration, mm: NDArray[np.float64], size: NDArray[np.float64]
) -> Configuration | None:
    """Grow the spacing, finest axes first, until a patch covers enough of a case."""
    low, coarse, voxels = None, mm.copy(), float(np.prod(size))
    covered = math.prod(full.patch)
    while covered / voxels < LOWRES_BELOW:
        finer = coarse.max() / coarse > 2
        coarse = coarse * np.where(finer if finer.any() else True, LOWRES_STEP, 1.0)
        smaller = mm / coarse * size
        voxels = float(np.prod(smaller))
        low = plan("3d_lowres", coarse, smaller)
        covered = math.prod(low.patch)
    return low if np.prod(size) / voxels >= LOWRES_GAIN else None


def repatched(
    part: Configuration, patch: Sequence[int], cases: int, classes: int, preset: str, memory_gb: float
) -> Configuration:
    """A configuration for another patch, which is rounded up to what its strides divide; the batch follows.

    Args:
        patch: voxels along each axis, RAS; 1 along the slices of a 2-D configuration.
        cases: of the data set.
    """
    axes = [axis for axis in range(3) if axis != part.flat]
    design = topology([part.spacing[axis] for axis in axes], [patch[axis] for axis in axes])
    voxels = float(math.prod(part.shape)) * cases
    encoder, decoder = stage_blocks(design, PRESETS[preset])

    def spread(values: Sequence[int]) -> tuple[int, int, int]:
        by_axis = dict(zip(axes, values, strict=True))
        return by_axis.get(0, 1), by_axis.get(1, 1), by_axis.get(2, 1)

    return replace(
        part,
        patch=spread(design.patch),
        batch=batch_of(design, voxels, classes, PRESETS[preset], memory_gb),
        strides=tuple(map(spread, design.strides)),
        kernels=tuple(map(spread, design.kernels)),
        features=stage_features(design),
        encoder=encoder,
        decoder=decoder,
        maps=feature_maps(design, PRESETS[preset], classes),
    )
