"""What the commands that let contenders train have in common: their options, and their course."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from contenders.runs import Contender, prepare, time_steps, train
from contenders.same_steps import same_steps
from contenders.tables import write_report
from contenders.task import Task, make_data

EPOCHS = 25
"""In which the iterations are done: nnU-Net lowers its learning rate once an epoch, we at every step. Of ten epochs its
rates add up to 9 % more than ours, of 25 to 4 %."""

ROUNDS = 2
"""How often each contender has its turn at the timing."""


def options(description: str | None) -> argparse.ArgumentParser:
    """The options that every command has; each sets its own defaults."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for data, trainings and results")
    parser.add_argument("--seeds", type=int, help="trainings of each; 0: steps are timed alone")
    parser.add_argument("--iterations", type=int, help=f"steps of a training, a multiple of {EPOCHS}")
    parser.add_argument("--timed-steps", type=int, help="steps of each turn at the timing")
    parser.add_argument("--same-steps", type=int, help="steps of nnU-Net and ours on the same batches; 0: none")
    parser.add_argument("--cases", type=int, nargs=2, help="to train on, and held out")
    parser.add_argument("--spacing", type=float, help="mm of the phantom")
    parser.add_argument("--edge", type=int, help="voxels along each axis of a patch")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--features", type=int, nargs="+", help="of each stage")
    parser.add_argument("--workers", type=int, help="processes that draw batches")
    parser.add_argument("--write", type=Path, metavar="FILE.md", help="write the tables there, numbers to results/")
    return parser


def compare(
    title: str,
    given: argparse.Namespace,
    device: str,
    machine: str,
    timed: Sequence[Contender],
    trained: Sequence[Contender],
) -> None:
    """Prepare, time, train, tell.

    Args:
        given: what `options` parsed.
        device, machine: torch's name of the device, and what the report calls it.
        timed, trained: whose steps are timed, and who trains to the end.
    """
    training, held_out = given.cases
    task = Task(
        given.work.resolve(), training, held_out, given.spacing, given.edge, given.batch, tuple(given.features),
        EPOCHS, given.iterations // EPOCHS, given.workers, device,
    )  # fmt: skip
    make_data(task)
    for contender in trained:
        prepare(contender, task)
    seconds = time_steps(task, timed, given.timed_steps, ROUNDS)
    losses = same_steps(task, given.same_steps) if given.same_steps else None
    scores = train(task, trained, given.seeds) if given.seeds else {}
    write_report(title, task, seconds, losses, scores, machine, given.write)
