"""Phases: halves of a network that stay as they are, down to the running statistics of their norms."""

import os
import signal

import pytest
import torch

from oncontour.core.errors import InputError
from oncontour.plans.plan import NetworkPlan
from oncontour.plans.training import LossPlan
from oncontour.training.fanout import run_job
from oncontour.training.freezing import freeze, learn
from oncontour.training.job import Job
from oncontour.training.learner import Learner
from oncontour.training.live import Live
from oncontour.training.machine import Machine
from oncontour.training.state import load_weights, make_network

MACHINE = Machine(device="cpu", workers=0, threads=1)


def deepmedic():
    """A network with batch norms."""
    torch.manual_seed(0)
    return make_network(
        NetworkPlan(name="deepmedic", arguments={"inputs": 2, "outputs": 1, "size": 0.2, "pointwise": [8, 8]})
    )


@pytest.mark.parametrize("half", ["encoder", "decoder"])
def test_a_frozen_half_stays_as_it_is(half):
    network = deepmedic()
    freeze(network, [half])
    learn(network)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    learner = Learner(network, LossPlan())
    learner(torch.randn(2, 2, 57, 57, 57), torch.ones(2, 1, 57, 57, 57)).backward()
    torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1).step()
    after = network.state_dict()
    frozen = {id(p) for p in (network.encoder_parameters() if half == "encoder" else network.decoder_parameters())}
    halves = {name: id(p) in frozen for name, p in network.named_parameters()}
    for name, still in halves.items():
        assert torch.equal(before[name], after[name]) == still, name
    means = [name for name in after if name.endswith("running_mean")]
    for name in means:
        assert torch.equal(before[name], after[name]) == halves[name.replace("running_mean", "weight")], name
    assert len({halves[name.replace("running_mean", "weight")] for name in means}) == 2


def test_nothing_left_to_train():
    with pytest.raises(InputError, match="encoder, decoder; expected a half that is trained"):
        freeze(deepmedic(), ["encoder", "decoder"])


@pytest.fixture
def phased(tmp_path, tiny_plan, prepared, change):
    phases = [
        {"name": "whole", "epochs": 2},
        {"name": "slow", "freeze": ["decoder"], "optimiser": {"name": "sgd", "learning_rate": 0.001}},
    ]
    folders = tuple(case.folder for case in prepared)

    def make(name):
        return Job("fold 0", change(tiny_plan, phases=phases), tmp_path / name, 0, folders[:2], folders[2:])

    return make


def test_phases_have_numbers_of_their_own(phased, tmp_path):
    whole, slow = phased("run").phases
    assert (whole.name, slow.name) == ("fold 0, whole", "fold 0, slow")
    assert (whole.plan.training.epochs, slow.plan.training.epochs) == (2, 3)
    assert (whole.plan.training.optimiser.name, slow.plan.training.optimiser.name) == ("adamw", "sgd")
    assert (whole.plan.training.freeze, slow.plan.training.freeze) == ((), ("decoder",))
    assert whole.plan.training.seed != slow.plan.training.seed
    assert (whole.after, slow.after) == (None, tmp_path / "run" / "whole")
    assert phased("run").last == slow


@pytest.mark.parametrize("at", [5, 10])
def test_interrupted_in_either_phase_it_resumes_bit_equal(phased, monkeypatch, at):
    run_job(phased("whole"), MACHINE, resume=False)
    seen, step = [], Live.step

    def interrupt(self, state, loss):
        seen.append(loss)
        if len(seen) == at:
            os.kill(os.getpid(), signal.SIGINT)
        step(self, state, loss)

    monkeypatch.setattr(Live, "step", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_job(phased("halves"), MACHINE, resume=False)
    run_job(phased("halves"), MACHINE, resume=True)
    for phase in ("whole", "slow"):
        paths = [phased(name).folder / phase / "last.pt" for name in ("whole", "halves")]
        one, other = map(load_weights, paths)
        assert all(torch.equal(one[name], other[name]) for name in one)
