"""`oncontour phantom`: synthetic cases with known truth, as NIfTI or DICOM."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from oncontour.cli.console import case_bar, counted, exit_codes
from oncontour.core.sequence import Sequence


class KindName(StrEnum):
    """Kinds of patients."""

    ADULT = "adult"
    PAEDIATRIC = "paediatric"
    POSTOPERATIVE = "postoperative"
    ADC = "adc"


def register(app: typer.Typer) -> None:
    """Add `oncontour phantom` to the command line."""
    app.command("phantom")(phantom)


def phantom(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the cohort.")],
    cases: Annotated[int, typer.Option("--cases", "-n", min=1, help="How many cases.")] = 1,
    kind: Annotated[KindName, typer.Option("--kind", help="Kind of patients.")] = KindName.ADULT,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the first case; case n has SEED + n.")] = 0,
    spacing: Annotated[float, typer.Option("--spacing", metavar="MM", help="Voxel size of the isotropic grid.")] = 1.0,
    skull: Annotated[bool, typer.Option("--skull/--no-skull", help="Whole heads, or brains alone.")] = False,
    tumour: Annotated[bool, typer.Option("--tumour/--no-tumour", help="With a tumour, or healthy.")] = True,
    dicom: Annotated[bool, typer.Option("--dicom", help="DICOM series instead of NIfTI files.")] = False,
    native: Annotated[
        bool, typer.Option("--native", help="As a hospital has it: thick oblique 2D series, each in its own geometry.")
    ] = False,
    anatomies: Annotated[
        Path | None,
        typer.Option("--anatomies", metavar="DIR", help="Label maps (FreeSurfer numbers) to draw heads from."),
    ] = None,
    without: Annotated[
        list[Sequence] | None, typer.Option("--without", help="Leave this sequence out; may be repeated.")
    ] = None,
    drop_rate: Annotated[
        float, typer.Option("--drop-rate", min=0, max=1, help="Share of cases that lack sequences at random.")
    ] = 0.0,
    one_scanner: Annotated[
        bool, typer.Option("--one-scanner", help="Contrasts nearly alike in all cases, as in one hospital.")
    ] = False,
    second_rater: Annotated[
        bool, typer.Option("--second-rater", help="Write a second reader's mask beside the truth.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes.")] = 1,
) -> None:
    """Make synthetic brain tumour studies whose truth is known. Finished cases are kept when run again."""
    from oncontour.data.phantom.cohort import write_cohort
    from oncontour.data.phantom.settings import Settings

    with exit_codes(), case_bar("Making cases") as progress:
        settings = Settings(
            kind=kind.value,
            spacing_mm=spacing,
            skull=skull,
            tumour=tumour,
            format="dicom" if dicom else "nifti",
            native=native,
            second_rater=second_rater,
            without=tuple(without or ()),
            drop_rate=drop_rate,
            one_scanner=one_scanner,
        )
        manifest = write_cohort(out, cases, seed, settings, anatomies, workers, lambda done: progress(done, cases))
    typer.echo(f"{counted(cases, 'case')} in {out}; what is in them: {manifest}")
