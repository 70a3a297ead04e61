"""`oncontour doctor`: what is wrong with a data set, before anything is trained on it; how fast this machine is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oncontour.cli.console import ALL_WELL, SOME_FAILED, case_bar, console, counted, exit_codes

if TYPE_CHECKING:
    from rich.console import Console

    from oncontour.data.doctor import Examination

REPORT, SHEET = "doctor.json", "overlay.png"


def register(app: typer.Typer) -> None:
    """Add `oncontour doctor` to the command line."""
    app.command("doctor")(doctor)


def doctor(
    dataset: Annotated[
        Path | None, typer.Argument(metavar="DATASET", help="A data set's folder, or a CSV file.")
    ] = None,
    *,
    speed: Annotated[
        bool, typer.Option("--speed", help="Instead: segment a synthetic head, and say how long a case takes and why.")
    ] = False,
    engine: Annotated[
        str, typer.Option("--engine", metavar="ENGINE", help="With --speed: what runs the model.")
    ] = "torch",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help=f"Folder for {REPORT} and the overlay pictures.")
    ] = None,
    scheme: Annotated[str | None, typer.Option("--scheme", help="Label scheme; by default the data set's own.")] = None,
    folds: Annotated[
        Path | None, typer.Option("--folds", metavar="FILE", help="A folds.json to check for leakage too.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for doubts too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes.")] = 1,
) -> None:
    """Examine a data set: geometry, labels, voxels, duplicates, leakage. Exit code 1: something is wrong."""
    from json import dumps

    if (dataset is None) != speed:
        raise typer.BadParameter("give either a data set or --speed", param_hint="DATASET")
    if dataset is None:
        _print_speed(engine, json)
        return

    from oncontour.data.datasets.find import read_dataset
    from oncontour.data.doctor import examine
    from oncontour.data.files import explained
    from oncontour.data.folds import load_folds

    with exit_codes():
        read = read_dataset(dataset, scheme)
        drawn = load_folds(folds) if folds else None
        if out is not None:
            with explained(out):
                out.mkdir(parents=True, exist_ok=True)
        with case_bar("Examining cases") as progress:
            found = examine(read, drawn, workers, progress)
        written = _write(found, out) if out else []
    if json:
        typer.echo(dumps(found.as_json(), indent=2))
    else:
        _print(found, console())
        for path in written:
            typer.echo(f"Written: {path}")
    bad = found.wrong or (strict and bool(found.problems))
    raise typer.Exit(SOME_FAILED if bad else ALL_WELL)


def _print_speed(engine: str, as_json: bool) -> None:
    from json import dumps

    from oncontour.cli.segment_view import View
    from oncontour.cli.speed_view import print_speed
    from oncontour.pipeline.options import Options
    from oncontour.pipeline.speed import measure_speed

    with exit_codes(), View(as_json=False) as view:
        view.started(["synthetic head"])
        speed = measure_speed(Options(engine=engine), view.progress)
    if as_json:
        typer.echo(dumps(speed.as_json(), indent=2))
    else:
        print_speed(speed, console())


def _write(found: Examination, out: Path) -> list[Path]:
    """The report, and one picture or several."""
    from oncontour.core.labels import SCHEMES
    from oncontour.data.files import write_json, write_whole
    from oncontour.report.sheet import Panel, overlay_sheets

    write_json(out / REPORT, found.as_json())
    notes: dict[str, dict[str, None]] = {}
    for problem in found.problems:
        for name in problem.cases:
            notes.setdefault(name, {})[problem.check] = None
    panels = [Panel(case.name, case.slice, ", ".join(notes.get(case.name, ""))) for case in found.cases if case.slice]
    title = f"{found.dataset.name}  ·  {counted(len(found.dataset.cases), 'case')}  ·  scheme {found.dataset.scheme}"
    sheets = overlay_sheets(panels, SCHEMES[found.dataset.scheme], title)
    paths = [out / (SHEET if len(sheets) == 1 else f"overlay-{n:02d}.png") for n in range(1, len(sheets) + 1)]
    for path, sheet in zip(paths, sheets, strict=True):
        write_whole(path, lambda part, sheet=sheet: part.write_bytes(sheet))
    return [out / REPORT, *paths]


def _print(found: Examination, screen: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    from oncontour.data.datasets.found import few

    dataset = found.dataset
    cases, patients = len(dataset.cases), len({case.patient for case in dataset.cases})
    screen.print(
        f"[bold]{dataset.name}[/bold]: {dataset.layout}, scheme {dataset.scheme}; {counted(cases, 'case')} of "
        f"{counted(patients, 'patient')}, {len(dataset.labelled)} to train on; {', '.join(dataset.sequences)}"
    )
    facts = Table("", "smallest", "median", "largest", title="Right x anterior x superior", title_justify="left")
    for name, spread, form in (("voxels", found.voxels, "{:.0f}"), ("spacing, mm", found.spacing_mm, "{:.3g}")):
        if spread is not None:
            rows = (spread.smallest, spread.median, spread.largest)
            facts.add_row(name, *(" x ".join(form.format(value) for value in row) for row in rows))
    screen.print(facts)
    if dataset.labelled:
        labels = Table("label", "in cases", "median mL", "share", title="Labels", title_justify="left")
        for label in found.labels:
            labels.add_row(label.name, str(label.cases), f"{label.median_ml:.1f}", f"{100 * label.share:.1f} %")
        screen.print(labels)
    if not found.problems:
        screen.print("[green]Nothing wrong, nothing doubtful.[/green]")
        return
    table = Table("", "check", "case", "found", "expected", title="Problems", title_justify="left")
    for problem in found.problems:
        style = "red" if problem.severity == "wrong" else "yellow"
        cells = (problem.check, few(problem.cases), problem.found, problem.expected)
        table.add_row(Text(problem.severity, style=style), *(Text(cell, overflow="fold") for cell in cells))
    screen.print(table)
    wrong = sum(problem.severity == "wrong" for problem in found.problems)
    screen.print(f"{wrong} wrong, {len(found.problems) - wrong} doubtful")
