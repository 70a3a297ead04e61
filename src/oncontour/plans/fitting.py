"""What of a plan depends on the data and the memory: spacing, patch, batch, and the arguments of the network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from oncontour.core.errors import InputError
from oncontour.networks.standard import STANDARD
from oncontour.plans.fields import Size
from oncontour.plans.fingerprint import Fingerprint
from oncontour.plans.memory import step_memory
from oncontour.plans.nnunet import (
    ANISOTROPIC,
    Configuration,
    configurations,
    preset_for,
    repatched,
    resampled_shapes,
    target_spacing,
)
from oncontour.plans.settings import Settings
from oncontour.plans.training import TrainingPlan

AROUND_MM = 4.0
"""What prepared cases have around the brain (`inference.predict.MARGIN_MM`)."""

SHORTER = 0.94
"""By how much the longest axis of a patch is shortened at a time until the patch fits."""

Spacing = tuple[float, float, float]


@dataclass(frozen=True)
class Fitted:
    """Settings fitted to data and memory.

    Args:
        spacing: mm along each axis.
        patch, batch: of training.
        arguments: of the network, but its inputs and outputs.
        batch_dice, deep_supervision: of the loss; None: as in the settings.
        configuration: nnU-Net's name for it; None for other networks.
        flat: the axis along which slices are taken one by one.
        why: by the place in the plan.
    """

    spacing: Spacing
    patch: Size
    batch: int
    arguments: Mapping[str, Any]
    batch_dice: bool | None = None
    deep_supervision: tuple[float, ...] | None = None
    configuration: str | None = None
    flat: int | None = None
    why: Mapping[str, str] = field(default_factory=dict)


def shown(values: tuple[float, ...]) -> str:
    """Numbers of axes in words: one where all are alike.

    >>> shown((1.0, 1.0, 1.0)), shown((128, 160, 112))
    ('1', '128 x 160 x 112')
    """
    texts = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in values]
    return texts[0] if len(set(texts)) == 1 else " x ".join(texts)


def gigabytes(memory: float) -> str:
    """Bytes in words.

    >>> gigabytes(8e9)
    '8 GB'
    """
    return f"{memory / 1e9:.3g} GB"


# nnU-Net ------------------------------------------------------------------------------------------------------------


def fit_planned(
    network: str,
    found: Fingerprint,
    classes: int,
    configuration: str | None,
    memory: int,
    spacing: Spacing | None,
    patch: Size | None,
) -> Fitted:
    """A U-Net as nnU-Net plans it.

    Args:
        classes: outputs, background counted.
        configuration: None: 3d_fullres, or 2d where cases are single slices.

    Raises:
        InputError: no such configuration for these data.
    """
    memory_gb = memory / 1e9
    preset = "plain" if network == "nnunet" else preset_for(memory_gb)
    planned = configurations(found.spacings, found.shapes, classes, memory_gb, preset, spacing)
    name = configuration or ("3d_fullres" if "3d_fullres" in planned else "2d")
    if name not in planned:
        expected = f"one of {', '.join(planned)}: the patch of 3d_fullres covers enough of a case"
        raise InputError("configuration", name, expected, "Leave --configuration out, or give one of these.")
    part = planned[name]
    if patch is not None:
        part = repatched(part, patch, len(found.cases), classes, preset, memory_gb)
    outputs = len(part.features) - 1
    return Fitted(
        spacing=part.spacing,
        patch=part.patch,
        batch=part.batch,
        arguments=_unet_arguments(part, residual=network == "nnunet_resenc", flat=part.flat, deep=outputs > 1),
        batch_dice=part.batch_dice,
        deep_supervision=tuple(0.5**n for n in range(outputs - 1)),
        configuration=name,
        flat=part.flat,
        why=_planned_why(part, found, preset, memory, spacing is not None),
    )


def _unet_arguments(part: Configuration, residual: bool, flat: int | None, deep: bool) -> dict[str, Any]:
    def kept(stages: tuple[Size, ...]) -> list[list[int]]:
        return [[n for axis, n in enumerate(stage) if axis != flat] for stage in stages]

    return {
        "features_per_stage": list(part.features),
        "kernel_sizes": kept(part.kernels),
        "strides": kept(part.strides),
        "n_blocks_per_stage" if residual else "n_conv_per_stage": list(part.encoder),
        "n_conv_per_stage_decoder": list(part.decoder),
        **({} if deep else {"deep_supervision": False}),
        **({} if flat is None else {"dimensions": 2, "axis": flat}),
    }


def _planned_why(part: Configuration, found: Fingerprint, preset: str, memory: int, asked: bool) -> dict[str, str]:
    median = tuple(float(mm) for mm in np.median(found.spacings, axis=0))
    tenth = "; along thick slices the 10th percentile" if max(median) > ANISOTROPIC * min(median) else ""
    why = {
        "spacing_mm": f"The median of {len(found.cases)} cases, {shown(median)} mm{tenth} (nnU-Net's rule).",
        "training.patch": f"The largest in proportion to the median case ({shown(part.shape)}) that fits in "
        f"{gigabytes(memory)} by nnU-Net's estimate.",
        "training.batch": "What of the memory the patch leaves, at most 5 % of the data set's voxels, at least 2."
        if preset == "plain"
        else f"What of the memory the patch leaves, at least 2 (preset {preset}).",
        "network.arguments.strides": "Each axis is halved until 4 to 7 voxels are left; coarse axes later.",
        "network.arguments.kernel_sizes": "1 along an axis until the others are as coarse (within a factor of 2).",
    }
    if part.name == "3d_lowres":
        why["spacing_mm"] = "So coarse that a patch covers a quarter of a case, as nnU-Net's cascade wants it."
    if part.batch_dice:
        why["training.loss.batch_dice"] = "nnU-Net's choice in 2d and in cascades: single patches often hold no region."
    return why | ({"spacing_mm": "As asked for."} if asked else {})


# Other networks -----------------------------------------------------------------------------------------------------


def fit_standard(
    network: str,
    settings: Settings,
    found: Fingerprint,
    faces: Mapping[str, int],
    training: TrainingPlan,
    memory: int,
    spacing: Spacing | None,
    patch: Size | None,
) -> Fitted:
    """A network of fixed design: cubic voxels, its paper's patch cut to the data, then to the memory.

    Args:
        faces: inputs and outputs of the network.
        training: the settings' own; its patch does not count.

    Raises:
        InputError: not even the smallest patch fits.
    """
    finest = float(target_spacing(found.spacings, found.shapes).min())
    cubic = max(settings.finest_mm, round(finest, 3))
    grid = spacing or (cubic, cubic, cubic)
    largest = (resampled_shapes(found.spacings, found.shapes, np.array(grid)) + 2 * AROUND_MM / np.array(grid)).max(0)
    size = patch or _wanted(network, settings, [math.ceil(n) for n in largest])
    size = rounded(size, settings.multiple)
    arguments = _arguments(network, size)
    need = step_memory(network, {**faces, **arguments}, size, training)
    wanted = size
    while not need.batch(memory):
        size = _shorter(size, settings, wanted, memory)
        arguments = _arguments(network, size)
        need = step_memory(network, {**faces, **arguments}, size, training)
    batch = min(settings.batch, need.batch(memory))
    why = {
        "spacing_mm": f"The finest axis of the data has {finest:.3g} mm; never finer than {settings.finest_mm:g} mm."
    }
    if spacing is not None:
        why["spacing_mm"] = "As asked for."
    if size != wanted:
        why["training.patch"] = f"{shown(wanted)} would not fit in {gigabytes(memory)}."
    if batch < settings.batch:
        why["training.batch"] = f"What fits in {gigabytes(memory)}; the paper's would be {settings.batch}."
    return Fitted(grid, size, batch, arguments, why=why)


def _wanted(network: str, settings: Settings, largest: list[int]) -> Size:
    own = STANDARD[network].patch
    if settings.patch == "fixed":
        return own
    if settings.cascade:  # In the axes of a view: any of the three may be across the slices.
        i, j = (min(n, max(largest)) for n in own[:2])
        return i, j, min(own[2], min(largest))
    i, j, k = largest if settings.patch == "whole" else (min(pair) for pair in zip(own, largest, strict=True))
    return i, j, k


def rounded(size: tuple[float, float, float], multiple: Size) -> Size:
    """A size brought up to multiples.

    >>> rounded((56.9, 64, 24), (8, 8, 2))
    (64, 64, 24)
    """
    i, j, k = (math.ceil(n / of - 1e-9) * of for n, of in zip(size, multiple, strict=True))
    return i, j, k


def _arguments(network: str, patch: Size) -> dict[str, Any]:
    """The standard arguments; an autoencoder's branch has to know the patch."""
    own = dict(STANDARD[network].arguments)
    return own | ({"patch": list(patch)} if "patch" in own else {})


def _shorter(size: Size, settings: Settings, wanted: Size, memory: int) -> Size:
    axis = max(range(3), key=lambda n: size[n])
    cut = int(size[axis] * SHORTER / settings.multiple[axis]) * settings.multiple[axis]
    if settings.patch == "fixed" or cut < settings.multiple[axis] or cut < 1:
        found = f"{gigabytes(memory)}, too little for one patch of {shown(wanted)} voxels"
        raise InputError(
            "memory", found, "more memory", "Give a larger --memory, --precision bf16, or another network."
        )
    i, j, k = (cut if n == axis else old for n, old in enumerate(size))
    return i, j, k
