"""From normalised sequences in the working grid to probabilities of the regions there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import bounding_box
from oncontour.core.errors import SequenceError
from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.bundle import Bundle
from oncontour.inference.cascade import label_channels
from oncontour.preprocess.resample import resample

HALF = 0.5
"""Probability above which a coarse model's region is passed on to the fine one."""

MARGIN_MM = 4.0
"""Room around the brain in the network's grid: an edge of the brain is never the edge of the image."""


def grid_around(volume: Volume, spacing: tuple[float, float, float], margin_mm: float = MARGIN_MM) -> Grid:
    """A grid with world-aligned RAS axes, mm along each of them, that holds every set voxel of a mask."""
    box = bounding_box(volume.array)
    if box is None:
        raise SequenceError(
            "brain mask", "no voxel set", "a brain", "Check the brain extraction, or give --brain-mask."
        )
    ends = [(side.start - 0.5, side.stop - 0.5) for side in box]
    corners = volume.grid.to_world([[ends[axis][n >> axis & 1] for axis in range(3)] for n in range(8)])
    low, high = corners.min(0) - margin_mm, corners.max(0) + margin_mm
    sizes = np.maximum(np.ceil((high - low) / spacing).astype(int), 1)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = low + np.array(spacing) / 2
    return Grid((int(sizes[0]), int(sizes[1]), int(sizes[2])), affine)


def predict(
    bundle: Bundle,
    images: Mapping[Sequence, Volume],
    brain: Volume,
    progress: Callable[[float], None] = lambda share: None,
) -> Volume:
    """Probabilities of a bundle's regions.

    Args:
        images: z-scored (as the plan's normalisation says) over the brain, 0 outside it; sequences that the model does
            not know are left out, those it knows but the study lacks are zeros.
        brain: bool, on the images' grid.
        progress: called with the share of the work done.

    Returns:
        (R, i, j, k) float32 in 0..1 on the images' grid, 0 outside the brain; (R + L, i, j, k) where the bundle tells
        labels apart that regions do not.

    Raises:
        SequenceError: no sequence that the model knows.
    """
    stack = network_input(bundle, images, brain)
    found = bundle.probabilities(stack.array, progress)
    back = np.zeros((len(found), *brain.array.shape), np.float32)
    for region, channel in enumerate(found):
        back[region] = resample(Volume(channel, stack.affine), brain.grid).array * brain.array
    return Volume(back, brain.affine)


def network_input(bundle: Bundle, images: Mapping[Sequence, Volume], brain: Volume) -> Volume:
    """The network's whole input (C, i, j, k) on its own grid around the brain; arguments and errors as for `predict`.

    One channel a sequence of the plan, then those that a previous model adds.
    """
    plan = bundle.plan
    known = [sequence for sequence in plan.channels if sequence in images]
    if not known:
        expected = f"one of {', '.join(plan.channels)}" if plan.channels else "a model that takes sequences by name"
        found = ", ".join(images) or "no sequence"
        raise SequenceError(f"bundle {bundle.name}", found, expected, "Choose a bundle for the sequences at hand.")
    grid = grid_around(brain, plan.spacing)
    inside = resample(brain, grid).array
    stack = np.zeros((len(plan.channels), *grid.shape), np.float32)
    for channel, sequence in enumerate(plan.channels):
        if sequence in images:
            values = resample(images[sequence], grid).array
            if plan.normalisation == "zscore":  # averaging voxels has narrowed the spread that training saw
                values = (values - values[inside].mean()) / max(float(values[inside].std()), 1e-6)
            stack[channel] = values * inside
    if bundle.previous:
        stack = np.concatenate((stack, label_channels(_label_map(bundle.previous, images, brain, grid), bundle.scheme)))
    return Volume(stack, grid.affine)


def _label_map(bundle: Bundle, images: Mapping[Sequence, Volume], brain: Volume, grid: Grid) -> NDArray:
    """A coarse model's result (i, j, k) on a fine model's grid."""
    coarse = predict(bundle, images, brain)
    regions = coarse.array[: len(bundle.scheme.regions)] > HALF
    return resample(coarse.with_array(bundle.label_map(regions, coarse.array)), grid, order=0).array
