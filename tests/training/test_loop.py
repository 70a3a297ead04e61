import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from oncontour.core.errors import InputError, TrainingError
from oncontour.plans.file import save_plan
from oncontour.training.fanout import run_job
from oncontour.training.job import Job
from oncontour.training.loop import train
from oncontour.training.machine import Machine, make_fabric
from oncontour.training.state import load_weights

MACHINE = Machine(device="cpu", workers=0, threads=1)

EXACT = ("epoch", "step", "learning_rate", "loss", "validation_loss", "dice", "dice_WT", "dice_TC", "dice_ET")
"""What a resumed run must give bit for bit."""


class Watched:
    """A view that counts, and does something at a step."""

    def __init__(self, at_step=None):
        self.steps, self.at_step = [], at_step

    def begin(self, job, state):
        self.begun_at = state.step

    def loaded(self, rows):
        pass

    def step(self, state, loss):
        self.steps.append(loss)
        if self.at_step:
            self.at_step(state)

    def validated(self, state, results):
        pass

    def epoch(self, state):
        pass


@pytest.fixture
def job(tmp_path, tiny_plan, prepared):
    def make(name="run", plan=tiny_plan):
        folders = tuple(case.folder for case in prepared)
        return Job(name, plan, tmp_path / name, 0, folders[:2], folders[2:])

    return make


def go(job, watch=None, resume=False, machine=MACHINE):
    precision = job.plan.training.precision
    return train(job, machine, make_fabric(machine, precision), watch or Watched(), resume)


@pytest.fixture(autouse=True)
def _a_late_signal_is_told_of():
    """One that comes when no training listens would end a test process without a word."""

    def tell(number, _):
        raise RuntimeError(f"signal {number} came when no training listened")

    before = signal.signal(signal.SIGTERM, tell)
    yield
    signal.signal(signal.SIGTERM, before)


def curve(state):
    return [[row.get(name) for name in EXACT] for row in state.history]


def test_loss_falls_on_easy_cases(job, tiny_plan, change):
    watch = Watched()
    state = go(job("run", change(tiny_plan, epochs=4, steps_per_epoch=15)), watch)
    assert len(watch.steps) == state.step == 60
    assert np.mean(watch.steps[-10:]) < 0.8 * np.mean(watch.steps[:10])
    assert state.history[-1]["dice_WT"] > state.history[0]["dice_WT"]


@pytest.mark.parametrize("at", [3, 4, 6])
def test_interrupt_finishes_the_step_and_resumes_bit_equal(job, at):
    whole = go(job("whole"))

    def interrupt(state):
        if state.step == at:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        go(job("halves"), Watched(interrupt))
    watch = Watched()
    halves = go(job("halves"), watch, resume=True)
    assert watch.begun_at in (at, at + 1)  # a signal arrives between two instructions
    assert curve(halves) == curve(whole)
    for a, b in zip(halves.shipped.parameters(), whole.shipped.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not list(job("halves").folder.glob("*.part"))


KILLED = """
import json, sys, time
from pathlib import Path
from oncontour.plans.file import load_plan
from oncontour.training.fanout import run_job
from oncontour.training.job import Job
from oncontour.training.live import Live
from oncontour.training.machine import Machine

Live.step = lambda self, state, loss: time.sleep(0.1)
plan, folder, *cases = map(Path, sys.argv[1:])
job = Job("killed", load_plan(plan), folder, 0, tuple(cases[:2]), tuple(cases[2:]))
run_job(job, Machine(device="cpu", workers=1, threads=1), resume=False)
"""


@pytest.mark.slow
def test_killed_in_the_middle_resumes_bit_equal(job, prepared, tmp_path, tiny_plan):
    """SIGKILL lets nothing be saved: what the last checkpoint lacks is computed again, to the same bits."""
    save_plan(tiny_plan, tmp_path / "plan.yaml")
    killed = job("killed")
    folders = [str(case.folder) for case in prepared]
    process = subprocess.Popen([sys.executable, "-c", KILLED, tmp_path / "plan.yaml", killed.folder, *folders])
    log = killed.folder / "log.csv"
    while not (log.exists() and len(log.read_text().splitlines()) >= 3):
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.02)
    time.sleep(0.15)  # into the third epoch
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    watch = Watched()
    resumed, whole = go(killed, watch, resume=True), go(job("whole"))
    assert 0 < watch.begun_at < whole.step
    assert curve(resumed) == curve(whole)
    ours, theirs = (load_weights(folder / "last.pt") for folder in (killed.folder, job("whole").folder))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.slow
def test_two_processes_give_the_loss_curve_of_one(job, tiny_plan, change):
    """Each takes half of every batch; gradients, Dice over the batch, losses and scores are those of the whole.

    The network's coarse outputs, which this loss does not use, must not keep the processes waiting.
    """
    arguments = {"inputs": 4, "outputs": 3, "features_per_stage": [4, 6, 8], "strides": [1, 2, 2]}
    network = tiny_plan.network.model_copy(update={"name": "nnunet", "arguments": arguments})
    plan = tiny_plan.model_copy(update={"network": network})
    plan = change(plan, loss={"batch_dice": True}, validate_every=3)
    one = go(job("one", plan))
    run_job(job("two", plan), Machine(device="cpu", devices=2, workers=0, threads=1), resume=False)
    log = (job("two", plan).folder / "log.csv").read_text().splitlines()
    losses = [float(line.split(",")[4]) for line in log[1:]]
    assert losses == pytest.approx([row["loss"] for row in one.history], abs=2e-4)
    dice = dict(zip(log[0].split(","), log[-1].split(","), strict=True))
    assert float(dice["dice_WT"]) == pytest.approx(one.history[-1]["dice_WT"], abs=2e-3)
    assert len((job("two", plan).folder / "scores.csv").read_text().splitlines()) == 3


def test_any_number_of_workers_draws_the_same(job):
    one, other = go(job("none")), go(job("two"), machine=Machine(device="cpu", workers=2, threads=1))
    assert curve(one) == curve(other)


@pytest.mark.parametrize("workers", [0, 1])
def test_what_is_wrong_with_a_sample_comes_back_as_it_was_said(job, tiny_plan, change, workers):
    plan = change(tiny_plan, sampling={"foreground": 1.0, "regions": {"XX": 1.0}})
    with pytest.raises(InputError, match="region 'XX'"):
        go(job("run", plan), machine=Machine(device="cpu", workers=workers, threads=1))


@pytest.mark.slow
def test_a_compiled_network_learns_the_same_under_the_same_names(job):
    if not shutil.which("g++"):
        pytest.skip("torch.compile needs a compiler")
    plain = go(job("plain"))
    fused = go(job("fused"), machine=replace(MACHINE, compile=True))
    losses, others = ([row["loss"] for row in state.history] for state in (plain, fused))
    assert losses == pytest.approx(others, abs=1e-4)
    assert list(plain.network.state_dict()) == list(fused.network.state_dict())


def test_a_loss_that_is_no_number_names_step_cases_and_rate(job, tiny_plan, change):
    plan = change(tiny_plan, optimiser={"name": "sgd", "learning_rate": 1e30}, gradient_limit=None)
    with pytest.raises(TrainingError, match=r"loss of nan at step \d+ \(cases case-[01], case-[01]; learning rate"):
        go(job("run", plan))


def test_lack_of_memory_says_what_to_lower(job, tiny_plan, change):
    plan = change(tiny_plan, patch=[20000, 20000, 20000])
    with pytest.raises(TrainingError, match=r"20000 x 20000 x 20000 voxels.*training\.patch"):
        go(job("run", plan))


def test_a_training_that_is_there_is_not_overwritten(job):
    go(job())
    with pytest.raises(InputError, match="--resume"):
        go(job())
    watch = Watched()
    assert go(job(), watch, resume=True).step == 12
    assert watch.steps == []


def test_another_networks_checkpoint_is_refused(job, tiny_plan):
    go(job())
    network = tiny_plan.network.model_copy(update={"arguments": {**tiny_plan.network.arguments, "fine": 8}})
    with pytest.raises(InputError, match="another network"):
        go(job("run", tiny_plan.model_copy(update={"network": network})), resume=True)


def test_patience_ends_a_training_that_does_not_improve(job, tiny_plan, change):
    plan = change(tiny_plan, epochs=20, steps_per_epoch=1, stopping={"patience": 2, "delta": 1.0})
    state = go(job("run", plan))
    assert len(state.history) == 3
    assert go(job("run", plan), resume=True).step == 3


def test_a_plateau_lowers_the_rate(job, tiny_plan, change):
    plan = change(
        tiny_plan, epochs=4, steps_per_epoch=1, optimiser={"learning_rate": 1e-12},
        schedule={"name": "plateau", "factor": 0.2, "patience": 1}, average_decay=None,
    )  # fmt: skip
    rates = [row["learning_rate"] for row in go(job("run", plan)).history]
    assert rates[0] == 1e-12
    assert rates[-1] < 1e-12


def test_half_precision_trains_with_whole_weights(job, tiny_plan, change):
    plan = change(tiny_plan, precision="bf16", epochs=2)
    state = go(job("run", plan))
    assert all(np.isfinite(row["loss"]) for row in state.history)
    assert next(state.network.parameters()).dtype == torch.float32
    with pytest.raises(InputError, match="fp16 on a CPU"):
        go(job("other", change(tiny_plan, precision="fp16")))


def test_a_batch_that_cannot_be_shared_is_refused(job, tiny_plan, change):
    class Three:
        world_size = 3

    with pytest.raises(InputError, match="batch of 2 for 3 processes"):
        train(job("run"), MACHINE, Three(), Watched())


def test_dropout_is_drawn_from_seed_and_step(job, tiny_plan):
    arguments = {"inputs": 4, "outputs": 3, "start": 2, "levels": 2}
    dropping = tiny_plan.network.model_copy(update={"name": "unet_report", "arguments": arguments})
    plan = tiny_plan.model_copy(update={"network": dropping})

    def interrupt(state):
        if state.step == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        go(job("halves", plan), Watched(interrupt))
    torch.manual_seed(99)
    assert curve(go(job("halves", plan), resume=True)) == curve(go(job("whole", plan)))


def test_validation_keeps_the_best_weights(job, tiny_plan):
    state = go(job())
    content = torch.load(job().folder / "best.pt", weights_only=True)
    best = max(state.history, key=lambda row: row["dice"])
    assert content["best"]["score"] == best["dice"] == state.best.score
    rows = Path(job().folder / "scores.csv").read_text().splitlines()
    assert rows[0] == "case,WT,TC,ET"
    assert len(rows) == 3
    assert json.dumps(state.history)
