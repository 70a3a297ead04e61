"""What all contenders are given: the same cases, and the same small plan of a U-Net."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

NUMBERS = {"training": 501, "held_out": 502}
"""Of the data sets, as nnU-Net has it."""


@dataclass(frozen=True)
class Task:
    """A training, the same for every contender.

    Args:
        work: folder of everything that is made.
        training, held_out: cases; without held-out ones nothing is predicted.
        spacing_mm: of the phantom.
        edge: voxels along each axis of a patch.
        batch: patches a step.
        features: channels of each stage of the U-Net, four or more; each stage but the first halves all axes.
        epochs, steps: steps an epoch.
        workers: processes that draw batches ahead.
        device: cpu or cuda.
    """

    work: Path
    training: int
    held_out: int
    spacing_mm: float
    edge: int
    batch: int
    features: tuple[int, ...]
    epochs: int
    steps: int
    workers: int
    device: str

    @property
    def patch(self) -> tuple[int, int, int]:
        """Voxels along each axis."""
        return self.edge, self.edge, self.edge

    @property
    def deep_weights(self) -> tuple[float, ...]:
        """Of the outputs at full, half ... resolution, as nnU-Net weights them: not the coarsest."""
        return tuple(0.5**n for n in range(len(self.features) - 2))

    def cohort(self, part: str) -> Path:
        """The phantom cohort that is trained on, or held out."""
        return self.work / "cohort" / part

    def raw(self, part: str) -> Path:
        """The same as nnU-Net reads it."""
        return self.work / "raw" / f"Dataset{NUMBERS[part]}_{part}"

    def described(self) -> dict[str, Any]:
        """Its numbers, for the record."""
        return {name: value for name, value in asdict(self).items() if name != "work"}


def make_data(task: Task) -> None:
    """The cohorts, and the same in nnU-Net's layout; what is there is kept."""
    from oncontour.data.datasets import read_dataset
    from oncontour.data.datasets.convert import convert_dataset
    from oncontour.data.phantom.cohort import write_cohort
    from oncontour.data.phantom.settings import Settings

    settings, first = Settings(spacing_mm=task.spacing_mm, one_scanner=True), 0
    for part, count in (("training", task.training), ("held_out", task.held_out)):
        write_cohort(task.cohort(part), count, first, settings, workers=2)
        convert_dataset(read_dataset(task.cohort(part)), task.raw(part), "nnunet", workers=2)
        first += task.training
