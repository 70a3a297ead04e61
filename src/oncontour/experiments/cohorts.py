"""The cases of an experiment: the user's own data sets, or phantoms that stand for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from oncontour.core.errors import InputError
from oncontour.data.datasets import Dataset, read_dataset
from oncontour.data.datasets.tables import write_labels_file, write_table
from oncontour.data.phantom.cohort import write_cohort
from oncontour.data.phantom.settings import Settings
from oncontour.experiments.experiment import Cohort, Experiment, ScaleName
from oncontour.plans.fingerprint import Fingerprint, fingerprint, load_fingerprint, save_fingerprint

PHANTOM_MM = 1.0
"""Of phantoms at a scale that leaves voxels as the data have them."""

SECOND = "second-rater.csv"
"""In a phantom cohort's folder: the same images with the second reader's masks."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Source:
    """Where a cohort's cases are.

    Args:
        root: a data set.
        phantom: whether it is synthetic.
        cases: how many the recipe has.
    """

    root: Path
    phantom: bool
    cases: int


def sources(
    experiment: Experiment, scale: ScaleName, names: tuple[str, ...], data: Path | None, work: Path
) -> Mapping[str, Source]:
    """Where each cohort's cases are: DATA/NAME, or DATA/NAME.csv; else phantoms in the work folder."""
    found = {}
    for name in names:
        cases = experiment.cohorts[name].cases[scale]
        given = [path for path in (data / name, data / f"{name}.csv") if path.exists()] if data else []
        made = work / "cohorts" / name / (SECOND if experiment.cohorts[name].second_rater else "")
        found[name] = Source(given[0], False, cases) if given else Source(made, True, cases)
    return found


def check_given(experiment: Experiment, scale: ScaleName, found: Mapping[str, Source]) -> None:
    """Refuse to run the paper's protocol without its data: no phantom stands for them.

    Raises:
        InputError: at the scale "paper" a cohort is not there.
    """
    missing = [name for name, source in found.items() if source.phantom]
    if scale == "paper" and missing:
        told = "; ".join(f"{name} ({experiment.cohorts[name].real})" for name in missing)
        remedy = "Give --data: a folder, or a table NAME.csv, for each of them. --scale tiny runs on phantoms."
        raise InputError("--data", f"no cohort {', '.join(missing)}", told, remedy)


def make_phantoms(cohort: Cohort, source: Source, spacing_mm: float | None, workers: int, progress: Progress) -> None:
    """Write a cohort's phantoms; those that are there already are kept.

    Raises:
        OutputError: a file cannot be written, or a case is there that was made otherwise.
    """
    settings = Settings(
        cohort.kind, spacing_mm or PHANTOM_MM, one_scanner=cohort.one_scanner, second_rater=cohort.second_rater
    )
    folder = source.root.parent if cohort.second_rater else source.root
    write_cohort(
        folder, source.cases, cohort.seed, settings, workers=workers,
        progress=lambda done: progress(done, source.cases),
    )  # fmt: skip
    if cohort.second_rater:
        _write_second(read_dataset(folder), source.root)


def _write_second(dataset: Dataset, path: Path) -> None:
    """A table of the same cases with the second reader's masks, which lie beside the first's."""
    rows = []
    for case in dataset.cases:
        assert case.mask is not None, "phantoms have masks"
        first = case.mask.path
        files = {str(sequence).lower(): file.path for sequence, file in case.images.items()}
        files["mask"] = first.with_name(first.name.replace("-seg.", "-seg2."))
        rows.append({"case": case.name, **{name: str(file.relative_to(path.parent)) for name, file in files.items()}})
    write_table(path, rows[0], rows)
    write_labels_file(path.parent, dataset.scheme)


def read_fingerprint(source: Source, scheme: str, folder: Path, workers: int, progress: Progress) -> Fingerprint:
    """What a plan needs to know of a cohort, kept in a folder.

    Raises:
        InputError: no data set that can be read.
    """
    dataset, path = read_dataset(source.root, scheme), folder / f"{scheme}.json"
    if path.exists():
        kept = load_fingerprint(path)
        if kept.digest == dataset.digest():
            return kept
    found = fingerprint(dataset, workers=workers, progress=progress)
    folder.mkdir(parents=True, exist_ok=True)
    save_fingerprint(found, path)
    return found


def check_apart(cohorts: Mapping[str, Dataset], trained: set[str], tested: set[str]) -> None:
    """Refuse data of which a patient is both learnt from and judged on.

    Args:
        cohorts: the user's own, by name.
        trained, tested: names of cohorts.

    Raises:
        InputError: naming the cohorts, never the patients.
    """
    patients = {name: {case.patient for case in dataset.cases} for name, dataset in cohorts.items()}
    for one, other in combinations(cohorts, 2):
        shared = patients[one] & patients[other]
        if shared and ((one in trained and other in tested) or (other in trained and one in tested)):
            found = f"{len(shared)} patients of both"
            remedy = "Take these patients out of one of the two."
            raise InputError(f"cohorts {one} and {other}", found, "no patient learnt from and judged on", remedy)
