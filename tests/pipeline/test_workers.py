"""Several cases at once, by the real models."""

from __future__ import annotations

import pytest

from oncontour import Options, segment
from oncontour.data.phantom.cohort import write_cohort
from oncontour.data.phantom.settings import Settings
from oncontour.pipeline.cores import cores_of


@pytest.mark.slow
def test_two_processes_share_the_cases(tmp_path):
    write_cohort(tmp_path / "made", 1, 6, Settings(spacing_mm=4.0))
    studies = tmp_path / "made" / "cases"
    for file in studies.rglob("*.nii.gz"):
        if not file.name.endswith("-t2f.nii.gz"):  # The fewer sequences, the faster.
            file.unlink()
    (studies / "broken").mkdir()
    (studies / "broken" / "t1c.nii.gz").write_bytes(b"no image")
    told: list[str] = []
    options = Options(cores=1, predict_dice=False, bias_field=False)
    done, failed = segment(studies, tmp_path / "out", options, workers=2, finished=lambda one: told.append(one.name))
    assert told == [done.name, failed.name] == ["adult-00006", "broken"]
    assert done.volumes_ml["WT"] > 0
    assert (done.folder / "segmentation.nii.gz").is_file()
    assert failed.error is not None
    assert failed.error.found == "8 bytes without a NIfTI header"


def test_cores_are_as_told_else_within_what_the_system_allows(monkeypatch):
    monkeypatch.setattr("oncontour.pipeline.cores.usable_cores", lambda: 3)
    monkeypatch.setattr("torch.get_num_threads", lambda: 64)
    assert cores_of(Options(cores=5)) == 5
    assert cores_of(Options()) == 3
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)  # As by OMP_NUM_THREADS=1.
    assert cores_of(Options()) == 1
