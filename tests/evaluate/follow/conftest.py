"""Cases as `oncontour segment` leaves them: a tumour that shrinks and grows again. Synthetic balls."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])

RADII_MM = (14.0, 9.0, 8.6, 13.0)
"""Of what enhances, scan by scan."""

DAYS = (0, 40, 80, 120)


def ball(radius_mm: float) -> np.ndarray:
    """Label map: a ball that enhances, with a rim of oedema."""
    i, j, k = np.indices((24, 24, 14))
    distance = np.sqrt((2.0 * (i - 12)) ** 2 + (2.0 * (j - 12)) ** 2 + (3.0 * (k - 7)) ** 2)
    return np.select([distance < radius_mm, distance < radius_mm + 5], [3, 2], 0).astype(np.uint8)


def write_case(folder: Path, labels: np.ndarray, **more: object) -> Path:
    """A label map with measurements beside it; `more` changes these."""
    folder.mkdir(parents=True)
    write_nifti(Volume(labels, AFFINE), folder / "segmentation.nii.gz", "uint8")
    volumes = {
        name: round(float(np.isin(labels, values).sum() * 12 / 1000), 4)
        for name, values in (("WT", (1, 2, 3)), ("TC", (1, 3)), ("ET", (3,)))
    }
    regions = [
        {"name": name, "volume_ml": ml, "certainty": {"interval_ml": [0.9 * ml, 1.15 * ml]} if ml else None}
        for name, ml in volumes.items()
    ]
    content = {"schema": "oncontour/measurements/1", "scheme": "brats", "model": "one", "regions": regions} | more
    (folder / "measurements.json").write_text(json.dumps(content))
    return folder


@pytest.fixture
def cases(tmp_path) -> list[Path]:
    """Four cases."""
    return [write_case(tmp_path / f"case-{n}", ball(radius)) for n, radius in enumerate(RADII_MM)]


@pytest.fixture
def table(cases) -> Path:
    """The same in a table, by date, in no order; a column that names a patient is not to be read."""
    path = cases[0].parent / "visits.csv"
    path.write_text(
        "date,mask,steroids,clinical,new_lesion,patient\n"
        "2024-02-11,case-1,stable,stable,no,Doe\n"
        "2024-01-02,case-0/segmentation.nii.gz,,,,Doe\n"
        "2024-05-01,case-3,increased,worse,,Doe\n"
        "2024-03-22,case-2,none,improved,no,Doe\n"
    )
    return path
