"""Cross-validation folds, split by patient, drawn once and kept in a file.

Cases of one patient are never on both sides of a split: a model that has seen a patient's first scan knows the second.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from oncontour.core.errors import InputError
from oncontour.data.datasets.dataset import Dataset, DatasetCase
from oncontour.data.datasets.found import few
from oncontour.data.files import write_json

FILE = "folds.json"
"""Its name in a training's folder."""

TEST_SHARE = 0.2
"""Share of the patients held out for the test (paper 004, S4.8: 80/20, then five folds within the 80 %)."""


@dataclass(frozen=True)
class Folds:
    """Which cases are trained on and which are judged on.

    Args:
        validation_cases: the cases of each fold's validation part, sorted; together they are all but the held-out ones.
        held_out: cases that no fold sees, sorted.
        seed: that drew them.
        stratify: the column whose values every fold has in like shares; None: none.
        dataset: its name.
        digest: `Dataset.digest` when they were drawn.
    """

    validation_cases: tuple[tuple[str, ...], ...]
    held_out: tuple[str, ...]
    seed: int
    stratify: str | None
    dataset: str
    digest: str

    def __len__(self) -> int:
        return len(self.validation_cases)

    def training(self, fold: int) -> tuple[str, ...]:
        """Names of the cases that a fold trains on, sorted."""
        self._check(fold)
        others = (part for n, part in enumerate(self.validation_cases) if n != fold)
        return tuple(sorted(name for part in others for name in part))

    def validation(self, fold: int) -> tuple[str, ...]:
        """Names of the cases that a fold is judged on, sorted."""
        self._check(fold)
        return self.validation_cases[fold]

    def _check(self, fold: int) -> None:
        if not 0 <= fold < len(self):
            raise InputError("fold", str(fold), f"0 to {len(self) - 1}", "Give the number of a fold, or all.")


def split_folds(
    dataset: Dataset,
    folds: int = 5,
    seed: int = 0,
    *,
    stratify: str | None = None,
    held_out: Collection[str] = (),
) -> Folds:
    """Draw folds among the labelled cases, by patient.

    Within each value of the stratifying column, patients are drawn in random order, those with more cases first, and
    each goes where that value, then all of them, are rarest so far.

    Args:
        folds: how many.
        seed: the same seed gives the same folds, whatever the order of the cases.
        stratify: a column; None: none.
        held_out: names of cases that no fold may see, as from `hold_out`.

    Raises:
        InputError: fewer patients than folds, no such column, or a patient who is held out in part.
    """
    if folds < 2:
        raise InputError("folds", str(folds), "2 or more", "Give the number of folds.")
    _check_whole_patients(dataset, set(held_out))
    cases = [case for case in dataset.labelled if case.name not in held_out]
    patients = _by_patient(cases)
    if len(patients) < folds:
        found = f"{len(patients)} patients with masks for {folds} folds"
        raise InputError(dataset.root, found, "a patient for each fold", "Ask for fewer folds, or add cases.")
    parts: list[list[str]] = [[] for _ in range(folds)]
    rng = np.random.default_rng(seed)
    for group in _strata(dataset, patients, stratify):
        counts = [0] * folds
        for patient in _shuffled(rng, group, patients):
            lots = rng.permutation(folds)
            best = min(range(folds), key=lambda n: (counts[n], len(parts[n]), lots[n]))
            parts[best].extend(patients[patient])
            counts[best] += len(patients[patient])
    test = tuple(sorted(case.name for case in dataset.cases if case.mask and case not in dataset.labelled))
    return Folds(
        tuple(tuple(sorted(part)) for part in parts),
        tuple(sorted({*held_out, *test})),
        seed,
        stratify,
        dataset.name,
        dataset.digest(),
    )


def hold_out(
    dataset: Dataset,
    *,
    cases: Iterable[str] = (),
    column: tuple[str, str] | None = None,
    share: float = 0.0,
    seed: int = 0,
    stratify: str | None = None,
) -> frozenset[str]:
    """Names of labelled cases to keep out of all folds: listed ones, those of a column's value, and a share at random.

    Args:
        cases: names.
        column: a column and the value that marks a case, such as ("site", "north").
        share: of the patients left, 0 to 1, drawn by patient (S4.8: `TEST_SHARE`).
        seed: of the draw.
        stratify: the draw takes this share of each value of the column, to the nearest patient.

    Raises:
        InputError: a name or a column that is not there, or a patient who would be held out in part.
    """
    if not 0 <= share < 1:
        raise InputError("share held out", f"{share:g}", "0 to 1", "Give the share of patients.")
    named = {dataset.case(name).name for name in cases}
    if column is not None:
        _check_column(dataset, column[0])
        named |= {case.name for case in dataset.labelled if case.columns.get(column[0]) == column[1]}
    _check_whole_patients(dataset, named)
    left = _by_patient(case for case in dataset.labelled if case.name not in named)
    rng = np.random.default_rng(seed)
    for group in _strata(dataset, left, stratify):
        shuffled = _shuffled(rng, group, left, by_size=False)
        named |= {name for patient in shuffled[: round(share * len(group))] for name in left[patient]}
    return frozenset(named)


def _by_patient(cases: Iterable[DatasetCase]) -> dict[str, list[str]]:
    patients: dict[str, list[str]] = {}
    for case in sorted(cases, key=lambda case: (case.patient, case.name)):
        patients.setdefault(case.patient, []).append(case.name)
    return patients


def _strata(dataset: Dataset, patients: Mapping[str, list[str]], stratify: str | None) -> list[list[str]]:
    """Patients by the column's value, the commonest of their cases; the largest group first."""
    if stratify is None:
        return [list(patients)]
    _check_column(dataset, stratify)
    values = {case.name: case.columns.get(stratify, "") for case in dataset.cases}
    groups: dict[str, list[str]] = {}
    for patient, names in patients.items():
        commonest = Counter(sorted(values[name] for name in names)).most_common(1)[0][0]
        groups.setdefault(commonest, []).append(patient)
    return [groups[value] for value in sorted(groups, key=lambda value: (-len(groups[value]), value))]


def _shuffled(
    rng: np.random.Generator, group: list[str], patients: Mapping[str, list[str]], by_size: bool = True
) -> list[str]:
    shuffled = [group[n] for n in rng.permutation(len(group))]
    return sorted(shuffled, key=lambda patient: -len(patients[patient])) if by_size else shuffled


def _check_column(dataset: Dataset, column: str) -> None:
    known = sorted({name for case in dataset.cases for name in case.columns})
    if column not in known:
        expected = f"one of {', '.join(known)}" if known else "a data set with columns (cases.csv)"
        raise InputError(dataset.root, f"no column {column!r}", expected, "Correct the name, or add the column.")


def _check_whole_patients(dataset: Dataset, held_out: set[str]) -> None:
    """Refuse to hold out a part of a patient's cases."""
    for name in sorted(held_out):
        dataset.case(name)
    for names in _by_patient(dataset.labelled).values():
        inside = [name for name in names if name in held_out]
        if inside and len(inside) < len(names):
            outside = next(name for name in names if name not in held_out)
            found = f"{inside[0]} held out and {outside} trained on, both of one patient"
            raise InputError(dataset.root, found, "a patient's cases on one side", "Hold out both, or neither.")


def save_folds(folds: Folds, path: Path) -> None:
    """Write the file, whole or not at all."""
    write_json(path, {"folds": len(folds), **asdict(folds)})


def load_folds(path: Path) -> Folds:
    """Read the file.

    Raises:
        InputError: no such file, or not of this form.
    """
    expected = f"a {FILE} as Oncontour writes it"
    try:
        content = json.loads(path.read_text("utf-8"))
        parts = tuple(tuple(str(name) for name in part) for part in content["validation_cases"])
        held_out = tuple(str(name) for name in content["held_out"])
        stratify = content["stratify"]
        return Folds(
            parts,
            held_out,
            int(content["seed"]),
            None if stratify is None else str(stratify),
            str(content["dataset"]),
            str(content["digest"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        found = f"a file that cannot be used ({type(error).__name__})"
        raise InputError(path, found, expected, "Restore it, or remove it and start anew.") from error


def check_folds(folds: Folds, dataset: Dataset, where: Path | str = FILE) -> None:
    """Refuse folds that no longer fit their data.

    Raises:
        InputError: cases came or went, files changed, or a patient is on both sides of a split.
    """
    remedy = "Bring the data back as they were, or start in another folder: folds do not change under a running plan."
    drawn = [name for part in (*folds.validation_cases, folds.held_out) for name in part]
    doubled = [name for name, count in Counter(drawn).items() if count > 1]
    if doubled:
        raise InputError(where, f"{few(doubled)} in two parts", "each case in one part", "Correct the file.")
    there = {case.name for case in dataset.cases if case.mask is not None}
    gone, new = sorted(set(drawn) - there), sorted({case.name for case in dataset.labelled} - set(drawn))
    if gone:
        raise InputError(where, f"{few(gone)}, no longer in the data set", "the cases that were drawn", remedy)
    if new:
        raise InputError(where, f"{few(new)} in the data set, in no fold", "the cases that were drawn", remedy)
    for names in leaks((*folds.validation_cases, folds.held_out), dataset):
        found = f"{few(names)}, of one patient, in different parts"
        raise InputError(where, found, "a patient's cases in one part", "Draw the folds again in another folder.")
    if dataset.digest() != folds.digest:
        raise InputError(where, "files whose sizes or places changed", "the files that were drawn", remedy)


def leaks(parts: Iterable[Collection[str]], dataset: Dataset) -> list[list[str]]:
    """Cases of one patient that lie in several parts: one list a patient."""
    part_of = {name: number for number, part in enumerate(parts) for name in part}
    patients = _by_patient(case for case in dataset.cases if case.name in part_of)
    return [names for names in patients.values() if len({part_of[name] for name in names}) > 1]


def fixed_folds(
    dataset: Dataset,
    path: Path,
    folds: int = 5,
    seed: int = 0,
    *,
    stratify: str | None = None,
    held_out: Collection[str] = (),
) -> Folds:
    """The folds of a file where it is there, checked against the data; else drawn (`split_folds`) and written.

    Raises:
        InputError: the data changed since, or other folds are asked for than the file holds.
    """
    if not path.exists():
        drawn = split_folds(dataset, folds, seed, stratify=stratify, held_out=held_out)
        save_folds(drawn, path)
        return drawn
    kept = load_folds(path)
    check_folds(kept, dataset, path)
    asked = (folds, seed, stratify)
    if (len(kept), kept.seed, kept.stratify) != asked or not set(held_out) <= set(kept.held_out):
        found = f"{len(kept)} folds of seed {kept.seed}, stratified by {kept.stratify}, {len(kept.held_out)} held out"
        expected = f"{folds} folds of seed {seed}, stratified by {stratify}, {len(set(held_out))} held out"
        raise InputError(path, found, expected, "Ask for the same folds again, or start in another folder.")
    return kept
