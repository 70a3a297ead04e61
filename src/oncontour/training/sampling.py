"""Patches of prepared cases: of which, where, without which sequences, changed how; all from (seed, step, index).

A sample is drawn first, as numbers that JSON can hold, and taken then. So no generator has a state to save, any
process can make any sample, and what a network saw can be looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from oncontour.augment.absent import Absent
from oncontour.augment.compose import Composed, Drawn
from oncontour.augment.interface import Sample, Size
from oncontour.core.errors import InputError
from oncontour.plans.plan import Plan
from oncontour.plans.training import SamplingPlan, TrainingPlan, TransformPlan

NO_MARGIN: Size = (0, 0, 0)

GLANCES = 64
"""Voxels of the brain at which a case is asked whether it has a sequence."""


class Case(Protocol):
    """What sampling needs of a prepared case; `training.prepared` says what the arrays hold."""

    @property
    def images(self) -> NDArray[np.float16]: ...

    @property
    def regions(self) -> NDArray[np.uint8]: ...

    @property
    def places(self) -> Mapping[str, NDArray[np.int16]]: ...


@dataclass(frozen=True)
class SampleDraw:
    """What a sample is made of.

    Args:
        case: its place among the cases.
        channels: for each input of the network the channel of the case's images that it shows; None: absent.
        start: first voxel of the patch; below 0 where it begins outside the case.
        transforms: that were drawn.
        guides: those of the coarse model's labels.
    """

    case: int
    channels: tuple[int | None, ...]
    start: Size
    transforms: tuple[Drawn, ...]
    guides: tuple[Drawn, ...] = ()


def draw_sample(plan: Plan, cases: Sequence[Case], step: int, index: int, margin: Size = NO_MARGIN) -> Sample:
    """Sample `index` of the batch of a step: image (C, i, j, k) and regions (R, i, j, k), of the plan's patch.

    Args:
        margin: voxels on each side of a patch in which the network predicts nothing (valid convolutions): patches
            reach that far beyond the case, so that every voxel of it is predicted in some.
    """
    drawn = draw(plan, cases, step, index, margin)
    return take(plan, cases[drawn.case], drawn)


def draw(plan: Plan, cases: Sequence[Case], step: int, index: int, margin: Size = NO_MARGIN) -> SampleDraw:
    """What sample `index` of a step is made of; arguments as of `draw_sample`."""
    training = plan.training
    rng = np.random.default_rng((training.seed, step, index))
    number = _draw_case(rng, plan, len(cases), step)
    case = cases[number]
    channels = _draw_channels(rng, plan, case)
    foreground = _around_foreground(training, step, index)
    start = _draw_start(rng, training.sampling, case, training.patch, margin, foreground)
    transforms = _composed(training.augment).draw(rng, (len(channels), *training.patch))
    guides = _guides(plan, case)
    changed = _composed(training.augment_previous).draw(rng, (guides, *training.patch)) if guides else []
    return SampleDraw(number, channels, start, tuple(transforms), tuple(changed))


def _draw_case(rng: np.random.Generator, plan: Plan, count: int, step: int) -> int:
    """Any of the cases; where a batch is of few, one of those that the step alone decides."""
    limit = plan.training.sampling.cases
    if limit is None:
        return int(rng.integers(count))
    few = np.random.default_rng((plan.training.seed, step, 0, 1))  # A stream that no sample has.
    return int(few.permutation(count)[:limit][rng.integers(min(limit, count))])


def _around_foreground(training: TrainingPlan, step: int, index: int) -> bool:
    """Whether a sample is one of those of its batch that are taken around foreground.

    Systematic sampling: of n samples `foreground` times n, rounded up or down, so that batches differ no more than they
    must; of a batch of two and one half it is always one, as in nnU-Net.
    """
    share = training.sampling.foreground
    begin = np.random.default_rng((training.seed, step, 0, 2)).random()  # A stream that no sample has.
    return floor(begin + share * (index + 1)) > floor(begin + share * index)


def _guides(plan: Plan, case: Case) -> int:
    """How many of a case's images are a coarse model's labels."""
    return len(case.images) - len(plan.channels) if plan.previous else 0


def take(plan: Plan, case: Case, drawn: SampleDraw) -> Sample:
    """The sample that was drawn; of the case's arrays it reads what it needs, beyond the patch where that is turned."""
    composed, patch = _composed(plan.training.augment), plan.training.patch
    needed = composed.reach(drawn.transforms, patch)
    start = np.array(drawn.start) - (np.array(needed) - np.array(patch)) // 2
    image = torch.zeros((len(drawn.channels), *needed))
    for into, channel in zip(image, drawn.channels, strict=True):
        if channel is not None:
            into.copy_(_cut(case.images[channel], start, needed))
    guides = _guides(plan, case)
    masks = (*case.regions, *case.images[len(case.images) - guides :])
    regions = torch.stack([_cut(mask, start, needed).float() for mask in masks])
    sample = composed.apply(drawn.transforms, Sample(image, regions))
    return _guided(sample, guides, _composed(plan.training.augment_previous), drawn) if guides else sample


def _guided(sample: Sample, guides: int, composed: Composed, drawn: SampleDraw) -> Sample:
    """A coarse model's labels, turned and bent with the regions, then made worse, as the last inputs (nnU-Net)."""
    regions = sample.regions[:-guides]
    labels = composed.apply(drawn.guides, Sample(sample.regions[-guides:], regions))
    return Sample(torch.cat((sample.image, labels.image)), regions)


def _composed(steps: Sequence[TransformPlan]) -> Composed:
    return Composed.of((step.name, step.probability, step.arguments) for step in steps)


def _cut(volume: NDArray, start: NDArray[np.int64], size: Size) -> torch.Tensor:
    """A box of a volume (i, j, k); zeros where it lies beyond."""
    low, high = np.maximum(start, 0), np.minimum(start + size, volume.shape)
    part = np.zeros(size, volume.dtype)
    if (low < high).all():
        into = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start, strict=True))
        part[into] = volume[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    return torch.from_numpy(part)


def _draw_channels(rng: np.random.Generator, plan: Plan, case: Case) -> tuple[int | None, ...]:
    """One image of any sequence where the plan names none; else those named, some of them dropped."""
    if not plan.channels:
        return (int(rng.integers(len(case.images))),)
    channels = range(len(plan.channels))
    dropout = plan.training.sampling.sequence_dropout
    absent = set(Absent(tuple(plan.channels), dropout).draw(rng, (len(channels), 1, 1, 1))["absent"])
    if absent and not _shows(case, set(channels) - absent):
        absent = set()
    return tuple(None if channel in absent else channel for channel in channels)


def _shows(case: Case, channels: set[int]) -> bool:
    """Whether a case, which may itself lack sequences, has one of these."""
    i, j, k = case.places["brain"][:: max(len(case.places["brain"]) // GLANCES, 1)].T
    return any(bool(case.images[channel][i, j, k].any()) for channel in channels)


def _draw_start(
    rng: np.random.Generator, sampling: SamplingPlan, case: Case, patch: Size, margin: Size, foreground: bool
) -> tuple[int, int, int]:
    """Around a voxel, or anywhere; within the case where it is large enough, and centred in zeros where not."""
    size, wanted, beyond = np.array(case.regions.shape[1:]), np.array(patch), np.array(margin)
    room = size - wanted + 2 * beyond
    places = _places(rng, sampling, case, foreground)
    if len(places):
        voxel = places[rng.integers(len(places))].astype(int)
        start = np.clip(voxel - wanted // 2, -beyond, np.maximum(room, 0) - beyond)
    else:
        start = rng.integers(0, np.maximum(room, 0) + 1) - beyond
    i, j, k = np.where(room < 0, (size - wanted) // 2, start).tolist()
    return i, j, k


def _places(rng: np.random.Generator, sampling: SamplingPlan, case: Case, foreground: bool) -> NDArray[np.int16]:
    """Voxels (n, 3) of which one is the centre: of a region, of the brain, or none."""
    weights = sampling.regions or {name: 1.0 for name in case.places if name != "brain"}
    unknown = [name for name in weights if name not in case.places]
    if unknown:
        known = ", ".join(name for name in case.places if name != "brain")
        raise InputError("sampling", f"region {unknown[0]!r}", f"some of {known}", "Correct the regions in the plan.")
    there = {name: weight for name, weight in weights.items() if weight > 0 and len(case.places[name])}
    if foreground and there:
        limits = np.cumsum(list(there.values()))
        name = list(there)[int(np.searchsorted(limits, rng.random() * limits[-1], side="right"))]
    elif sampling.elsewhere == "brain":
        name = "brain"
    else:
        return np.zeros((0, 3), np.int16)
    return case.places[name]
