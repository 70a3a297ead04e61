"""Studies to de-identify, with identity written wherever DICOM has a place for it."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest

from oncontour.dicom.deidentify import deidentify


@pytest.fixture
def export(tmp_path):
    """De-identify a folder with the one key of the test; gives the export and its files by old SOP instance."""
    runs = iter(range(99))

    def run(root: Path, key: str = "key", **options) -> SimpleNamespace:
        out = tmp_path / f"out-{next(runs)}"
        done = deidentify(root, out, tmp_path / key, **options)
        files = sorted(out.rglob("*.dcm"))
        return SimpleNamespace(done=done, out=out, files=files, read=[pydicom.dcmread(file) for file in files])

    return run


@pytest.fixture
def study(factory, tmp_path):
    """A folder of a T1 and a T2 series of one patient."""
    shared = factory.new_study()
    rng = np.random.default_rng(0)
    for number, description in ((1, "t1_se_tra Dr. Secret"), (2, "t2_tse_tra")):
        timing = {"EchoTime": 9, "RepetitionTime": 500} if number == 1 else {}
        planes = factory.series_planes(
            rng.integers(0, 1000, (24, 20, 12)).astype(np.uint16),
            SeriesNumber=number,
            **shared,
            **{"SeriesDescription": description} | timing,
        )
        factory.save_series(tmp_path / "study" / str(number), planes)
    return tmp_path / "study"
