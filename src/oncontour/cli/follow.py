"""`oncontour follow`: one patient over time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oncontour.cli.console import case_bar, console, exit_codes, print_written

if TYPE_CHECKING:
    from oncontour.evaluate.follow.run import FollowUp


def register(app: typer.Typer) -> None:
    """Add `oncontour follow` to the command line."""
    app.command("follow")(follow)


def follow(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="TABLE.csv | CASE ...",
            help="A table with the columns day (or date) and mask; or cases of `oncontour segment`, or label maps.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for what is written.")] = Path("follow-up"),
    days: Annotated[str | None, typer.Option("--days", metavar="0,42,90", help="Day of each case.")] = None,
    dates: Annotated[str | None, typer.Option("--dates", metavar="2024-03-17,...", help="Or its date.")] = None,
    criteria: Annotated[
        str, typer.Option("--criteria", help="RANO, RANO-LGG, RAPNO or RAPNO-LGG (children; LGG: low-grade).")
    ] = "RANO",
    region: Annotated[
        str | None,
        typer.Option("--region", help="What to follow; by default what enhances, for low-grade the whole lesion."),
    ] = None,
    scheme: Annotated[
        str | None, typer.Option("--scheme", help="Label scheme; by default as the cases say, else brats.")
    ] = None,
    repeatability: Annotated[
        float | None,
        typer.Option(
            "--repeatability", min=0, metavar="PERCENT",
            help="Change that two scans of an unchanged tumour may show (95 %), where no intervals are known.",
        ),
    ] = None,
    show_dates: Annotated[
        bool, typer.Option("--show-dates", help="Write dates too, not days since baseline alone.")
    ] = False,
) -> None:  # fmt: skip
    """Volumes and products over time, and which response criteria they meet. A measurement, never a diagnosis."""
    from oncontour.evaluate.follow.run import follow as run
    from oncontour.evaluate.follow.visits import parse_date, parse_day
    from oncontour.report.follow import write_follow_up

    with exit_codes():
        with case_bar("Measuring scans") as progress:
            found = run(
                sources,
                days=None if days is None else [parse_day(text.strip(), "--days") for text in days.split(",")],
                dates=None if dates is None else [parse_date(text.strip(), "--dates") for text in dates.split(",")],
                scheme=scheme,
                criteria=criteria,
                region=region,
                repeatability=None if repeatability is None else repeatability / 100,
                progress=progress,
            )
        written = write_follow_up(found, out, show_dates=show_dates)
    _print(found)
    print_written(written, out)


def _print(found: FollowUp) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from oncontour.report.follow import page_rows

    title = f"{found.region.name}, {found.region.title}, by {found.criteria.name}"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for name in ("scan", "volume", "by volume", "products", "by area"):
        table.add_column(name, justify="right" if name in ("volume", "products") else "left")
    for row in page_rows(found):
        volume, area = row.judged["volume"], row.judged["area"]
        table.add_row(row.when, volume.size, volume.shown, area.size, area.shown)
    screen = console()
    screen.print(table)
    for note in found.notes:
        screen.print(note, soft_wrap=True)
