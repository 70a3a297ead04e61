"""Batches drawn ahead of the training in worker processes.

Sample b of step s is drawn from (seed, s, b) alone: any number of workers, and of training processes that share a
batch among them, gives the same samples.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from oncontour.core.errors import OncontourError

if TYPE_CHECKING:
    from oncontour.augment.interface import Sample

Batch = tuple[Tensor, Tensor]
"""Images (B, C, i, j, k) and targets (B, T, i, j, k), channels last in memory."""

AHEAD = 4
"""Batches that each worker keeps ready."""


class Draw(Protocol):
    """Draws a patch; a plain object that another process can be given."""

    def __call__(self, step: int, number: int) -> Sample:
        """Sample `number` of a step's batch."""
        ...


class _Samples(Dataset):
    def __init__(self, draw: Draw) -> None:
        self.draw = draw

    def __getitem__(self, place: tuple[int, int]) -> Sample | OncontourError:
        try:
            return self.draw(*place)
        except OncontourError as error:  # A worker's exception would arrive as text alone.
            return error


def collate(samples: list[Sample | OncontourError]) -> Batch | OncontourError:
    """Stack samples to a batch."""
    images, targets = [], []
    for sample in samples:
        if isinstance(sample, OncontourError):
            return sample
        images.append(sample.image)
        targets.append(sample.regions)
    return tuple(  # pyright: ignore[reportReturnType]
        torch.stack(tensors).contiguous(memory_format=torch.channels_last_3d) for tensors in (images, targets)
    )


def leave_signals(worker: int) -> None:  # noqa: ARG001
    """Ctrl-C and SLURM's warning reach every process: let the training alone hear them, which ends its workers."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)


def batches(
    draw: Draw, steps: range, batch: int, rank: int = 0, world: int = 1, workers: int = 0, pin: bool = False
) -> Iterator[Batch]:
    """The batches of some steps, in order; this process's share of them.

    Args:
        draw: a sample from its step and number.
        steps: of the training that remain.
        batch: samples a step, over all processes together.
        rank, world: this process takes the samples b with b % world == rank.
        workers: processes that draw ahead; 0: samples are drawn when they are asked for.
        pin: in memory from which a GPU copies fast.

    Raises:
        OncontourError: what a sample's drawing raised.
    """
    loader = DataLoader(
        _Samples(draw),
        batch_sampler=([(step, b) for b in range(rank, batch, world)] for step in steps),
        num_workers=workers,
        collate_fn=collate,
        pin_memory=pin,
        prefetch_factor=AHEAD if workers else None,
        worker_init_fn=leave_signals,
    )
    for loaded in loader:
        if isinstance(loaded, OncontourError):
            raise loaded
        yield loaded
