"""A phantom cohort to compare models on: adults of one hospital at 2 mm, 40 to train on, 16 held out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from oncontour.core.labels import BRATS
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets import read_case, read_dataset
from oncontour.data.phantom.cohort import write_cohort
from oncontour.data.phantom.settings import Settings
from oncontour.evaluate.metrics import dice
from oncontour.preprocess.normalise import normalise
from oncontour.preprocess.stripped import detect_stripped

SETTINGS = Settings(kind="adult", spacing_mm=2.0, one_scanner=True)
TRAINING, TRAINING_SEED = 40, 1_000
HELD_OUT, HELD_OUT_SEED = 16, 9_000

REGIONS: Mapping[str, tuple[int, ...]] = {
    **{region.name: BRATS.values(region) for region in BRATS.regions},
    "NET": (1,),
}
"""Label values of what is scored: WT, TC, ET, and the core that does not enhance (necrosis, cysts, solid)."""


@dataclass(frozen=True)
class Subject:
    """A case as a model sees it.

    Args:
        name: of the case.
        images: (i, j, k) by sequence, z-scored over the brain, 0 outside it.
        brain: bool (i, j, k).
        labels: uint8 (i, j, k), the truth.
    """

    name: str
    images: Mapping[Sequence, Volume]
    brain: Volume
    labels: NDArray[np.uint8]


def make(folder: Path, training: int = TRAINING, held_out: int = HELD_OUT) -> tuple[Path, Path]:
    """Two data sets, to train on and to test on; cases already there are kept.

    Returns:
        Their folders.
    """
    parts = (
        ("training", training, TRAINING_SEED),
        ("held_out", held_out, HELD_OUT_SEED),
    )
    with Progress() as bar:
        for name, count, seed in parts:
            task = bar.add_task(f"Phantoms, {name}", total=count)
            write_cohort(
                folder / name, count, seed, SETTINGS, progress=lambda done, task=task: bar.update(task, completed=done)
            )
    return folder / "training", folder / "held_out"


def subjects(folder: Path) -> Iterator[Subject]:
    """The cases of a data set, prepared as `oncontour segment` prepares images that are already registered."""
    dataset = read_dataset(folder)
    for case in dataset.cases:
        images, truth = read_case(case, dataset)
        brain = detect_stripped(images, Sequence.T1CE, forced=True).brain
        if brain is None or truth is None:
            raise ValueError(f"{case.name}: phantoms of brains alone have a black background, and a truth")
        scaled = {sequence: normalise(volume, brain.array).volume for sequence, volume in images.items()}
        yield Subject(case.name, scaled, brain, truth.array)


def scores(found: NDArray, truth: NDArray) -> dict[str, float]:
    """Dice of each region of two label maps; both empty 1, one empty 0."""
    return {name: dice(np.isin(found, values), np.isin(truth, values)) for name, values in REGIONS.items()}


def absent(folder: Path) -> dict[str, list[str]]:
    """By region, the cases of a data set whose truth lacks it."""
    labels = {subject.name: subject.labels for subject in subjects(folder)}
    return {
        name: [case for case, found in labels.items() if not np.isin(found, values).any()]
        for name, values in REGIONS.items()
    }
