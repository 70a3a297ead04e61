"""`oncontour convert`: a data set of one layout becomes one of another."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from oncontour.cli.console import SOME_FAILED, case_bar, counted, exit_codes, print_error
from oncontour.core.sequence import Sequence


class Layout(StrEnum):
    """Layouts that can be written."""

    BRATS = "brats"
    MSD = "msd"
    NNUNET = "nnunet"
    BIDS = "bids"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Add `oncontour convert` to the command line."""
    app.command("convert")(convert)


def convert(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A data set's folder, or a CSV file.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the new data set.")],
    to: Annotated[Layout, typer.Option("--to", help="Layout of the new data set.")],
    scheme: Annotated[
        str | None, typer.Option("--scheme", help="Label scheme of the new masks; by default the source's own.")
    ] = None,
    sequences: Annotated[
        list[Sequence] | None, typer.Option("--sequence", help="Take this sequence; may be repeated. By default all.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes.")] = 1,
) -> None:
    """Convert a data set: same voxels and places, labels mapped, patients and columns kept. Run again to go on."""
    from oncontour.data.datasets.convert import convert_dataset
    from oncontour.data.datasets.find import read_dataset

    with exit_codes():
        dataset = read_dataset(source, scheme)
        with case_bar("Converting cases") as progress:
            done = convert_dataset(
                dataset, out, to.value, sequences=tuple(sequences or ()), workers=workers, progress=progress
            )
    for error in done.failed:
        print_error(error, "Left out")
    there = f", {len(done.kept)} of them from before" if done.kept else ""
    cases = counted(len(done.done) + len(done.kept), "case")
    typer.echo(f"{dataset.layout} -> {to.value}, scheme {dataset.scheme}: {cases} in {out}{there}")
    if done.failed:
        raise typer.Exit(SOME_FAILED)
