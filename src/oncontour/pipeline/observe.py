"""Held-out cases through the whole pipeline, each region held against its reference; what is done is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.overlap import dice
from oncontour.core.sequence import Sequence
from oncontour.core.study import Image, Study
from oncontour.core.volume import Volume
from oncontour.data.datasets.dataset import Dataset, DatasetCase
from oncontour.data.datasets.images import read_case
from oncontour.data.files import read_json, write_json
from oncontour.data.layouts import check_sufficient
from oncontour.evaluate.reliability import Bin, binned
from oncontour.inference.calibration import FILE as CALIBRATION
from oncontour.measure.certainty import sequences_key
from oncontour.measure.predicted_dice import Signs
from oncontour.measure.volume import volume_ml
from oncontour.pipeline.finding import find_tumour
from oncontour.pipeline.models import Models
from oncontour.pipeline.options import Options
from oncontour.pipeline.progress import Clock
from oncontour.pipeline.provenance import case_record
from oncontour.preprocess.resample import resample

if TYPE_CHECKING:
    from oncontour.inference.bundle import Bundle


@dataclass(frozen=True)
class Observed:
    """One region of one held-out case.

    Args:
        volume_ml, reference_ml: predicted and true volume.
        dice: of both.
        expected, agreement: the signs (`measure.predicted_dice`); None where nothing was found.
        bins: the brain's voxels by probability; empty for a region that has no channel of its own.
    """

    volume_ml: float
    reference_ml: float
    dice: float
    expected: float | None
    agreement: float | None
    bins: tuple[Bin, ...] = ()


@dataclass(frozen=True)
class ObservedCase:
    """One held-out case.

    Args:
        name: of the case.
        sequences: it had (`sequences_key`).
        regions: by name.
    """

    name: str
    sequences: str
    regions: Mapping[str, Observed]

    def signs(self, region: str) -> Signs | None:
        """The signs of a region's quality, where there are any."""
        one = self.regions[region]
        if one.expected is None or one.agreement is None:
            return None
        return Signs(one.expected, one.agreement, one.volume_ml, Sequence.T1CE in self.sequences.split())


def observe(
    cases: Iterable[DatasetCase],
    dataset: Dataset,
    models: Models,
    work: Path,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[list[ObservedCase], list[OncontourError]]:
    """Predict labelled cases and compare.

    Args:
        cases: of the data set, with masks of the bundle's scheme.
        work: each case's result is kept here, and taken from here when nothing that it depends on has changed.
        progress: called with the number of cases done.

    Returns:
        What was observed, and why other cases could not be.

    Raises:
        OutputError: `work` cannot be written to.
    """
    work.mkdir(parents=True, exist_ok=True)
    observed, failed = [], []
    for done, case in enumerate(cases, start=1):
        try:
            observed.append(_kept(case, dataset, models, work / f"{case.name}.json"))
        except OncontourError as error:
            failed.append(error)
        progress(done)
    return observed, failed


def _kept(case: DatasetCase, dataset: Dataset, models: Models, path: Path) -> ObservedCase:
    options = Options(bundle=models.name)
    files = dict.fromkeys(file.path for _, file in case.files)
    record = case_record(files, options, {"tumour": _digests(models.tumour), "brain": _digests(models.brain)})
    if path.exists():
        kept = read_json(path, remedy="Remove it; the case is then predicted again.")
        if kept.get("record") == record:
            return _from_json(kept)
    found = observe_case(case, dataset, models, options)
    write_json(path, {**asdict(found), "record": record})
    return found


def _digests(bundle: Bundle) -> dict[str, Any]:
    """Of all that a prediction depends on; a calibration changes none."""
    return {file: digest for file, digest in bundle.provenance["sha256"].items() if file != CALIBRATION}


def _from_json(kept: Mapping[str, Any]) -> ObservedCase:
    regions = {
        name: Observed(**{**region, "bins": tuple(Bin(**one) for one in region["bins"])})
        for name, region in kept["regions"].items()
    }
    return ObservedCase(kept["name"], kept["sequences"], regions)


def observe_case(case: DatasetCase, dataset: Dataset, models: Models, options: Options) -> ObservedCase:
    """Predict one case and compare each region with the reference, in the native grid of the reference sequence.

    Raises:
        OncontourError: the case cannot be used.
    """
    study, truth = labelled_study(case, dataset)
    found = find_tumour(study, options, models, Clock(case.name), signs=True)
    scheme, masks = found.masks.scheme, found.masks.regions
    label_map = resample(truth, masks.grid, order=0).array
    prepared = resample(truth, found.probabilities.grid, order=0).array
    brain = found.prepared.brain.array
    regions = {}
    for n, (mask, region, measured) in enumerate(zip(masks.array, scheme.regions, found.measurements, strict=True)):
        reference = np.isin(label_map, scheme.values(region))
        signs, bins = found.signs.get(region.name), ()
        if n < len(models.tumour.scheme.regions):
            bins = binned(found.probabilities.array[n][brain], np.isin(prepared[brain], scheme.values(region)))
        regions[region.name] = Observed(
            measured.volume_ml,
            volume_ml(reference, masks.affine),
            dice(mask, reference),
            signs.expected if signs else None,
            signs.agreement if signs else None,
            bins,
        )
    return ObservedCase(case.name, sequences_key(study.images), regions)


def labelled_study(case: DatasetCase, dataset: Dataset) -> tuple[Study, Volume]:
    """A case as a study to segment, and its truth in the labels of the data set's scheme.

    Raises:
        OncontourError: the case cannot be used, or has no mask.
    """
    volumes, truth = read_case(case, dataset)
    if truth is None:
        raise InputError(case.name, "no mask", "a case with a reference", "Leave the case out.")
    check_sufficient(case.name, volumes)
    images = {s: Image(s, volume, case.images[s].path.name, (), dicom=False) for s, volume in volumes.items()}
    return Study(case.name, images), truth
