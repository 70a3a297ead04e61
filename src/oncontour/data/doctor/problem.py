"""What the doctor finds: problems, and what it keeps of each case."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from oncontour.core.grid import Grid
from oncontour.core.orientation import reorientation
from oncontour.core.sequence import Sequence

Severity = Literal["wrong", "doubtful"]


@dataclass(frozen=True)
class Problem:
    """One line of the doctor's table.

    Args:
        severity: wrong: no training should see it; doubtful: a person should look.
        check: which check found it, such as "geometry".
        cases: the cases concerned.
        found: what is there, with its value.
        expected: what should be.
    """

    severity: Severity
    check: str
    cases: tuple[str, ...]
    found: str
    expected: str


@dataclass(frozen=True)
class Slice:
    """The axial slice of largest tumour area, or the middle of the head where there is none.

    Args:
        images: brightness of each sequence, (i, j) uint8: right and anterior grow.
        labels: (i, j) uint8, the scheme's values.
        spacing: mm along i and j.
        height_mm: where it lies, along the world's axis to the head.
        area_mm2: of everything labelled in it.
    """

    images: Mapping[Sequence, NDArray[np.uint8]]
    labels: NDArray[np.uint8]
    spacing: tuple[float, float]
    height_mm: float
    area_mm2: float


@dataclass(frozen=True)
class Examined:
    """What is kept of a case once its voxels have been seen.

    Args:
        name: of the case.
        problems: that it has by itself.
        grid: of its mask, or of its first image; None where neither could be read.
        digests: of the voxels of each sequence, in one orientation.
        absent: sequences that it has as zeros alone.
        volumes_ml: of each label, by name; None where there is no mask that could be read.
        slice: for the overlay; None where no image shares the mask's grid.
    """

    name: str
    problems: tuple[Problem, ...]
    grid: Grid | None
    digests: Mapping[Sequence, str]
    absent: tuple[Sequence, ...]
    volumes_ml: Mapping[str, float] | None
    slice: Slice | None

    def along_head(self, of: Literal["shape", "spacing"]) -> tuple[float, float, float]:
        """Number of voxels, or their size in mm, along right, anterior and superior; NaN where there is no grid."""
        if self.grid is None:
            return math.nan, math.nan, math.nan
        order, _ = reorientation(self.grid.axis_codes, "RAS")
        values = self.grid.shape if of == "shape" else self.grid.spacing
        return values[order[0]], values[order[1]], values[order[2]]
