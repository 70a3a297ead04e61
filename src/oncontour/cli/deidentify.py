"""`oncontour deidentify`: DICOM studies without identity, for research export."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from oncontour.cli.console import case_bar, counted, exit_codes


def register(app: typer.Typer) -> None:
    """Add `oncontour deidentify` to the command line."""
    app.command("deidentify")(deidentify)


def deidentify(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="A folder or zip of DICOM, of one patient or many.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="A new folder for the export.")],
    key: Annotated[
        Path, typer.Option("--key", metavar="KEYFILE", help="Secret of the project; made where there is none.")
    ],
    crosswalk: Annotated[
        Path | None,
        typer.Option("--crosswalk", metavar="FILE", help="CSV of old and new names, in the key's folder."),
    ] = None,
) -> None:
    """Export MR images without identity: an allow list of elements, new UIDs, shifted dates. Faces are not removed."""
    from oncontour.dicom.deidentify import deidentify as run

    with exit_codes(), case_bar("De-identifying files") as progress:
        made = not key.exists()
        export = run(study, out, key, crosswalk, progress)
    if made:
        typer.echo(f"Key made: {key}. Keep it secret; without it nothing can be linked or continued.")
    patients = len({one.patient for one in export.series})
    files = counted(sum(one.files for one in export.series), "file")
    typer.echo(f"{files} in {len(export.series)} series of {counted(patients, 'patient')} written to {out}")
    for reason, count in Counter(one.reason for one in export.refused).most_common():
        typer.echo(f"Refused: {counted(count, 'file')}: {reason}")
