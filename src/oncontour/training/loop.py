"""The training loop: epochs of steps over one state, saved whole, so that an interrupted run goes on where it was."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from oncontour.core.errors import InputError, TrainingError
from oncontour.networks.interface import Network
from oncontour.training.batches import Batch, batches
from oncontour.training.cascade import Case
from oncontour.training.freezing import learn
from oncontour.training.job import Job, JobDraw
from oncontour.training.learner import Learner, follow
from oncontour.training.machine import Interruption, Machine
from oncontour.training.memory import memory_explained
from oncontour.training.optimisers import learning_rate
from oncontour.training.processes import gathered, summed
from oncontour.training.state import TrainState, first_state, fresh_network, load_state, save_best, save_state
from oncontour.training.transfer import Loaded, begin
from oncontour.training.validate import Validated, mean_scores, validate_case, write_scores

if TYPE_CHECKING:
    from lightning_fabric import Fabric

SAVE_SECONDS = 300.0
"""Longest time between checkpoints: what an interruption may cost of a long epoch."""

LOOK_EVERY = 10
"""Steps between looks at the losses on a GPU: each look waits until the GPU has caught up."""


class Watch(Protocol):
    """What a training tells as it goes on; only the first process tells."""

    def begin(self, job: Job, state: TrainState) -> None:
        """The training begins, or goes on."""
        ...

    def loaded(self, rows: Sequence[Loaded]) -> None:
        """The network begins with weights of another model; what came from where."""
        ...

    def step(self, state: TrainState, loss: float) -> None:
        """Steps were done; the last one's loss."""
        ...

    def validated(self, state: TrainState, results: list[Validated]) -> None:
        """Cases were validated (those of this process)."""
        ...

    def epoch(self, state: TrainState) -> None:
        """An epoch was finished; its row is the last of the history."""
        ...


@dataclass
class Training:
    """One running training.

    Args:
        job: what is trained.
        machine: on what.
        fabric: device, processes and precision.
        watch: told of progress.
        state: network, optimiser and all that changes.
        validation: cases to validate, as the network sees them.
        pending: losses not yet looked at.
    """

    job: Job
    machine: Machine
    fabric: Fabric
    watch: Watch
    state: TrainState
    validation: Sequence[Case] = ()
    pending: list[Tensor] = field(default_factory=list)


def train(job: Job, machine: Machine, fabric: Fabric, watch: Watch, resume: bool = False) -> TrainState:
    """Train a job to its end, from its last checkpoint where it is resumed.

    Ctrl-C and SIGTERM let the step at work finish and save the state before they are passed on.

    Raises:
        InputError: a training is there and it is not resumed, or the plan asks for what cannot be.
        TrainingError: a loss that is no number; no memory left.
        KeyboardInterrupt: it was interrupted; the state is saved.
    """
    plan = job.plan.training
    if plan.batch % fabric.world_size:
        found = f"a batch of {plan.batch} for {fabric.world_size} processes"
        raise InputError("plan: training.batch", found, "a multiple of the processes", "Change one of them.")
    last = job.folder / "last.pt"
    if last.exists() and not resume:
        remedy = "Go on with --resume, or train in another folder (--work)."
        raise InputError(job.folder, "a training that was begun before", "an empty folder", remedy)
    job.folder.mkdir(parents=True, exist_ok=True)
    network = fresh_network(job.network, plan.seed)
    loaded = [] if last.exists() else begin(job, network)
    state = first_state(network, plan)
    training = Training(job, machine, fabric, watch, state, job.validation_cases())
    with memory_explained(plan.patch, plan.batch):
        learner = Learner(state.network, plan.loss, summed(fabric))
        if machine.compiles:
            learner.compile()
        model, optimiser = fabric.setup(learner, state.optimiser)
        if state.average is not None:
            state.average.to(fabric.device)
        if last.exists():
            load_state(state, last)
            if state.precision:
                fabric.strategy.precision.load_state_dict(state.precision)
        if fabric.is_global_zero:
            watch.begin(job, state)
            if loaded:
                write_scores(job.folder / "loaded.csv", [asdict(row) for row in loaded])
                watch.loaded(loaded)
        _run(training, model, optimiser)
    return state


def _run(training: Training, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    state, plan, fabric = training.state, training.job.plan.training, training.fabric
    last = training.job.folder / "last.pt"
    draw = JobDraw(training.job, _margin(state.network))
    look_every = 1 if fabric.device.type == "cpu" else LOOK_EVERY
    if state.step and state.step == plan.steps_per_epoch * (len(state.history) + 1):
        _finish_epoch(training)  # Interrupted while it validated.
    saved = began = time.monotonic()
    learn(state.network)
    remaining = _batches(training, draw) if not state.finished(plan) else ()
    with Interruption() as interruption:
        for batch in remaining:
            _step(training, model, optimiser, batch)
            epoch_done = state.step % plan.steps_per_epoch == 0
            looks = epoch_done or len(training.pending) >= look_every
            stop = looks and _look(training, draw, interruption.asked)
            now = time.monotonic()
            state.seconds, began = state.seconds + now - began, now
            if epoch_done or stop or (looks and now - saved > SAVE_SECONDS):
                _save(training, last)
                saved = now
            if epoch_done and not stop:
                _finish_epoch(training)
                now = time.monotonic()
                state.seconds, began, saved = state.seconds + now - began, now, now
            if stop:
                raise KeyboardInterrupt
            if state.finished(plan):
                break


def _batches(training: Training, draw: JobDraw) -> Iterable[Batch]:
    plan, fabric = training.job.plan.training, training.fabric
    return batches(
        draw,
        range(training.state.step, plan.steps),
        plan.batch,
        fabric.global_rank,
        fabric.world_size,
        training.machine.drawers,
        pin=fabric.device.type == "cuda",
    )


def _step(training: Training, model: nn.Module, optimiser: torch.optim.Optimizer, batch: Batch) -> None:
    """One step of the optimiser."""
    state, plan, fabric = training.state, training.job.plan.training, training.fabric
    for group in state.optimiser.param_groups:
        group["lr"] = learning_rate(plan, state.step, state.plateau.drops)
    seed = np.random.SeedSequence((plan.seed, state.step, fabric.global_rank)).generate_state(1)
    torch.manual_seed(int(seed[0]))  # Of dropout: the same after a resumption.
    image, target = (part.to(fabric.device, non_blocking=True) for part in batch)
    loss = model(image, target)
    state.optimiser.zero_grad()
    fabric.backward(loss)
    if plan.gradient_limit is not None:
        fabric.clip_gradients(model, optimiser, max_norm=plan.gradient_limit, error_if_nonfinite=False)
    optimiser.step()
    state.step += 1
    if state.average is not None and plan.average_decay is not None:
        follow(state.average, state.network, plan.average_decay, state.step)
    training.pending.append(loss.detach())


def _look(training: Training, draw: JobDraw, asked: bool) -> bool:
    """Take in the losses since the last look; returns whether some process was asked to stop.

    Raises:
        TrainingError: one is no number.
    """
    state, plan, fabric = training.state, training.job.plan.training, training.fabric
    told = torch.stack([*training.pending, torch.tensor(float(asked), device=fabric.device)])
    *losses, asked_share = cast(Tensor, fabric.all_reduce(told, reduce_op="mean")).tolist()
    first = state.step - len(losses)
    for step, loss in enumerate(losses, start=first):
        if not math.isfinite(loss):
            rate = learning_rate(plan, step, state.plateau.drops)
            names = ", ".join(draw.names(step))
            found = f"a loss of {loss} at step {step} (cases {names}; learning rate {rate:.3g})"
            remedy = "Lower the learning rate or the gradient limit, use bf16 or fp32, and look at these cases."
            raise TrainingError(training.job.name, found, "a finite loss", remedy)
        state.running += loss
    training.pending.clear()
    if fabric.is_global_zero:
        training.watch.step(state, losses[-1])
    return asked_share > 0


def _finish_epoch(training: Training) -> None:
    """Validate where it is due, keep the best weights, write the row of the epoch, and save."""
    state, plan, fabric, job = training.state, training.job.plan.training, training.fabric, training.job
    epoch = len(state.history) + 1
    row = {
        "epoch": epoch,
        "step": state.step,
        "seconds": round(state.seconds, 1),
        "learning_rate": learning_rate(plan, state.step - 1, state.plateau.drops),
        "loss": state.running / plan.steps_per_epoch,
    }
    best = False
    if training.validation and (epoch % plan.validate_every == 0 or epoch == plan.epochs):
        results = _validate(training)
        scores, loss = mean_scores(results)
        mean = float(np.mean(list(scores.values())))
        row |= {"validation_loss": loss, "dice": mean, **{f"dice_{name}": score for name, score in scores.items()}}
        state.plateau.see(loss, plan.schedule)
        best = state.best.see(mean, epoch, plan.stopping)
        if best and fabric.is_global_zero:
            names = [case.name for case in training.validation]
            rows = [{"case": name, **dice} for name, (dice, _) in zip(names, results, strict=True)]
            write_scores(job.folder / "scores.csv", rows)
    state.history.append(row)
    state.running = 0.0
    if best and fabric.is_global_zero:
        save_best(state, job.folder / "best.pt")
    _save(training, job.folder / "last.pt")
    if fabric.is_global_zero:
        training.watch.epoch(state)


def _validate(training: Training) -> list[tuple[Mapping[str, float], float]]:
    """Dice by region, and the loss, of each validation case; the processes share the cases among them."""
    state, fabric = training.state, training.fabric
    state.shipped.eval()
    with fabric.autocast():
        own = training.validation[fabric.global_rank :: fabric.world_size]
        results = [validate_case(state.shipped, case, training.job) for case in own]
    learn(state.network)
    if fabric.is_global_zero:
        training.watch.validated(state, results)
    return gathered(fabric, [(one.dice, one.loss) for one in results])


def _save(training: Training, path: Path) -> None:
    if training.fabric.is_global_zero:
        training.state.precision = training.fabric.strategy.precision.state_dict()
        save_state(training.state, path)


def _margin(network: nn.Module) -> tuple[int, int, int]:
    return cast(Network, network).margin
