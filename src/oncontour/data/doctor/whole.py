"""Checks across the cases of a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from collections.abc import Sequence as Listed

import numpy as np

from oncontour.core.sequence import Sequence
from oncontour.data.datasets.dataset import SPLIT, TEST, Dataset
from oncontour.data.datasets.patients import patient_of
from oncontour.data.doctor.problem import Examined, Problem
from oncontour.data.folds import Folds, leaks

SPACING_FACTOR = 1.5
"""A case whose voxels are longer or shorter than the median's by more, along any axis of the head, stands out."""


def across(dataset: Dataset, cases: Listed[Examined], folds: Folds | None) -> Iterator[Problem]:
    """The problems that show only when cases are seen together."""
    for error in dataset.left_out:
        yield Problem("wrong", "files", (), f"{_last(error.where)}: {error.found}", error.expected)
    yield from _missing_masks(dataset)
    yield from _missing_sequences(dataset, cases)
    yield from _duplicates(cases)
    yield from _leakage(dataset, folds)
    yield from _patients(dataset)
    yield from _orientations(cases)
    yield from _spacings(cases)


def _last(where: str) -> str:
    """The end of a path: enough to find it within the data set."""
    return "/".join(where.rstrip("/").split("/")[-2:])


def _missing_masks(dataset: Dataset) -> Iterator[Problem]:
    names = tuple(case.name for case in dataset.cases if case.mask is None and case.columns.get(SPLIT) != TEST)
    if len(names) == len(dataset.cases):
        yield Problem("wrong", "mask", (), "no case with a mask", "masks to train on")
    elif names:
        yield Problem("doubtful", "mask", names, f"{_of(names, dataset)} without a mask", "a mask for each case")


def _missing_sequences(dataset: Dataset, cases: Listed[Examined]) -> Iterator[Problem]:
    absent = {case.name: case.absent for case in cases}
    for sequence in dataset.sequences:
        names = tuple(
            case.name for case in dataset.cases if sequence not in case.images or sequence in absent.get(case.name, ())
        )
        if names:
            found = f"{sequence}: missing in {_of(names, dataset)}"
            yield Problem("doubtful", "sequences", names, found, "the same sequences in every case")


def _of(names: tuple[str, ...], dataset: Dataset) -> str:
    return f"{len(names)} of {len(dataset.cases)} cases"


def _duplicates(cases: Listed[Examined]) -> Iterator[Problem]:
    """Images of the same voxels: one line for the cases that share them, one for sequences of one case."""
    places: dict[str, list[tuple[str, Sequence]]] = {}
    for case in cases:
        for sequence, digest in case.digests.items():
            places.setdefault(digest, []).append((case.name, sequence))
    shared: dict[tuple[str, ...], list[Sequence]] = {}
    for same in places.values():
        names = tuple(sorted({name for name, _ in same}))
        if len(names) > 1:
            shared.setdefault(names, []).append(same[0][1])
        elif len(same) > 1:
            found = f"{' and '.join(sequence for _, sequence in same)} with the same voxels"
            yield Problem("wrong", "duplicates", names, found, "different images")
    for names, sequences in shared.items():
        found = f"the same voxels in {', '.join(dict.fromkeys(sequences))}"
        yield Problem("wrong", "duplicates", names, found, "each scan once")


def _leakage(dataset: Dataset, folds: Folds | None) -> Iterator[Problem]:
    """One patient on both sides of a split: the column `split`, or folds."""
    sides: dict[str, list[str]] = {}
    for case in dataset.cases:
        if case.columns.get(SPLIT):
            sides.setdefault(case.columns[SPLIT], []).append(case.name)
    for names in leaks(sides.values(), dataset):
        values = sorted({dataset.case(name).columns[SPLIT] for name in names})
        found = f"one patient's cases in {' and '.join(values)}"
        yield Problem("wrong", "leakage", tuple(names), found, "a patient on one side of a split")
    if folds is not None:
        for names in leaks((*folds.validation_cases, folds.held_out), dataset):
            yield Problem(
                "wrong", "leakage", tuple(names), "one patient's cases in several folds", "a patient in one fold"
            )


def _patients(dataset: Dataset) -> Iterator[Problem]:
    """Names that say one patient where the table says several."""
    by_name: dict[str, list[str]] = {}
    for case in dataset.cases:
        by_name.setdefault(patient_of(case.name), []).append(case.name)
    patient = {case.name: case.patient for case in dataset.cases}
    for names in by_name.values():
        if len({patient[name] for name in names}) > 1:
            found = "names of visits of one patient, given to several patients"
            yield Problem("doubtful", "patients", tuple(names), found, "one patient in the column `patient`")


def _orientations(cases: Listed[Examined]) -> Iterator[Problem]:
    """The orientations that few cases are stored in: often one that was converted by hand."""
    codes = {case.name: case.grid.axis_codes for case in cases if case.grid}
    counts = Counter(codes.values())
    commonest = counts.most_common(1)
    for code, count in counts.items():
        if count * 10 <= len(codes):
            names = tuple(name for name, other in codes.items() if other == code)
            found = f"stored as {code}, {commonest[0][1]} of {len(codes)} cases as {commonest[0][0]}"
            yield Problem("doubtful", "left and right", names, found, "one way to convert all cases")


def _spacings(cases: Listed[Examined]) -> Iterator[Problem]:
    """Cases whose voxels differ much from the others'."""
    spacings = {case.name: np.array(case.along_head("spacing")) for case in cases if case.grid}
    if not spacings:
        return
    median = np.median(list(spacings.values()), axis=0)
    for name, spacing in spacings.items():
        factor = float(np.maximum(spacing / median, median / spacing).max())
        if factor > SPACING_FACTOR:
            found = f"voxels of {' x '.join(f'{mm:.3g}' for mm in spacing)} mm"
            expected = f"about {' x '.join(f'{mm:.3g}' for mm in median)} mm, as the median case"
            yield Problem("doubtful", "spacing", (name,), found, expected)
