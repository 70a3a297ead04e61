"""Many cases through the public `evaluate`: pace, and resident memory as the cases go by."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.evaluate.run import evaluate
from speed.masks import KINDS, label_maps

DIFFERENT = 8
"""Cases that are made; the others are the same files under other names."""


@dataclass(frozen=True)
class Pace:
    """One evaluation of a cohort.

    Args:
        cases, workers: of it.
        seconds: it took.
        resident: cases done -> resident memory of this process then, bytes.
        worker_peak: largest resident memory of a worker process, bytes; 0 without.
        failed: cases that could not be scored.
    """

    cases: int
    workers: int
    seconds: float
    resident: dict[int, int]
    worker_peak: int
    failed: int


def make_cohort(folder: Path, cases: int, shape: tuple[int, int, int]) -> tuple[Path, Path]:
    """Predictions and references of so many cases, small ones."""
    pred, ref = folder / "pred", folder / "ref"
    for number in range(cases):
        names = [side / f"case_{number:05d}.nii.gz" for side in (pred, ref)]
        if number < DIFFERENT:
            for name, labels in zip(names, label_maps(shape, KINDS[number % 2], seed=number), strict=True):
                name.parent.mkdir(parents=True, exist_ok=True)
                write_nifti(Volume(labels, np.eye(4)), name, "uint8")
        else:
            for name in names:
                os.link(name.with_name(f"case_{number % DIFFERENT:05d}.nii.gz"), name)
    return pred, ref


def run_cohort(pred: Path, ref: Path, workers: int, marks: tuple[int, ...]) -> Pace:
    """Evaluate all cases.

    Args:
        pred, ref: folders.
        workers: processes.
        marks: numbers of cases after which memory is looked at.
    """
    resident: dict[int, int] = {}

    def look(done: int, total: int) -> None:
        if done in marks or (done == total and total > 0):
            resident[done] = resident_bytes()

    began = time.perf_counter()
    found = evaluate(pred, ref, "brats", workers=workers, progress=look)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 if workers > 1 else 0
    return Pace(found.cases, workers, seconds, resident, peak, len(found.failed))


def resident_bytes() -> int:
    """Of this process, now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
