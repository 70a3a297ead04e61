"""`oncontour`: the commands, from a table. Each module is light; what is heavy loads when a command runs."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from oncontour import __version__

COMMANDS = (
    "oncontour.cli.segment",
    "oncontour.cli.bids",
    "oncontour.cli.bundle",
    "oncontour.cli.phantom",
    "oncontour.cli.plan",
    "oncontour.cli.train",
    "oncontour.cli.recipe",
    "oncontour.cli.networks",
    "oncontour.cli.convert",
    "oncontour.cli.doctor",
    "oncontour.cli.deidentify",
    "oncontour.cli.evaluate",
    "oncontour.cli.compare",
    "oncontour.cli.raters",
    "oncontour.cli.follow",
    "oncontour.cli.study",
    "oncontour.cli.node",
    "oncontour.cli.review",
)
"""Modules with a `register(app)` that adds their command, in the order of `oncontour --help`."""

app = typer.Typer(
    name="oncontour",
    help="Brain tumour segmentation on MRI, end to end. Research use only; not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # Locals can hold a patient's data.
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"oncontour {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Brain tumour segmentation on MRI, end to end. Research use only; not a medical device."""


for _module in COMMANDS:
    import_module(_module).register(app)
