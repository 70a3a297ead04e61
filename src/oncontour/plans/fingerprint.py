"""The fingerprint of a data set: what a plan needs to know of its cases, read case by case and kept as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from oncontour.core.box import bounding_box
from oncontour.core.errors import ImageContentError, InputError, OncontourError
from oncontour.core.labels import SCHEMES
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets import Dataset, DatasetCase, read_case
from oncontour.data.files import write_whole
from oncontour.data.parallel import each
from oncontour.plans.fields import Frozen

SAMPLES = 10_000
"""Voxels of each image that percentiles over the data set are taken from; all cases count the same."""

PERCENTILES = (0.5, 5.0, 50.0, 95.0, 99.5)


class CaseFacts(Frozen):
    """One case; axes RAS, of the image with the finest voxels.

    Args:
        name: of the case.
        shape: voxels along each axis.
        cropped: of the box of what is not background in any image of that grid.
        spacing: mm along each axis.
        sequences: that the case has.
        brain_ml: volume of what is not background: the brain, where images are stripped.
        regions_ml: volume of each region of the scheme.
    """

    name: str
    shape: tuple[int, int, int]
    cropped: tuple[int, int, int]
    spacing: tuple[float, float, float]
    sequences: tuple[Sequence, ...]
    brain_ml: float
    regions_ml: dict[str, float]


class Intensities(Frozen):
    """Intensities of a sequence where it is not background.

    Args:
        cases: that have the sequence.
        mean, deviation: over all their voxels.
        percentiles: as `PERCENTILES` names them, over as many voxels of each case.
    """

    cases: int
    mean: float
    deviation: float
    percentiles: tuple[float, ...]


class Fingerprint(Frozen):
    """What a plan needs to know of a data set.

    Args:
        dataset: its name.
        scheme: its label scheme.
        digest: of its list of files (`Dataset.digest`).
        cases: those with a mask, but not of a test set.
        intensities: of each sequence.
        skipped: why other cases could not be read, by name.
    """

    dataset: str
    scheme: str
    digest: str
    cases: tuple[CaseFacts, ...]
    intensities: dict[Sequence, Intensities]
    skipped: dict[str, str] = Field(default_factory=dict)

    @property
    def spacings(self) -> NDArray[np.float64]:
        """(n, 3) mm."""
        return np.array([case.spacing for case in self.cases])

    @property
    def shapes(self) -> NDArray[np.int_]:
        """(n, 3) voxels, cropped."""
        return np.array([case.cropped for case in self.cases])

    def having(self, sequence: Sequence) -> float:
        """Share of the cases that have a sequence."""
        return sum(sequence in case.sequences for case in self.cases) / len(self.cases)

    def prevalence(self, region: str) -> float:
        """Share of the cases in which a region is not empty."""
        return float(np.mean([case.regions_ml[region] > 0 for case in self.cases]))

    def median_ml(self, region: str) -> float:
        """Median volume of a region where it is not empty; 0 where it is empty in every case."""
        volumes = [case.regions_ml[region] for case in self.cases if case.regions_ml[region] > 0]
        return float(np.median(volumes)) if volumes else 0.0


@dataclass(frozen=True, eq=False)
class _Sums:
    """A case's part in the figures over the data set: count, sum and sum of squares, and a sample of voxels."""

    count: int
    total: float
    squares: float
    sample: NDArray[np.float32]


def fingerprint(
    dataset: Dataset,
    only: frozenset[str] | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Fingerprint:
    """Read every labelled case of a data set once; memory holds one case a worker.

    A case that cannot be read is named with its reason and left out.

    Args:
        only: names of the cases to read, such as a fold's training part; None: all labelled ones.
        workers: processes.
        progress: called with the number of cases read and their total.

    Raises:
        InputError: no case has a mask, or none can be read.
    """
    cases = [case for case in dataset.labelled if only is None or case.name in only]
    facts: dict[str, CaseFacts] = {}
    sums: dict[Sequence, list[_Sums]] = {}
    skipped: dict[str, str] = {}
    read = partial(_read, dataset)
    for done, (case, found) in enumerate(zip(cases, each(read, cases, workers), strict=True), start=1):
        if isinstance(found, str):
            skipped[case.name] = found
        else:
            facts[case.name] = found[0]
            for sequence, part in found[1].items():
                sums.setdefault(sequence, []).append(part)
        progress(done, len(cases))
    if not facts:
        found = next(iter(skipped.values()), "no case with a mask")
        raise InputError(dataset.root, found, "at least one labelled case", "Run `oncontour doctor` on the data set.")
    return Fingerprint(
        dataset=dataset.name,
        scheme=dataset.scheme,
        digest=dataset.digest(),
        cases=tuple(facts.values()),
        intensities={sequence: _pooled(sums[sequence]) for sequence in Sequence if sequence in sums},
        skipped=skipped,
    )


def _read(dataset: Dataset, case: DatasetCase) -> tuple[CaseFacts, Mapping[Sequence, _Sums]] | str:
    try:
        return case_facts(case, dataset)
    except OncontourError as error:
        return str(error)


def case_facts(case: DatasetCase, dataset: Dataset) -> tuple[CaseFacts, Mapping[Sequence, _Sums]]:
    """What a fingerprint needs of one case.

    Raises:
        OncontourError: whatever its files are refused for.
    """
    images, label_map = read_case(case, dataset)
    if not images or label_map is None:
        raise InputError(case.name, "no image or no mask", "both", "Leave the case out.")
    volumes = {sequence: volume.reoriented() for sequence, volume in images.items()}
    inside = {sequence: volume.array != _background(volume) for sequence, volume in volumes.items()}
    finest = min(volumes.values(), key=lambda volume: volume.grid.voxel_volume_mm3)
    shown = np.any([inside[name] for name, volume in volumes.items() if volume.grid.same_as(finest.grid)], axis=0)
    box = bounding_box(shown)
    if box is None:
        raise ImageContentError(case.name, "nothing but background", "a brain", "Check the images.")
    scheme, voxel_ml = SCHEMES[dataset.scheme], label_map.grid.voxel_volume_mm3 / 1000
    regions = scheme.encode(label_map.array)
    i, j, k = (side.stop - side.start for side in box)
    facts = CaseFacts(
        name=case.name,
        shape=finest.grid.shape,
        cropped=(i, j, k),
        spacing=finest.grid.spacing,
        sequences=tuple(images),
        brain_ml=float(shown.sum()) * finest.grid.voxel_volume_mm3 / 1000,
        regions_ml={
            region.name: float(mask.sum()) * voxel_ml for region, mask in zip(scheme.regions, regions, strict=True)
        },
    )
    return facts, {name: _sums(volume.array[inside[name]]) for name, volume in volumes.items() if inside[name].any()}


def _background(volume: Volume) -> float:
    """The value of most corners: 0, or a constant where a stripped image was z-scored; air of a whole head varies."""
    corners = volume.array[np.ix_(*[(0, -1)] * 3)].ravel()
    values, counts = np.unique(corners, return_counts=True)
    return float(values[counts.argmax()]) if counts.max() > len(corners) // 2 else 0.0


def _sums(values: NDArray) -> _Sums:
    spread = np.linspace(0, values.size - 1, min(SAMPLES, values.size)).round().astype(int)
    exact = values.astype(np.float64)
    return _Sums(values.size, float(exact.sum()), float((exact**2).sum()), values[spread].astype(np.float32))


def _pooled(parts: list[_Sums]) -> Intensities:
    count = sum(part.count for part in parts)
    mean = sum(part.total for part in parts) / count
    variance = max(sum(part.squares for part in parts) / count - mean**2, 0.0)
    percentiles = np.percentile(np.concatenate([part.sample for part in parts]), PERCENTILES)
    shown = tuple(float(value) for value in percentiles)
    return Intensities(cases=len(parts), mean=mean, deviation=variance**0.5, percentiles=shown)


def save_fingerprint(found: Fingerprint, path: Path) -> None:
    """Write a fingerprint as JSON."""
    write_whole(path, lambda part: part.write_text(found.model_dump_json(indent=1) + "\n", "utf-8"))


def load_fingerprint(path: Path) -> Fingerprint:
    """Read a fingerprint.

    Raises:
        InputError: not one.
    """
    try:
        return Fingerprint.model_validate_json(path.read_text("utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        remedy = "Remove the file: it is made anew."
        found = f"no readable fingerprint ({type(error).__name__})"
        raise InputError(path, found, "what `oncontour plan --fingerprint` wrote", remedy) from error
