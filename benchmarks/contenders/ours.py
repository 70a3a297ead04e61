"""Oncontour: its own training loop and predictor on a plan that says what nnU-Net's does, from the same weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from torch import nn

from contenders import nnunet
from contenders.clock import Clock
from contenders.task import Task
from oncontour.data.datasets import read_dataset
from oncontour.interchange.axes import axis_order
from oncontour.interchange.nnunet_network import network_of, with_prefix
from oncontour.plans.fingerprint import fingerprint
from oncontour.plans.plan import Plan
from oncontour.plans.propose import Wishes, propose_plan
from oncontour.plans.settings import forced_foreground
from oncontour.training import loop
from oncontour.training.crossval import dataset_truth, evaluate, load_fold
from oncontour.training.job import Job
from oncontour.training.live import Live
from oncontour.training.machine import Machine, make_fabric
from oncontour.training.prepare import prepare_dataset
from oncontour.training.state import make_network
from oncontour.training.transfer import Loaded

MEMORY = 8_000_000_000
"""For which the plan is proposed before patch, batch and network are made nnU-Net's; bytes."""


def make_plan(task: Task, seed: int, precision: str) -> Plan:
    """Ours for nnU-Net on these cases, with the network of nnU-Net's edited plan, and patch and batch of the task."""
    wishes = Wishes(
        patch=task.patch, epochs=task.epochs, steps_per_epoch=task.steps, seed=seed, precision=precision
    )  # fmt: skip
    plan = propose_plan(fingerprint(read_dataset(task.cohort("training"))), "nnunet", MEMORY, wishes)
    path = nnunet.plans_file(task)
    plans = json.loads(path.read_text("utf-8"))
    configuration = plans["configurations"][nnunet.CONFIGURATION]
    outputs = plan.network.arguments["outputs"]
    network, _ = network_of(path, configuration, axis_order(plans["transpose_forward"]), len(plan.channels), outputs)
    loss = plan.training.loss.model_copy(
        update={"deep_supervision": task.deep_weights, "batch_dice": configuration["batch_dice"]}
    )
    sampling = plan.training.sampling.model_copy(update={"foreground": forced_foreground(task.batch)})
    changed = {"batch": task.batch, "patch": task.patch, "loss": loss, "sampling": sampling}
    training = plan.training.model_copy(update=changed)
    inference = plan.inference.model_copy(update={"tile": task.patch, "mirror": ()})
    return plan.model_copy(update={"network": network, "training": training, "inference": inference})


def prepare(task: Task) -> None:
    """Prepared cases of both parts; what is there is kept."""
    plan = make_plan(task, 0, "bf16")
    for part in ("training", "held_out"):
        prepare_dataset(read_dataset(task.cohort(part)), plan, task.work / "prepared" / part)


def run(task: Task, seed: int, clock: Clock, out: Path, precision: str = "bf16") -> int:
    """Train on all cases, predict the held-out ones."""
    plan = make_plan(task, seed, precision)
    prepared = {
        part: prepare_dataset(read_dataset(task.cohort(part)), plan, task.work / "prepared" / part).cases
        for part in ("training", "held_out")
    }
    machine = Machine("cuda" if task.device == "cuda" else "cpu", workers=task.workers)
    job = Job("benchmark", plan, out / "training", 0, tuple(case.folder for case in prepared["training"]))
    timed = lambda *given, **named: clock(batches(*given, **named))  # noqa: E731
    batches = loop.batches
    fabric = make_fabric(machine, precision)
    with Live(machine) as live, mock.patch.object(loop, "batches", timed), begun_at(task, seed):
        loop.train(job, machine, fabric, live)
    if task.held_out:
        fold = load_fold([job], "last", fabric.device)
        truth = dataset_truth(read_dataset(task.cohort("held_out")), plan)
        evaluate([fold], prepared["held_out"], plan, truth, out, ("held out", seed, None))
    return sum(parameter.numel() for parameter in make_network(plan.network).parameters())


@contextmanager
def begun_at(task: Task, seed: int) -> Iterator[None]:
    """Trainings begin with the weights that nnU-Net draws for a seed: luck of these is worth more than a program."""
    weights = with_prefix(nnunet.first_weights(task, seed))

    def begin(job: Job, network: nn.Module) -> list[Loaded]:  # noqa: ARG001
        network.load_state_dict(weights)
        return []

    with mock.patch.object(loop, "begin", begin):
        yield


def run_fp32(task: Task, seed: int, clock: Clock, out: Path) -> int:
    """The same in full precision."""
    return run(task, seed, clock, out, "fp32")
