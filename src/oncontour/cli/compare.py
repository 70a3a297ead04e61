"""`oncontour compare`: models that were evaluated on the same cases."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oncontour.cli.console import console, exit_codes

if TYPE_CHECKING:
    from oncontour.evaluate.compare import Comparison, Model


class TestOption(StrEnum):
    """Tests of two models."""

    WILCOXON = "wilcoxon"
    T = "t"
    PAPER = "paper"


def register(app: typer.Typer) -> None:
    """Add `oncontour compare` to the command line."""
    app.command("compare")(compare)


def compare(
    models: Annotated[
        list[str],
        typer.Argument(metavar="A B [C ...]", help="Folders that `oncontour evaluate` wrote, or NAME=FOLDER."),
    ],
    out: Annotated[Path | None, typer.Option("--out", metavar="CSV", help="Write the table there.")] = None,
    metric: Annotated[str, typer.Option("--metric", help="A column of cases.csv.")] = "dice",
    test: Annotated[
        TestOption,
        typer.Option("--test", help="Signed-rank, paired t, or paper: the unpaired rank-sum of paper 001."),
    ] = TestOption.WILCOXON,
    penalty: Annotated[
        float, typer.Option("--penalty", min=0, metavar="MM", help="A distance where one mask is empty.")
    ] = 374.0,
    figures: Annotated[
        Path | None, typer.Option("--figures", metavar="DIR", help="Draw there: PNG, PDF and CSV each.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the bootstrap.")] = 0,
) -> None:
    """Compare models on the cases that all of them have: difference with its interval, test, effect, n."""
    from oncontour.data.datasets.tables import write_table
    from oncontour.evaluate.compare import compare as run
    from oncontour.evaluate.compare import read_model

    with exit_codes():
        read = []
        for text in models:
            name, _, folder = text.rpartition("=")
            read.append(read_model(Path(folder), metric, name, penalty))
        found = run(read, metric, test.value, seed)
        rows = [{name: str(value) for name, value in row.items()} for row in found.as_rows()]
        if out is not None:
            write_table(out, rows[0], rows)
        written = [out] if out is not None else []
        if figures is not None:
            written += _draw(read, found, figures)
    _print(found)
    if written:
        typer.echo(f"Written: {', '.join(str(path) for path in written)}")


def _draw(models: list[Model], found: Comparison, out: Path) -> tuple[Path, ...]:
    from oncontour.evaluate.figures.write import write_comparison_figures

    return write_comparison_figures(models, found, out)


def _print(found: Comparison) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    title = f"{found.metric}: medians, and the mean of first less second"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("region", "models", "n", "medians", "difference [95 %]", "effect", "P", "adjusted"):
        table.add_column(name, justify="left" if name in ("region", "models") else "right", no_wrap="95" in name)
    for one in found.differences:
        interval = one.paired.interval
        table.add_row(
            one.region,
            f"{one.first} - {one.second}",
            str(one.paired.n),
            f"{one.medians[0]:.3f}, {one.medians[1]:.3f}",
            f"{one.paired.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]",
            f"{one.test.effect:+.2f}",
            f"{one.test.p:.3g}",
            f"{one.adjusted_p:.3g}",
        )
    screen = console()
    screen.print(table)
    for region, groups in found.overall.items():
        screen.print(f"{region}, all models: {groups.overall}", soft_wrap=True)
    test = found.differences[0].test
    told = (
        f"{test.name}, two-sided; effect: {test.effect_name}. Intervals: {found.differences[0].paired.interval.method}."
    )
    screen.print(f"{told} Adjusted by Benjamini-Hochberg over {found.family}.", soft_wrap=True)
    if found.left_out:
        screen.print(f"Left out, not of all models: {', '.join(found.left_out)}", soft_wrap=True)
