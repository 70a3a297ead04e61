"""From a plan to an optimiser, and the learning rate of each step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from oncontour.plans.training import OptimiserPlan, SchedulePlan, TrainingPlan


def make_optimiser(
    plan: OptimiserPlan, parameters: Iterable[nn.Parameter], fused: bool = False
) -> torch.optim.Optimizer:
    """SGD, Adam or AdamW with the plan's numbers.

    Args:
        fused: one kernel for all parameters; not with fp16, whose gradients are unscaled before they are clipped.
    """
    rate, decay = plan.learning_rate, plan.weight_decay
    if plan.name == "sgd":
        nesterov = plan.nesterov and plan.momentum > 0
        return torch.optim.SGD(parameters, rate, plan.momentum, weight_decay=decay, nesterov=nesterov, fused=fused)
    kind = torch.optim.Adam if plan.name == "adam" else torch.optim.AdamW
    return kind(parameters, rate, weight_decay=decay, fused=fused)


def learning_rate(plan: TrainingPlan, step: int, drops: int = 0) -> float:
    """Learning rate of a step.

    Args:
        step: 0 for the first of `plan.steps`.
        drops: how often a plateau was met.

    >>> plan = TrainingPlan(epochs=10, steps_per_epoch=10, batch=1, patch=(8, 8, 8))
    >>> learning_rate(plan, 0), round(learning_rate(plan, 50), 6)
    (0.001, 0.000536)
    """
    rate, schedule, progress = plan.optimiser.learning_rate, plan.schedule, min(step / plan.steps, 1.0)
    if schedule.name == "polynomial":
        return rate * (1 - progress) ** schedule.power
    if schedule.name == "cosine":
        return rate * (1 + math.cos(math.pi * progress)) / 2
    if schedule.name == "plateau":
        return rate * schedule.factor**drops
    return rate


@dataclass
class Plateau:
    """How the validation loss has gone.

    Args:
        best: lowest so far.
        waited: validations since then, or since the last drop.
        drops: how often the rate was lowered.
    """

    best: float = math.inf
    waited: int = 0
    drops: int = 0

    def see(self, loss: float, plan: SchedulePlan) -> None:
        """Take in a validation's loss.

        >>> plateau, plan = Plateau(), SchedulePlan(name="plateau", patience=2)
        >>> for loss in (1.0, 0.9, 0.9, 0.9, 0.95):
        ...     plateau.see(loss, plan)
        >>> plateau
        Plateau(best=0.9, waited=1, drops=1)
        """
        if loss < self.best:
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited >= plan.patience:
            self.waited, self.drops = 0, self.drops + 1
