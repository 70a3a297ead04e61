"""`oncontour networks`: every network with its size, how far it sees, and what a patch costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from oncontour.cli.console import console, exit_codes

if TYPE_CHECKING:
    from oncontour.networks.facts import NetworkFacts

LARGE = 10.0
"""GFLOPs from which tenths are left out."""

_COLUMNS = ("network", "from", "parameters", "receptive field", "GFLOPs", "image", "logits")
FULL_WIDTH, NARROW_COLUMNS = 130, 5
"""Characters that all columns take; how many columns a narrower terminal gets (80 characters)."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="networks")(networks)


def networks(
    as_json: Annotated[bool, typer.Option("--json", help="Print everything that is known, as JSON.")] = False,
) -> None:
    """List the networks that a plan can name: parameters, receptive field, operations for a patch.

    Each as its paper or program builds it for brain tumours: four sequences, 1 mm. A multiplication and its addition
    count as two operations. DeepMedic's conditional random field is no part of its network: plans say it as
    postprocess.crf.
    """
    from oncontour.networks.facts import facts
    from oncontour.networks.standard import STANDARD

    with exit_codes():
        with console(to_stderr=True).status("Counting"):
            found = [facts(name) for name in STANDARD]
        if as_json:
            from dataclasses import asdict
            from json import dumps

            typer.echo(dumps([asdict(network) for network in found], indent=2))
        else:
            _print(found)


def _print(found: list[NetworkFacts]) -> None:
    """A table that reads as one in a terminal and in Markdown."""
    from rich.box import MARKDOWN
    from rich.table import Table

    out = console()
    if not out.is_terminal:
        out.width = FULL_WIDTH
    shown = len(_COLUMNS) if out.width >= FULL_WIDTH else NARROW_COLUMNS
    table = Table(box=MARKDOWN)
    for number, title in enumerate(_COLUMNS[:shown]):
        table.add_column(title, justify="right" if number > 1 else "left", no_wrap=True)
    for network in found:
        operations = f"{network.gflops:,.0f}" if network.gflops >= LARGE else f"{network.gflops:.1f}"
        cells = (
            network.name,
            network.paper,
            f"{network.parameters:,}",
            _sizes(*network.receptive_field),
            operations,
            _sizes(network.inputs, *network.patch),
            _sizes(network.outputs, *network.predicted),
        )
        table.add_row(*cells[:shown])
    out.print(table)


def _sizes(*sizes: int) -> str:
    return " x ".join(map(str, sizes))
