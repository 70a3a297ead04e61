"""`oncontour study`: blinded reader studies."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oncontour.cli.console import case_bar, console, counted, exit_codes, print_written
from oncontour.cli.study_serve import Place, account, serve

if TYPE_CHECKING:
    from oncontour.review.study.analysis.run import Analysis
    from oncontour.review.study.make import Made

MOST_LINES = 12
"""Of masks that were skipped; the data base has all."""


def register(app: typer.Typer) -> None:
    """Add `oncontour study` to the command line."""
    group = typer.Typer(
        help="Blinded reader studies: who judges which masks, and what follows. Research use only.",
        no_args_is_help=True,
    )
    for command in (plan, serve, account, status, export, analyse):
        group.command(command.__name__)(command)
    app.add_typer(group, name="study")


def plan(
    path: Annotated[Path, typer.Argument(metavar="PLAN.yaml", help="Sources, raters, scale, what is drawn.")],
    out: Annotated[
        str, typer.Option("--out", metavar="STUDY", help="SQLite file to make, or the URL of an empty data base.")
    ] = "study.sqlite",
    files: Annotated[
        Path | None, typer.Option("--files", metavar="DIR", help="Folder for copies; by default STUDY.files.")
    ] = None,
) -> None:
    """Draw a study: copy masks under names that tell nothing, and decide who is shown which, in which order."""
    from oncontour.review.study.make import make_study
    from oncontour.review.study.plan import load_study_plan

    with exit_codes():
        with case_bar("Copying cases") as progress:
            made = make_study(load_study_plan(path), out, files, progress)
        _print_made(made)
        typer.echo(f"Written: {out}, {made.files}. Keep both, and the plan, from the raters.")


def status(place: Place) -> None:
    """Say how far each rater is. This tells nothing of whose the masks are."""
    from rich.table import Table

    from oncontour.review.study.rating import progress, raters
    from oncontour.review.study.study import open_study

    with exit_codes():
        study = open_study(place)
        table = Table("rater", "pages locked", "time")
        for rater in raters(study):
            found = progress(study, rater)
            table.add_row(rater, f"{found.locked} of {found.of}", f"{found.seconds / 60:.0f} min")
        console().print(table)


def export(
    place: Place,
    csv: Annotated[Path, typer.Option("--csv", metavar="FILE.csv", help="The table to write.")],
    unblind: Annotated[
        bool, typer.Option("--unblind", help="With the case and source of each mask; not before raters are done.")
    ] = False,
) -> None:
    """Write every answer on locked pages as a table, by default without whose the masks are."""
    from oncontour.review.study.analysis.write import write_readings
    from oncontour.review.study.readings import read_readings
    from oncontour.review.study.study import open_study

    with exit_codes():
        rows = read_readings(open_study(place)).rows
        write_readings(rows, csv, unblind=unblind)
        typer.echo(f"Written: {csv} ({counted(len(rows), 'mask')})")


def analyse(
    place: Place,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for what is written.")] = Path(
        "reader-study"
    ),
    focus: Annotated[
        str | None, typer.Option("--focus", metavar="SOURCE", help="Hold each other source against this one alone.")
    ] = None,
    groups: Annotated[
        Path | None, typer.Option("--groups", metavar="TABLE.csv", help="What cases differ in: case and other columns.")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="COLUMN", help="Of that table; may be repeated. Default: all.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of bootstrap intervals.")] = 0,
) -> None:
    """Unblind what has been locked: tables, tests, figures, report.html."""
    from oncontour.evaluate.subgroups import read_groups
    from oncontour.review.study.analysis.run import analyse as run
    from oncontour.review.study.analysis.write import write_analysis
    from oncontour.review.study.readings import read_readings
    from oncontour.review.study.study import open_study

    with exit_codes():
        table = read_groups(groups, by or ()) if groups else None
        found = run(read_readings(open_study(place)), focus, table, seed)
        written = write_analysis(found, out)
        _print_found(found)
        print_written(written, out)


def _print_made(made: Made) -> None:
    from rich.table import Table

    table = Table("rater", "pages", "masks", "second readings")
    for rater, pages in made.draw.pages.items():
        second = sum(page.reading == 2 for page in pages)
        table.add_row(rater, str(len(pages)), str(sum(len(page.masks) for page in pages)), str(second))
    console().print(table)
    if made.draw.read_by_all:
        typer.echo(f"Read by all: {counted(len(made.draw.read_by_all), 'case')}.")
    for one in made.lost[:MOST_LINES]:
        typer.echo(f"Skipped: case {one.case}, {one.source or 'all masks'}: {one.why}")
    if len(made.lost) > MOST_LINES:
        typer.echo(f"Skipped: {len(made.lost) - MOST_LINES} more.")
    for rater, number in Counter(one.rater for one in made.draw.short if one.masks).items():
        typer.echo(f"{rater}: {counted(number, 'case')} with fewer masks than planned.")
    for rater, number in Counter(one.rater for one in made.draw.short if not one.masks).items():
        typer.echo(f"{rater}: {counted(number, 'case')} left out, too few masks of a kind.")


def _print_found(found: Analysis) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from oncontour.report.evaluation.words import share
    from oncontour.review.study.analysis.page import counts, headline

    table = Table(title=headline(found), title_justify="left", box=SIMPLE_HEAD)
    for name in ("rater", "masks of", "median", "acceptable"):
        table.add_column(name, justify="left" if name in ("rater", "masks of") else "right")
    for one in found.summaries:
        table.add_row(one.rater, one.source, f"{one.median:g}", share(one.acceptable, one.n))
    screen = console()
    screen.print(table)
    screen.print(counts(found).capitalize(), soft_wrap=True)
    for one in found.telling:
        told = f"{one.balanced_accuracy:.2f} ({one.low:.2f} to {one.high:.2f})"
        screen.print(f"{one.rater}: balanced accuracy for AI {told}", soft_wrap=True)
