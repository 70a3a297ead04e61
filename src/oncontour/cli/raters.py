"""`oncontour raters`: how several experts, and models beside them, agree on the same cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oncontour.cli.console import (
    ALL_WELL,
    SOME_FAILED,
    case_bar,
    console,
    counted,
    exit_codes,
    print_error,
    print_written,
)

if TYPE_CHECKING:
    from oncontour.evaluate.raters.run import Raters

WIDTH = 100
"""Columns of text that tables may take."""


def register(app: typer.Typer) -> None:
    """Add `oncontour raters` to the command line."""
    app.command("raters")(raters)


def raters(
    experts: Annotated[
        list[str], typer.Argument(metavar="NAME=PATH NAME=PATH [...]", help="Experts' masks: a file or folder each.")
    ],
    models: Annotated[
        list[str] | None, typer.Option("--model", metavar="NAME=PATH", help="A model's masks; may be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the tables.")] = Path("raters"),
    scheme: Annotated[str, typer.Option("--scheme", help="Label scheme of all.")] = "brats",
    consensus: Annotated[
        bool, typer.Option("--consensus", help="Write the experts' consensus: by majority and by STAPLE.")
    ] = False,
    resample: Annotated[
        bool, typer.Option("--resample", help="Bring masks onto the grid of the case's first (nearest).")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of bootstrap intervals.")] = 0,
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes.")] = 1,
) -> None:
    """Compare experts with one another, and models with them. A missing mask is listed, not counted as empty."""
    from oncontour.evaluate.raters.run import raters as run
    from oncontour.evaluate.raters.tables import write_raters

    with exit_codes():
        named = _named(experts), _named(models or [])
        with case_bar("Comparing cases") as progress:
            found = run(
                *named,
                scheme,
                placing="resample" if resample else "refuse",
                consensus=out / "consensus" if consensus else None,
                workers=workers,
                seed=seed,
                progress=progress,
            )
        written = write_raters(found, out)
    _print(found)
    for case, errors in found.failed.items():
        for name, error in errors.items():
            print_error(error, f"Case {case}, {name}")
    print_written((*written, *([out / "consensus"] if found.rates else [])), out)
    raise typer.Exit(SOME_FAILED if found.failed else ALL_WELL)


def _named(texts: list[str]) -> dict[str, Path]:
    from oncontour.core.errors import InputError

    named: dict[str, Path] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise InputError("raters", repr(text), "NAME=PATH", "Give each source a name.")
        if name in named:
            raise InputError("raters", f"the name {name!r} twice", "names that differ", "Rename one.")
        named[name] = Path(path)
    return named


def _print(found: Raters) -> None:
    screen = console()
    width = min(screen.width, WIDTH)
    screen.print(_matrix(found), width=width)
    if found.bands:
        screen.print(_bands(found), width=width)
        told = "Difference: mean of model less experts. Wilcoxon signed-rank, two-sided; adjusted by Benjamini-Hochberg"
        screen.print(f"{told} over {found.band_family}.", width=width)
    if found.references:
        told = f"Each expert as reference, the others in pairs: references.csv, adjusted over {found.family}."
        screen.print(told, width=width)
    for name, cases in found.missing.items():
        screen.print(f"No mask of {name}: {', '.join(cases)}", soft_wrap=True)
    if found.alone:
        screen.print(f"Not compared, of one source alone: {', '.join(found.alone)}", soft_wrap=True)


def _matrix(found: Raters) -> object:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    names = [source.name for source in found.sources]
    cells = {(one.region, frozenset((one.first, one.second))): one for one in found.matrix}
    title = f"{counted(len(found.cases), 'case')}: median Dice of every two"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("region")
    table.add_column("")
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    for region in dict.fromkeys(one.region for one in found.matrix):
        for number, name in enumerate(names):
            others = [cells.get((region, frozenset((name, other)))) for other in names]
            shown = ["-" if one is None else f"{one.dice.median:.3f}" for one in others]
            table.add_row("" if number else region, name, *shown, end_section=number == len(names) - 1)
    return table


def _bands(found: Raters) -> object:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title="Models against the experts' band", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("region", "model", "n", "model", "experts", "difference [95 %]", "P", "adjusted", "within or above"):
        table.add_column(name, justify="left" if name in ("region", "model") else "right", no_wrap="95" in name)
    for one in found.bands:
        paired = one.paired
        interval = paired.interval if paired else None
        shown = f"{paired.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]" if paired and interval else "-"
        table.add_row(
            one.region,
            one.model,
            str(one.model_dice.n),
            f"{one.model_dice.median:.3f}",
            f"{one.expert_dice.median:.3f}",
            shown,
            f"{paired.wilcoxon.p:.3g}" if paired else "-",
            f"{one.adjusted_p:.3g}" if paired else "-",
            f"{one.within + one.above} of {one.model_dice.n}",
        )
    return table
