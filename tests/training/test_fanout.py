import json

import pytest

from oncontour.core.errors import InputError, TrainingError
from oncontour.training import fanout
from oncontour.training.fanout import Queue, run_job, run_jobs
from oncontour.training.job import Job
from oncontour.training.machine import Machine

MACHINE = Machine(device="cpu", workers=0, threads=1)


@pytest.fixture
def jobs(tmp_path, tiny_plan, prepared, change):
    plan = change(tiny_plan, epochs=1, steps_per_epoch=1)
    folders = tuple(case.folder for case in prepared)
    return [Job(f"fold {n}", plan, tmp_path / f"fold_{n}", n, folders[:3]) for n in range(3)]


def test_one_after_the_other(jobs, tmp_path):
    told = []
    run_jobs(jobs, MACHINE, False, Queue(), tmp_path, lambda *counts: told.append(counts))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert all((job.folder / "last.pt").exists() for job in jobs)


def test_one_that_fails_does_not_stop_the_others(jobs, tmp_path):
    (jobs[1].folder).mkdir()
    (jobs[1].folder / "last.pt").write_bytes(b"")
    with pytest.raises(TrainingError, match=r"1 of 3 that failed: fold 1: .*--resume"):
        run_jobs(jobs, MACHINE, False, Queue(), tmp_path)
    assert (jobs[2].folder / "last.pt").stat().st_size > 0
    assert "begun before" in json.loads((jobs[1].folder / "error.json").read_text())["found"]


def test_a_single_training_fails_with_its_own_error(jobs, tmp_path):
    run_job(jobs[0], MACHINE, resume=False)
    with pytest.raises(InputError, match="begun before"):
        run_jobs(jobs[:1], MACHINE, False, Queue(), tmp_path)
    run_jobs(jobs[:1], MACHINE, True, Queue(), tmp_path)
    assert not (jobs[0].folder / "error.json").exists()


@pytest.mark.slow
def test_jobs_side_by_side_under_submitit(jobs, tmp_path):
    pytest.importorskip("submitit")
    jobs[1].folder.mkdir()
    (jobs[1].folder / "last.pt").write_bytes(b"")
    told = []
    with pytest.raises(TrainingError, match=r"1 of 2 that failed: fold 1: .*begun before"):
        run_jobs(jobs[:2], MACHINE, False, Queue(2), tmp_path / "jobs", lambda *counts: told.append(counts))
    assert told == [(1, 2), (2, 2)]
    assert (jobs[0].folder / "last.pt").exists()
    log = next(path.read_text() for path in (tmp_path / "jobs").glob("*_log.out") if "fold 0" in path.read_text())
    assert "fold 0: epoch 1" in log


def test_jobs_of_a_machine_with_gpus_get_one_each(jobs, tmp_path, monkeypatch):
    """No GPU is at hand here: what submitit is asked for is looked at instead."""
    submitit, asked = pytest.importorskip("submitit"), []

    class Done:
        def done(self):
            return True

        def exception(self):
            return None

    class Executor:
        def __init__(self, folder, cluster):
            assert cluster == "local"

        def update_parameters(self, **options):
            asked.append(options)

        def submit(self, function, job, machine, resume):
            assert machine.view == "lines"
            return Done()

    monkeypatch.setattr(submitit, "AutoExecutor", Executor)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 4)
    monkeypatch.setattr(fanout, "LOOK_SECONDS", 0.0)
    run_jobs(jobs, Machine(device="cuda", devices=2), False, Queue(2), tmp_path)
    visible = [options["local_visible_gpus"] for options in asked if "local_visible_gpus" in options]
    assert visible == [[0, 1], [2, 3], [0, 1]]
    assert asked[0] == {"timeout_min": fanout.LOCAL_MINUTES}
