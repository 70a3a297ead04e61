"""The same steps by both programs: from the same weights, on the same batches, at the same learning rates, in fp32.

Dice of two trainings differs by luck too. Here nothing is left to it: what differs is one program from the other.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from unittest import mock

from torch import Tensor

from contenders import nnunet, ours
from contenders.task import Task
from oncontour.plans.plan import Plan
from oncontour.training import loop
from oncontour.training.job import Job
from oncontour.training.live import Live
from oncontour.training.machine import Machine, make_fabric
from oncontour.training.optimisers import learning_rate
from oncontour.training.state import TrainState

Batches = list[tuple[Tensor, Tensor]]
"""Images (B, C, i, j, k) and targets (B, R, i, j, k)."""

Losses = tuple[list[float], list[float]]
"""Of each step: nnU-Net's own, and ours."""


class Seen(Live):
    """Keeps the loss of every step."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.losses: list[float] = []

    def step(self, state: TrainState, loss: float) -> None:
        """Keep it."""
        super().step(state, loss)
        self.losses.append(loss)


def same_steps(task: Task, count: int) -> Losses:
    """Losses of so many steps by nnU-Net's training step and by our loop; what was done is read again."""
    kept = task.work / f"same-steps-{count}.json"
    if not kept.exists():
        short = replace(task, epochs=1, steps=count, workers=0, device="cpu")
        theirs, batches = nnunet_steps(short)
        kept.write_text(json.dumps((theirs, our_steps(short, batches))), "utf-8")
    theirs, own = json.loads(kept.read_text("utf-8"))
    return theirs, own


def nnunet_steps(task: Task) -> tuple[list[float], Batches]:
    """The losses, and the batches that nnU-Net drew; its loss holds minus the Dice, ours one minus it: 1 is added."""
    plan = ours.make_plan(task, 0, "fp32")
    out = task.work / "same-steps"
    nnunet.set_folders(task, out)
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    trainer = nnunet.make_trainer(nnUNetTrainer, task, 0, task.device)
    trainer.initialize()
    trainer.network.train()
    drawn = list(islice(trainer.get_dataloaders()[0], task.steps))
    losses = []
    for step, batch in enumerate(drawn):
        trainer.optimizer.param_groups[0]["lr"] = learning_rate(plan.training, step)
        losses.append(float(trainer.train_step(batch)["loss"]) + 1)
    return losses, [(batch["data"], batch["target"][0].float()) for batch in drawn]


def our_steps(task: Task, given: Batches) -> list[float]:
    """The losses of our loop on these batches."""
    plan: Plan = ours.make_plan(task, 0, "fp32")
    machine = Machine("cpu", workers=0)
    job = Job("same steps", plan, task.work / "same-steps" / "ours", 0, ())
    job.folder.mkdir(parents=True, exist_ok=True)
    (job.folder / "last.pt").unlink(missing_ok=True)
    with Seen(machine) as seen, mock.patch.object(loop, "batches", return_value=given), ours.begun_at(task, 0):
        loop.train(job, machine, make_fabric(machine, "fp32"), seen)
    return seen.losses
