"""Several cases at once, by the real models."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour import Options, segment
from oncontour.data.nifti import read_nifti
from oncontour.data.phantom.cohort import write_cohort
from oncontour.data.phantom.settings import Settings
from oncontour.pipeline.cores import cores_of


@pytest.mark.slow
def test_two_processes_find_what_one_finds(tmp_path):
    write_cohort(tmp_path / "made", 2, 6, Settings(spacing_mm=4.0))
    studies = tmp_path / "made" / "cases"
    for file in studies.rglob("*.nii.gz"):
        if not file.name.endswith("-t2f.nii.gz"):  # The fewer sequences, the faster.
            file.unlink()
    (studies / "broken").mkdir()
    (studies / "broken" / "t1c.nii.gz").write_bytes(b"no image")
    told: list[str] = []
    found = {}
    for workers in (1, 2):
        out = tmp_path / f"out-{workers}"
        outcomes = segment(
            studies,
            out,
            Options(cores=1, predict_dice=False, bias_field=False),
            workers=workers,
            finished=lambda one: told.append(one.name),
        )
        found[workers] = [(one.name, one.status, dict(one.volumes_ml)) for one in outcomes]
    assert found[1] == found[2]
    assert sorted(status for _, status, _ in found[2]) == ["done", "done", "failed"]
    assert told == [name for name, _, _ in found[1]] * 2
    for name, status, _ in found[1]:
        if status == "done":
            one, two = (read_nifti(tmp_path / f"out-{n}" / name / "segmentation.nii.gz").array for n in (1, 2))
            assert np.array_equal(one, two)


def test_cores_are_as_told_else_within_what_the_system_allows(monkeypatch):
    monkeypatch.setattr("oncontour.pipeline.cores.usable_cores", lambda: 3)
    monkeypatch.setattr("torch.get_num_threads", lambda: 64)
    assert cores_of(Options(cores=5)) == 5
    assert cores_of(Options()) == 3
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)  # As by OMP_NUM_THREADS=1.
    assert cores_of(Options()) == 1
