"""`oncontour evaluate`: how good predicted masks are, case by case and together."""

from __future__ import annotations

from enum import StrEnum
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
    from oncontour.evaluate.run import Evaluation


class Rules(StrEnum):
    """Lesion-wise rules of the BraTS 2023 challenges."""

    GLIOMA = "glioma"
    PAEDIATRIC = "paediatric"
    METASTASIS = "metastasis"
    MENINGIOMA = "meningioma"
    AFRICA = "africa"


def register(app: typer.Typer) -> None:
    """Add `oncontour evaluate` to the command line."""
    app.command("evaluate")(evaluate)


def evaluate(
    predictions: Annotated[
        Path | None, typer.Argument(metavar="[PRED]", help="Predicted masks: a file, or a folder of one a case.")
    ] = None,
    references: Annotated[
        Path | None, typer.Argument(metavar="[REF]", help="Reference masks: the same, or a data set.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for tables and report.")] = Path(
        "evaluation"
    ),
    scheme: Annotated[str, typer.Option("--scheme", help="Label scheme of both.")] = "brats",
    table: Annotated[
        Path | None,
        typer.Option("--map", metavar="CSV", help="Pairs: case, prediction, reference; instead of PRED and REF."),
    ] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="Bring predictions on another grid onto the reference's (nearest).")
    ] = False,
    rules: Annotated[
        Rules | None, typer.Option("--rules", help="Lesion-wise rules; by default those of the scheme.")
    ] = None,
    tolerance: Annotated[float, typer.Option("--tolerance", min=0, metavar="MM", help="Of surface Dice.")] = 1.0,
    penalty: Annotated[
        float,
        typer.Option("--penalty", min=0, metavar="MM", help="A distance where one mask is empty, in summaries."),
    ] = 374.0,
    subgroups: Annotated[
        Path | None,
        typer.Option("--subgroups", metavar="CSV", help="What cases differ in: a column case, and any others."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="COLUMN", help="Of that table, for subgroups; may be repeated."),
    ] = None,
    failures_below: Annotated[
        float, typer.Option("--failures-below", min=0, max=1, metavar="DICE", help="Dice below which a case failed.")
    ] = 0.6,
    failures_in: Annotated[
        str, typer.Option("--failures-in", metavar="REGION", help="Whose Dice; by default the scheme's first region.")
    ] = "",
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes.")] = 1,
    figures: Annotated[bool, typer.Option("--figures", help="Draw DIR/figures too: PNG, PDF and CSV each.")] = False,
) -> None:
    """Score predicted masks against references. A case without a prediction counts as missed, and is listed."""
    from oncontour.evaluate.failures import failing_region
    from oncontour.evaluate.run import evaluate as run
    from oncontour.evaluate.run import write_evaluation
    from oncontour.evaluate.subgroups import read_groups
    from oncontour.report.evaluation import report_evaluation

    with exit_codes():
        groups = read_groups(subgroups, by or ()) if subgroups else None
        watched = failing_region(scheme, failures_in)
        with case_bar("Scoring cases") as progress:
            found = run(
                predictions,
                references,
                scheme,
                table=table,
                placing="resample" if resample else "refuse",
                rules=rules.value if rules else None,
                tolerance_mm=tolerance,
                penalty_mm=penalty,
                workers=workers,
                progress=progress,
            )
        written = write_evaluation(found, out)
        drawn = _draw(found, scheme, out / "figures") if figures else ()
        written += drawn
        written += report_evaluation(
            found,
            out,
            subgroups=groups,
            failures_below=failures_below,
            failures_in=watched,
            figures=drawn,
            workers=workers,
        )
    _print(found)
    for case, error in found.failed.items():
        print_error(error, f"Case {case}")
    for error in found.left_out:
        print_error(error, "Left out")
    print_written(written, out)
    raise typer.Exit(ALL_WELL if found.complete else SOME_FAILED)


def _draw(found: Evaluation, scheme: str, out: Path) -> tuple[Path, ...]:
    from oncontour.core.labels import SCHEMES
    from oncontour.evaluate.figures.write import write_evaluation_figures

    return write_evaluation_figures(found.scores, SCHEMES[scheme], out)


def _print(found: Evaluation) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=counted(found.cases - len(found.failed), "case"), title_justify="left", box=SIMPLE_HEAD)
    for name in ("region", "Dice (SD)", "median", "HD95, median", "absent", "missed", "invented"):
        table.add_column(name, justify="left" if name == "region" else "right")
    for one in found.summaries:
        dice = one.all_cases["dice"]
        table.add_row(
            one.region,
            f"{dice.mean:.3f} ({dice.deviation:.3f})",
            f"{dice.median:.3f}",
            f"{one.all_cases['hd95'].median:.1f} mm",
            str(one.ref_empty),
            str(one.missed),
            str(one.false_alarms),
        )
    screen = console()
    screen.print(table)
    if found.failed:
        share = f"{len(found.failed)} of {counted(found.cases, 'case')} could not be scored"
        screen.print(f"{share}, and stand in no figure above: {', '.join(found.failed)}", style="bold", soft_wrap=True)
    for what, names in (("No prediction, counted as missed", found.missing), ("No reference, not scored", found.extra)):
        if names:
            screen.print(f"{what}: {', '.join(names)}", soft_wrap=True)
