"""`oncontour train`: prepare a data set, or make a recipe's cases; train folds and seeds; judge; write a bundle."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oncontour.cli.console import INTERRUPTED, console, exit_codes
from oncontour.core.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress

    from oncontour.training.run import Trained


class Device(StrEnum):
    """Where to train."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Cluster(StrEnum):
    """Where jobs run."""

    LOCAL = "local"
    SLURM = "slurm"


class Weights(StrEnum):
    """Of which checkpoint predictions and bundle are made."""

    BEST = "best"
    LAST = "last"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="train")(train)


def train(
    plan: Annotated[Path, typer.Option("--plan", "-p", metavar="PLAN", help="plan.yaml of the model.")],
    dataset: Annotated[
        Path | None, typer.Argument(metavar="[DATASET]", help="Folder or CSV of the data; a recipe makes its own.")
    ] = None,
    fold: Annotated[
        str, typer.Option(metavar="N|all|none", help="Folds to train: 0, 0,2, all; none: train on every case.")
    ] = "0",
    seeds: Annotated[str, typer.Option(metavar="N,N,...", help="Seeds; the spread of their scores is told.")] = "",
    work: Annotated[Path, typer.Option(metavar="DIR", help="Cases, checkpoints, logs, predictions.")] = Path(
        "training"
    ),
    out: Annotated[Path | None, typer.Option(metavar="BUNDLE", help="Write the folds as a bundle there.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was begun in the work folder.")] = False,
    device: Annotated[Device, typer.Option(help="auto: a GPU where there is one.")] = Device.AUTO,
    devices: Annotated[int, typer.Option(min=1, help="Devices of this node that share each batch.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Nodes, started by srun or torchrun.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Trainings side by side (by submitit).")] = 1,
    cluster: Annotated[Cluster, typer.Option(help="Where jobs run.")] = Cluster.LOCAL,
    cluster_options: Annotated[
        str, typer.Option(metavar="K=V,...", help="For the cluster, such as slurm_partition=gpu,timeout_min=600.")
    ] = "",
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that draw samples ahead; chosen by the machine if not given.")
    ] = None,
    preparers: Annotated[int, typer.Option("--prepare-workers", min=1, help="Processes that prepare cases.")] = 2,
    compile_: Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="Fuse the network; by itself on GPUs."),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="How many folds to split the data into.")] = 5,
    hold_out: Annotated[float, typer.Option(min=0, max=0.9, help="Share of patients that no fold sees.")] = 0.0,
    stratify: Annotated[str | None, typer.Option(metavar="COLUMN", help="Spread its values over the folds.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out cases that cannot be used.")] = False,
    weights: Annotated[Weights, typer.Option(help="Checkpoint to predict with and to ship.")] = Weights.BEST,
    prepared: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Prepared cases of another training with the same preparation.")
    ] = None,
    previous: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Work folder of the coarse training that the plan names.")
    ] = None,
    previous_bundle: Annotated[Path | None, typer.Option(metavar="BUNDLE", help="Its bundle.")] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="BUNDLE", help="Begin with this model's weights, as far as they fit."),
    ] = None,
    anatomies: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Label maps (FreeSurfer numbers) to grow a recipe's tumours in.")
    ] = None,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Write event files for TensorBoard.")] = False,
) -> None:
    """Train a model. Ctrl-C saves; the same command with --resume goes on where it stopped."""
    from oncontour.training.fanout import Queue
    from oncontour.training.machine import Machine
    from oncontour.training.request import Request
    from oncontour.training.run import train_plan

    view = "bars" if console(to_stderr=True).is_terminal else "lines"
    with exit_codes():
        request = Request(
            plan=plan,
            work=work,
            dataset=dataset,
            out=out,
            folds=_folds(fold),
            seeds=_numbers("--seeds", seeds),
            fold_count=folds,
            stratify=stratify,
            held_out_share=hold_out,
            resume=resume,
            skip_bad=skip_bad,
            weights=weights.value,
            anatomies=anatomies,
            prepared=prepared,
            previous=previous,
            previous_bundle=previous_bundle,
            start=Path(start) if start else None,
            preparers=preparers,
            machine=Machine(device.value, devices, nodes, workers, compile_, None, tensorboard, view),
            queue=Queue(jobs, cluster.value, options(cluster_options)),
        )
        teller = _Teller()
        try:
            trained = train_plan(request, teller)
        except KeyboardInterrupt as error:
            typer.echo("Interrupted; the state is saved. The same command with --resume goes on.", err=True)
            raise typer.Exit(INTERRUPTED) from error
        finally:
            teller.stop()
    if trained:
        _print(trained, work)


def _folds(text: str) -> tuple[int, ...] | None:
    return {"all": None, "none": ()}[text] if text in ("all", "none") else _numbers("--fold", text)


def _numbers(option: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part)
    except ValueError as error:
        raise InputError(option, repr(text), "numbers with commas between them", "Correct the option.") from error


def options(text: str) -> dict[str, Any]:
    """What --cluster-options says.

    Raises:
        InputError: no pairs of name and value.
    """
    pairs = [part.partition("=") for part in text.split(",") if part]
    if any(not sign for _, sign, _ in pairs):
        raise InputError("--cluster-options", repr(text), "name=value,name=value", "Correct the option.")
    return {name: int(value) if value.isdigit() else value for name, _, value in pairs}


class _Teller:
    """Shows the stages that have no view of their own: a bar while it lasts, a line where there is no terminal."""

    def __init__(self) -> None:
        self._bar: Progress | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        from rich.progress import Progress

        if what == "trainings":
            if total > 1:
                typer.echo(f"{what}: {done} of {total}", err=True)
            return
        if self._bar is None:
            self._bar = Progress(console=console(to_stderr=True))
            self._bar.start()
            self._bar.add_task(what)
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)
        if done == total:
            self._bar.stop()
            self._bar = None

    def stop(self) -> None:
        """Leave the terminal as it was."""
        if self._bar:
            self._bar.stop()


def _print(trained: Trained, work: Path) -> None:
    from rich.table import Table

    screen = console()
    if trained.skipped:
        screen.print(f"Left out as bad: {', '.join(trained.skipped)}")
    if trained.empty:
        screen.print(f"Nothing marked in: {', '.join(trained.empty)}")
    if trained.summary:
        table = Table("part", "seed", "region", "n", "mean Dice", "SD", "median")
        for row in trained.summary:
            table.add_row(*(str(value) for value in row.values()))
        screen.print(table)
        screen.print(f"Case by case: {work / 'scores.csv'}")
    if trained.bundle:
        screen.print(f"Bundle {trained.bundle.name} written to {trained.bundle.folder}")
