"""`oncontour train`: make the cases of a recipe, train, write the bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="train")(train)


def train(
    recipe: Annotated[Path, typer.Argument(help="Plan of the model, such as recipes/default.yaml.")],
    out: Annotated[Path, typer.Option(help="Folder of the bundle to write.")],
    work: Annotated[Path, typer.Option(help="Cases, checkpoint and log; the same folder again goes on there.")],
    anatomies: Annotated[
        Path | None, typer.Option(help="Folder of label maps (FreeSurfer numbers); without it the MNI152 brain alone.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that make cases.")] = 2,
) -> None:
    """Train a model on synthetic cases. Ctrl-C saves; the same command goes on."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from oncontour.cli.console import console, exit_codes
    from oncontour.training.run import Callbacks, train_bundle

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with exit_codes(), Progress(*columns, console=console(to_stderr=True)) as bars:
        cases = bars.add_task("cases", total=None)
        steps = bars.add_task("steps", total=None)
        callbacks = Callbacks(
            cases=lambda done, total: bars.update(cases, completed=done, total=total),
            steps=lambda step, total, loss: bars.update(
                steps, completed=step, total=total, description=f"steps, loss {loss:.3f}"
            ),
        )
        bundle = train_bundle(recipe, work, out, anatomies, workers, callbacks)
    typer.echo(f"Bundle {bundle.name} written to {bundle.folder}")
