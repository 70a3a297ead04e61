"""`oncontour plan`: from a data set, a network and a memory to a plan that can be edited."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oncontour.cli.console import SOME_FAILED, case_bar, console, exit_codes
from oncontour.core.errors import InputError

if TYPE_CHECKING:
    from oncontour.data.datasets import Dataset
    from oncontour.plans.fingerprint import Fingerprint
    from oncontour.plans.plan import Plan

SHOWN = (
    "name", "scheme", "channels", "spacing_mm", "normalisation", "network.name", "training.epochs",
    "training.steps_per_epoch", "training.batch", "training.patch", "training.optimiser.name",
    "training.optimiser.learning_rate", "training.precision",
)  # fmt: skip
"""What the table always shows; beside it, whatever has a reason."""


def register(app: typer.Typer) -> None:
    """Add `oncontour plan` to the command line."""
    app.command("plan")(plan)


def plan(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="A data set's folder, or a CSV file.")],
    network: Annotated[
        str | None, typer.Option("--network", "-n", help="A name that `oncontour networks` lists; nnunet if not given.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="BUNDLE", help="Plan to go on training this model instead.")
    ] = None,
    memory: Annotated[str, typer.Option("--memory", help="Of the device to train on.")] = "8GB",
    out: Annotated[Path, typer.Option("--out", "-o", help="File of the plan.")] = Path("plan.yaml"),
    scheme: Annotated[str | None, typer.Option(help="Label scheme, where the layout leaves it open.")] = None,
    configuration: Annotated[
        str | None, typer.Option(help="Of nnU-Net: 2d, 3d_fullres, 3d_lowres or 3d_cascade_fullres.")
    ] = None,
    spacing: Annotated[str | None, typer.Option(help="mm: one number, or three as 1,1,3.")] = None,
    patch: Annotated[str | None, typer.Option(help="Voxels: one number, or three as 128,160,112.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs, instead of the paper's.")] = None,
    steps_per_epoch: Annotated[int | None, typer.Option(min=1, help="Steps of an epoch.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of everything random.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, fp32, bf16 or fp16.")] = None,
    fingerprint: Annotated[
        Path | None, typer.Option(help="Keep what was read of the data set in this file, for the next plan.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes that read cases.")] = 1,
) -> None:
    """Plan a training: spacing, patch, batch, network and settings for a data set, each with its reason."""
    with exit_codes():
        if out.exists():
            remedy = "Give another --out, or remove it."
            raise InputError(out, "a file that is there already", "a new file: plans are edited by hand", remedy)
        wishes = {
            "configuration": configuration,
            "spacing": _three("--spacing", spacing, float),
            "patch": _three("--patch", patch, int),
            "epochs": epochs,
            "steps_per_epoch": steps_per_epoch,
            "seed": seed,
            "precision": precision,
        }
        if start and network:
            raise InputError("--network", network, "none beside --from", "Leave one of the two out.")
        found, proposed = _plan(dataset, scheme, network or "nnunet", start, memory, wishes, fingerprint, workers, out)
    _print_facts(found)
    _print_choices(proposed)
    begin = f" --from {start}" if start else ""
    typer.echo(f"{out}: edit it, then `oncontour train {dataset} --plan {out}{begin} --fold all`")
    if found.skipped:
        raise typer.Exit(SOME_FAILED)


def _plan(
    root: Path,
    scheme: str | None,
    network: str,
    start: str | None,
    memory: str,
    wishes: dict[str, Any],
    kept: Path | None,
    workers: int,
    out: Path,
) -> tuple[Fingerprint, Plan]:
    from oncontour.data.datasets import read_dataset
    from oncontour.inference.bundle import load_bundle
    from oncontour.plans.adopt import adopted_plan
    from oncontour.plans.file import save_plan
    from oncontour.plans.memory import parse_memory
    from oncontour.plans.propose import Wishes, propose_plan

    size = parse_memory(memory)
    model = load_bundle(start).plan if start else None
    found = _fingerprint(read_dataset(root, scheme), kept, workers)
    asked = Wishes(**wishes)
    proposed = adopted_plan(found, model, asked) if model else propose_plan(found, network, size, asked)
    save_plan(proposed, out)
    return found, proposed


def _three(option: str, text: str | None, number: type) -> tuple[Any, Any, Any] | None:
    """One number for all axes, or three with commas."""
    if text is None:
        return None
    values: tuple[Any, ...] = ()
    with suppress(ValueError):
        values = tuple(number(part) for part in text.split(","))
    if len(values) not in (1, 3) or min(values) <= 0:
        expected = "one number above 0, or three with commas between them"
        raise InputError(option, repr(text), expected, f"Give {option} 2, or {option} 2,2,3.")
    i, j, k = values * 3 if len(values) == 1 else values
    return i, j, k


def _fingerprint(dataset: Dataset, kept: Path | None, workers: int) -> Fingerprint:
    """The kept fingerprint where it is of these very files; else read, and kept where asked."""
    from oncontour.plans.fingerprint import fingerprint, load_fingerprint, save_fingerprint

    if kept is not None and kept.exists():
        found = load_fingerprint(kept)
        if (found.digest, found.scheme) == (dataset.digest(), dataset.scheme):
            return found
    with case_bar("Reading cases") as progress:
        found = fingerprint(dataset, workers=workers, progress=progress)
    if kept is not None:
        save_fingerprint(found, kept)
    return found


def _print_facts(found: Fingerprint) -> None:
    """What the data are: a line each for cases, voxels and regions."""
    import numpy as np

    screen = console()
    spacing = " x ".join(f"{mm:.3g}" for mm in np.median(found.spacings, axis=0))
    shape = " x ".join(f"{n:.0f}" for n in np.median(found.shapes, axis=0))
    regions = (
        f"{name} {found.median_ml(name):.3g} mL in {found.prevalence(name):.0%}" for name in found.cases[0].regions_ml
    )
    screen.print(f"[bold]{found.dataset}[/bold], scheme {found.scheme}, {len(found.cases)} cases", soft_wrap=True)
    screen.print(f"Median: {shape} voxels of {spacing} mm; {', '.join(regions)}", soft_wrap=True)
    for name, reason in found.skipped.items():
        console(to_stderr=True).print(f"Left out {name}: {reason}", soft_wrap=True, markup=False)


def _print_choices(proposed: Plan) -> None:
    """The choices that matter, and every one with a reason."""
    from rich.table import Table

    from oncontour.plans.plan import places

    table = Table()
    table.add_column("choice", no_wrap=True)
    table.add_column("value", max_width=30)
    table.add_column("why", ratio=1)
    for place, value in places(proposed).items():
        if place in proposed.why or place in SHOWN:
            table.add_row(place, _short(value), proposed.why.get(place, ""))
    console().print(table)


def _short(value: Any) -> str:
    """A value in a few words.

    >>> _short([128, 128, 112]), _short([{"name": "mirror"}, {"name": "noise"}]), _short([[1, 1], [2, 2]])
    ('128, 128, 112', 'mirror, noise', '1 1, 2 2')
    """
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_item(item) for item in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _item(item: Any) -> str:
    if isinstance(item, dict):
        return str(item.get("name") or item.get("region"))
    return " ".join(map(str, item)) if isinstance(item, list) else str(item)
