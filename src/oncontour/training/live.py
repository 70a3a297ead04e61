"""The live view of a training: bars or lines on the terminal, log.csv, curves, sample predictions, TensorBoard."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from oncontour.core.errors import InputError
from oncontour.training.job import Job
from oncontour.training.machine import Machine
from oncontour.training.pictures import draw_curves, draw_samples
from oncontour.training.state import TrainState
from oncontour.training.transfer import Loaded
from oncontour.training.validate import Validated, write_scores

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

CURVES_SECONDS = 30.0
"""Shortest time between two drawings of the curves, which take some tenths of a second each."""

SAMPLE_CASES = 3
SAMPLE_PICTURES = 20
"""Sample predictions drawn over a whole training, evenly spread over its epochs."""


class Live:
    """Shows one training; `oncontour.training.loop.Watch` says when each method is called."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._job: Job
        self._bars: Progress | None = None
        self._task: TaskID
        self._board: Any = None
        self._drawn = 0.0

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()
        if self._board:
            self._board.close()

    def begin(self, job: Job, state: TrainState) -> None:
        """Open the bars."""
        self._job = job
        if self.machine.view == "bars":
            self._bars = _bars()
            self._bars.start()
            self._task = self._bars.add_task(job.name, total=job.plan.training.steps, completed=state.step, said="")
        if self.machine.tensorboard:
            self._board = _tensorboard(job)

    def loaded(self, rows: Sequence[Loaded]) -> None:
        """Say how much of it."""
        if self.machine.view == "none":
            return
        counted = {kind: sum(row.numbers for row in rows if row.kind == kind) for kind in ("kept", "adapted", "fresh")}
        told = ", ".join(f"{count / sum(counted.values()):.1%} {kind}" for kind, count in counted.items())
        print(f"{self._job.name}: from {self._job.start}: {told} (loaded.csv)", flush=True)

    def step(self, state: TrainState, loss: float) -> None:
        """Move the bar."""
        if self._bars:
            plan = self._job.plan.training
            epoch = min(len(state.history) + 1, plan.epochs)
            said = f"epoch {epoch}/{plan.epochs}  loss {loss:.3f}"
            if state.best.epoch:
                said += f"  best Dice {state.best.score:.3f}"
            self._bars.update(self._task, completed=state.step, said=said)

    def validated(self, state: TrainState, results: list[Validated]) -> None:
        """Draw some of the predictions."""
        epoch, epochs = len(state.history) + 1, self._job.plan.training.epochs
        due = epoch * SAMPLE_PICTURES // epochs > (epoch - 1) * SAMPLE_PICTURES // epochs
        if results and (due or epochs <= SAMPLE_PICTURES):
            path = self._job.folder / "samples" / f"epoch_{epoch:04d}.png"
            draw_samples(path, results[:SAMPLE_CASES], self._job, f"{self._job.name}, epoch {epoch}")

    def epoch(self, state: TrainState) -> None:
        """Write the log and the curves."""
        names = ["validation_loss", "dice", *(f"dice_{name}" for name in self._job.regions)]
        rows = [{**row, **{name: row.get(name, "") for name in names}} for row in state.history]
        write_scores(self._job.folder / "log.csv", rows)
        row = state.history[-1]
        if self._board:
            for name, value in row.items():
                self._board.add_scalar(name, value, state.step)
        if self.machine.view == "lines":
            dice = "  ".join(f"{name[5:]} {row[name]:.3f}" for name in names[2:] if name in row)
            print(f"{self._job.name}: epoch {row['epoch']:.0f}  loss {row['loss']:.4f}  {dice}".rstrip(), flush=True)
        now = time.monotonic()
        if now - self._drawn > CURVES_SECONDS or state.finished(self._job.plan.training):
            draw_curves(self._job.folder / "training.png", state.history, self._job)
            self._drawn = time.monotonic()


def _bars() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}"),
        console=Console(stderr=True, highlight=False),
    )


def _tensorboard(job: Job) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise InputError("--tensorboard", "no tensorboard", "its package", "pip install tensorboard.") from error
    return SummaryWriter(str(job.folder / "tensorboard"))
