"""`oncontour bundle calibrate`: what held-out cases teach about how far a bundle's figures can be trusted."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from numpy.typing import ArrayLike

import oncontour
from oncontour.core.errors import InputError, OncontourError
from oncontour.core.labels import SCHEMES
from oncontour.data.datasets.dataset import Dataset
from oncontour.data.datasets.find import read_dataset
from oncontour.data.datasets.phantom import NAME as PHANTOM
from oncontour.data.datasets.phantom import SEED
from oncontour.data.files import explained
from oncontour.inference.bundle import Bundle, calibrated, load_bundle
from oncontour.inference.calibration import Calibration, Misses, RegionCalibration, VolumeErrors
from oncontour.measure.interval import largest_error, volume_errors
from oncontour.measure.predicted_dice import dice_left_out, fit_dice
from oncontour.pipeline.models import Models
from oncontour.pipeline.observe import Observed, ObservedCase, observe


def calibrate(
    bundle: str,
    cohort: Path,
    out: Path | None = None,
    work: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, count: None,
) -> tuple[Bundle, list[OncontourError]]:
    """Calibrate a bundle on held-out cases: volume intervals, miss rates, predicted Dice.

    Args:
        bundle: a shipped bundle's name, or a folder.
        cohort: any labelled data set that `read_dataset` knows, of cases that the bundle was not trained on.
        out: a copy of the bundle goes here and is calibrated; None: the bundle itself is.
        work: each case's result is kept here; None: a temporary folder.
        progress: called with the number of cases done, and of all.

    Returns:
        The calibrated bundle, and why some cases could not be used.

    Raises:
        BundleError: no such bundle.
        InputError: no data set, labels of another scheme, or no labelled case that can be used.
        OutputError: the bundle cannot be written.
    """
    models = Models(bundle)
    dataset = held_out(models.tumour, cohort)
    cases = dataset.labelled
    with TemporaryDirectory(prefix="oncontour-") as temporary:
        observed, failed = observe(
            cases, dataset, models, work or Path(temporary), lambda done: progress(done, len(cases))
        )
    if not observed:
        if failed:
            raise failed[0]
        raise InputError(cohort, "no case with a mask", "held-out cases with masks", "Give a labelled data set.")
    model = models.tumour
    if out is not None:
        if out.exists():
            raise InputError(out, "something of that name", "a new folder", "Choose another folder with --out.")
        with explained(out):
            shutil.copytree(model.folder, out)
        model = load_bundle(out)
    with explained(model.folder):
        return calibrated(model, learn(observed, dataset)), failed


def held_out(bundle: Bundle, cohort: Path) -> Dataset:
    """A data set in the bundle's labels.

    Raises:
        InputError: the bundle's scheme is its own, or the data set cannot be told in it.
    """
    if bundle.plan.scheme not in SCHEMES:
        found = f"labels of its own ({bundle.plan.scheme})"
        remedy = "Only bundles of these schemes can be calibrated."
        raise InputError(f"bundle {bundle.name}", found, f"one of the schemes {', '.join(SCHEMES)}", remedy)
    return read_dataset(cohort, bundle.plan.scheme)


def learn(observed: Sequence[ObservedCase], dataset: Dataset) -> Calibration:
    """The calibration that observed cases of a data set give."""
    names = dict.fromkeys(name for case in observed for name in case.regions)
    used = {case.name for case in observed}
    seeds = [int(case.columns[SEED]) for case in dataset.cases if case.name in used and case.columns.get(SEED)]
    kind = "phantom" if dataset.layout == PHANTOM else "labelled"
    return Calibration(
        cohort=f"{kind} cases",
        cases=len(observed),
        seeds=(min(seeds), max(seeds)) if seeds else None,
        sha256=dataset.digest(),
        oncontour=oncontour.__version__,
        sequences=dict(Counter(case.sequences for case in observed)),
        regions={name: learn_region(observed, name) for name in names},
    )


def learn_region(cases: Sequence[ObservedCase], region: str) -> RegionCalibration:
    """What one region's predictions teach."""
    observed = [case.regions[region] for case in cases]
    present = [one for one in observed if one.reference_ml > 0]
    missed = [one.reference_ml for one in present if not one.volume_ml]
    absent = [one for one in observed if not one.reference_ml]
    found = [one.volume_ml for one in observed if one.volume_ml > 0]
    signs = [signs for case in cases if (signs := case.signs(region))]
    signed = [case.regions[region] for case in cases if case.signs(region)]
    dice = fit_dice(signs, [one.dice for one in signed])
    return RegionCalibration(
        misses=Misses(
            present=len(present),
            missed=len(missed),
            largest_missed_ml=max(missed, default=0.0),
            absent=len(absent),
            invented=sum(one.volume_ml > 0 for one in absent),
        ),
        volume=_errors(observed),
        scaled=_errors(signed, largest_error(dice_left_out(signs, [one.dice for one in signed]))) if dice else None,
        dice=dice,
        range_ml=(min(found), max(found)) if found else None,
    )


def _errors(observed: Sequence[Observed], unit: ArrayLike = 1.0) -> VolumeErrors | None:
    return volume_errors([one.volume_ml for one in observed], [one.reference_ml for one in observed], unit)
