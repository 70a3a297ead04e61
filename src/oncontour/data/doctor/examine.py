"""Examine a whole data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from oncontour.core.labels import SCHEMES
from oncontour.data.datasets.dataset import Dataset, DatasetCase
from oncontour.data.doctor.case import examine_case
from oncontour.data.doctor.problem import Examined, Problem
from oncontour.data.doctor.whole import across
from oncontour.data.folds import Folds
from oncontour.data.parallel import each


@dataclass(frozen=True)
class Spread:
    """Smallest, median and largest of a number along right, anterior and superior."""

    smallest: tuple[float, float, float]
    median: tuple[float, float, float]
    largest: tuple[float, float, float]


@dataclass(frozen=True)
class LabelShare:
    """One label over all masks.

    Args:
        name: of the label.
        cases: that have it.
        median_ml: of its volume in these; 0 where none has it.
        share: of all labelled volume.
    """

    name: str
    cases: int
    median_ml: float
    share: float


@dataclass(frozen=True)
class Examination:
    """What the doctor says of a data set.

    Args:
        dataset: the data set.
        cases: each case, once seen.
        problems: of all cases and across them, the wrong before the doubtful.
        voxels, spacing_mm: spread over the cases that could be read; None where there is none.
        orientations: stored orientation -> number of cases.
        labels: each label of the scheme.
    """

    dataset: Dataset
    cases: tuple[Examined, ...]
    problems: tuple[Problem, ...]
    voxels: Spread | None
    spacing_mm: Spread | None
    orientations: dict[str, int]
    labels: tuple[LabelShare, ...]

    @property
    def wrong(self) -> bool:
        """Whether something is wrong, not only doubtful."""
        return any(problem.severity == "wrong" for problem in self.problems)

    def as_json(self) -> dict[str, Any]:
        """Everything but pictures and patients, for programs."""
        return {
            "dataset": self.dataset.name,
            "layout": self.dataset.layout,
            "scheme": self.dataset.scheme,
            "digest": self.dataset.digest(),
            "cases": len(self.dataset.cases),
            "labelled": len(self.dataset.labelled),
            "patients": len({case.patient for case in self.dataset.cases}),
            "sequences": {
                str(one): sum(one in case.images for case in self.dataset.cases) for one in self.dataset.sequences
            },
            "problems": [{**asdict(problem), "cases": list(problem.cases)} for problem in self.problems],
            "voxels": asdict(self.voxels) if self.voxels else None,
            "spacing_mm": asdict(self.spacing_mm) if self.spacing_mm else None,
            "orientations": self.orientations,
            "labels": [asdict(label) for label in self.labels],
            "volumes_ml": {case.name: case.volumes_ml for case in self.cases},
        }


def examine(
    dataset: Dataset,
    folds: Folds | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Examination:
    """Read every voxel of a data set and check it.

    Args:
        dataset: from `read_dataset`.
        folds: to be checked for leakage; None: there are none.
        workers: processes.
        progress: called with cases done and all cases.
    """
    cases = []
    light = replace(dataset, cases=(), left_out=())  # What goes to other processes.
    for case in each(partial(_examine, light), dataset.cases, workers):
        cases.append(case)
        progress(len(cases), len(dataset.cases))
    problems = [problem for case in cases for problem in case.problems]
    problems.extend(across(dataset, cases, folds))
    return Examination(
        dataset,
        tuple(cases),
        tuple(sorted(problems, key=lambda problem: problem.severity != "wrong")),
        _spread([case.along_head("shape") for case in cases if case.grid]),
        _spread([case.along_head("spacing") for case in cases if case.grid]),
        dict(Counter(case.grid.axis_codes for case in cases if case.grid)),
        _label_shares(cases, dataset.scheme),
    )


def _examine(dataset: Dataset, case: DatasetCase) -> Examined:
    return examine_case(case, dataset)


def _spread(numbers: list[tuple[float, float, float]]) -> Spread | None:
    if not numbers:
        return None
    low, middle, high = (tuple(round(float(x), 4) for x in by(numbers, axis=0)) for by in (np.min, np.median, np.max))
    return Spread((low[0], low[1], low[2]), (middle[0], middle[1], middle[2]), (high[0], high[1], high[2]))


def _label_shares(cases: list[Examined], scheme: str) -> tuple[LabelShare, ...]:
    volumes = [case.volumes_ml for case in cases if case.volumes_ml is not None]
    total = sum(sum(one.values()) for one in volumes)
    shares = []
    for label in SCHEMES[scheme].labels:
        there = [one[label.name] for one in volumes if one[label.name] > 0]
        median = float(np.median(there)) if there else 0.0
        shares.append(
            LabelShare(label.name, len(there), round(median, 3), round(sum(there) / total, 4) if total else 0.0)
        )
    return tuple(shares)
