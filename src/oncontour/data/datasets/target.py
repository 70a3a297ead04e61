"""What a layout has to say so that a data set can be written in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from oncontour.core.sequence import Sequence
from oncontour.data.datasets.dataset import SPLIT, TEST, Dataset, DatasetCase


@dataclass(frozen=True)
class OutFile:
    """A file of a case to be written.

    Args:
        path: within the data set.
        sequences: its images, in the order of channels; empty: the mask.
    """

    path: Path
    sequences: tuple[Sequence, ...]


@dataclass(frozen=True)
class Destination:
    """Where a data set goes.

    Args:
        folder: of the new data set.
        dataset: the old one.
        stored: the name of each case in the layout, by its own name.
        sequences: that are written.
    """

    folder: Path
    dataset: Dataset
    stored: Mapping[str, str]
    sequences: tuple[Sequence, ...]


@dataclass(frozen=True)
class Target:
    """A layout that can be written.

    Args:
        name: on the command line.
        files: the files of a case.
        finish: writes what describes the data set.
        stored: the name of each case in the layout, by its own name.
        one_grid: whether a case's images and mask must share one grid, and every case must have every channel; an
            absent sequence is written as zeros.
    """

    name: str
    files: Callable[[DatasetCase, Destination], list[OutFile]]
    finish: Callable[[Destination], None]
    stored: Callable[[Dataset], Mapping[str, str]]
    one_grid: bool = False


def same_name(dataset: Dataset) -> dict[str, str]:
    """Cases keep their names."""
    return {case.name: case.name for case in dataset.cases}


def part_of(case: DatasetCase) -> str:
    """ "Tr" for what is trained on, "Ts" for cases set apart or without a mask, as MSD and nnU-Net name folders."""
    return "Tr" if case.mask is not None and case.columns.get(SPLIT) != TEST else "Ts"
