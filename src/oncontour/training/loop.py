"""The training loop: one state, saved whole, so that an interrupted run goes on where it was."""

from __future__ import annotations

import copy
import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from oncontour.networks import NETWORKS
from oncontour.plans.plan import Plan
from oncontour.training.losses import dice_and_cross_entropy

SAVE_EVERY = 100
"""Steps between checkpoints: a minute or two of work is what an interruption may cost."""

GRADIENT_LIMIT = 12.0
"""Norm at which gradients are clipped, as nnU-Net does."""


@dataclass
class TrainState:
    """Everything that changes during training.

    Args:
        network: being trained.
        average: exponential moving average of its weights; this is what ships.
        optimiser: AdamW.
        rng: of sampling and augmentation.
        step: steps done.
        loss: running mean.
    """

    network: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    rng: np.random.Generator
    step: int = 0
    loss: float = 1.0


def start(plan: Plan) -> TrainState:
    """A fresh state, all of it from the plan's seed."""
    training = plan.training
    torch.manual_seed(training.seed)
    network = NETWORKS[plan.network.name](**plan.network.arguments)
    network.to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]
    average = copy.deepcopy(network).eval().requires_grad_(False)
    optimiser = torch.optim.AdamW(network.parameters(), training.learning_rate, weight_decay=training.weight_decay)
    return TrainState(network, average, optimiser, np.random.default_rng(training.seed))


def save(state: TrainState, path: Path) -> None:
    """Write a checkpoint (whole, or not at all)."""
    part = path.with_name(path.name + ".part")
    content = {
        "network": state.network.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "rng": state.rng.bit_generator.state,
        "step": state.step,
        "loss": state.loss,
    }
    torch.save(content, part)
    part.replace(path)


def resume(plan: Plan, path: Path) -> TrainState:
    """The state of a checkpoint, or a fresh one where there is none."""
    state = start(plan)
    if path.exists():
        content = torch.load(path, weights_only=True)
        state.network.load_state_dict(content["network"])
        state.average.load_state_dict(content["average"])
        state.optimiser.load_state_dict(content["optimiser"])
        state.rng.bit_generator.state = content["rng"]
        state.step, state.loss = content["step"], content["loss"]
    return state


def train_step(state: TrainState, plan: Plan, batch: tuple[Tensor, Tensor]) -> float:
    """One step of the optimiser; returns the loss of the batch."""
    progress = state.step / plan.training.steps
    for group in state.optimiser.param_groups:
        group["lr"] = plan.training.learning_rate * (1 - progress) ** 0.9
    image, regions = batch
    loss = dice_and_cross_entropy(state.network(image), regions)
    state.optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(state.network.parameters(), GRADIENT_LIMIT)
    state.optimiser.step()
    state.step += 1
    decay = min(plan.training.average_decay, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for mean, value in zip(state.average.parameters(), state.network.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
    value = float(loss.detach())
    state.loss = 0.98 * state.loss + 0.02 * value
    return value


def train(
    plan: Plan,
    next_batch: Callable[[np.random.Generator], tuple[Tensor, Tensor]],
    work: Path,
    progress: Callable[[int, float], None] = lambda step, loss: None,
) -> TrainState:
    """Train to the plan's last step, from the checkpoint in `work` where there is one.

    Ctrl-C saves the state before it is passed on.

    Args:
        next_batch: draws a batch from a generator.
        work: holds `checkpoint.pt` and `log.csv` (step, seconds, loss).
        progress: called after every step with the step and the running loss.
    """
    work.mkdir(parents=True, exist_ok=True)
    checkpoint = work / "checkpoint.pt"
    state = resume(plan, checkpoint)
    began = time.monotonic()
    with (work / "log.csv").open("a", newline="") as file:
        log = csv.writer(file)
        try:
            while state.step < plan.training.steps:
                train_step(state, plan, next_batch(state.rng))
                progress(state.step, state.loss)
                if state.step % SAVE_EVERY == 0:
                    log.writerow((state.step, round(time.monotonic() - began, 1), round(state.loss, 5)))
                    file.flush()
                    save(state, checkpoint)
        finally:
            save(state, checkpoint)
    return state
