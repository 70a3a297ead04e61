"""The real scans that an expert marked, and the healthy volunteer, read once each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from real_scans import DATA, LAST_LOOK, STUDIES, RealStudy

from oncontour.core.study import Study
from oncontour.core.volume import Volume
from oncontour.data.inputs import find_cases
from oncontour.preprocess.run import choose_reference

HEALTHY = "volunteer (DICOM)"
"""The one study in which there is nothing to find."""

COHORTS: Mapping[str, str] = {
    "glioma-00000": "BraTS 2023: T1, T1CE, T2, FLAIR",
    "brats2015-t1ce-flair": "BraTS 2015: T1CE and FLAIR",
    "brats2018-t1-flair": "BraTS 2018: T1 and FLAIR",
    "dicom-volunteer-t1-t2": "Healthy volunteer: T1 and T2",
}
"""Title of each collection."""


@dataclass(frozen=True)
class Case:
    """One scan.

    Args:
        name: of the case.
        cohort: a key of `COHORTS`.
        study: as `oncontour segment` reads it.
        truth: boolean masks (R, i, j, k) of the regions that an expert drew; None: a healthy brain.
        regions: their names.
    """

    name: str
    cohort: str
    study: Study
    truth: Volume | None
    regions: tuple[str, ...]


def chosen(names: list[str] | None = None, last_look: bool = False) -> list[RealStudy]:
    """The studies to measure on.

    Args:
        names: some of them; None: all.
        last_look: those too by which nothing is chosen.
    """
    able = {study.name.split(" ")[0]: study for study in STUDIES if study.mask or study.name == HEALTHY}
    kept = {name: study for name, study in able.items() if last_look or name not in LAST_LOOK}
    unknown = [name for name in names or () if name not in kept]
    if unknown:
        held = " (with --last-look)" if unknown[0] in able else ""
        raise SystemExit(f"--cases: {unknown[0]!r} is none of {', '.join(kept)}{held}")
    return [study for name, study in kept.items() if not names or name in names]


def read_case(real: RealStudy) -> Case:
    """Read a study as a user's input, and its truth in the grid of the reference."""
    with TemporaryDirectory() as temporary:
        (found,) = find_cases([DATA / real.path], Path(temporary))
        study = found.read()
    volumes = {sequence: image.volume for sequence, image in study.images.items()}
    reference = volumes[choose_reference(volumes, None, real.name)]
    masks = real.truth()
    truth = Volume(np.stack(list(masks.values())), reference.affine) if masks else None
    return Case(real.name.split(" ")[0], real.cohort, study, truth, tuple(masks))
