"""`oncontour bundle`: what models there are, what is in one, whether it is sound; to and from other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oncontour.cli.console import case_bar, console, counted, exit_codes, print_error
from oncontour.core.sequence import Sequence

if TYPE_CHECKING:
    from oncontour.inference.bundle import Bundle

Name = Annotated[str, typer.Argument(metavar="BUNDLE", help="A shipped bundle's name, or a bundle's folder.")]


def register(app: typer.Typer) -> None:
    """Add `oncontour bundle` to the command line."""
    group = typer.Typer(
        help="List, show, verify, calibrate, average, import and export model bundles.", no_args_is_help=True
    )
    group.command("list")(list_bundles)
    group.command("show")(show)
    group.command("verify")(verify)
    group.command("import")(import_bundle)
    group.command("export")(export_bundle)
    group.command("calibrate")(calibrate_bundle)
    group.command("average")(average)
    app.add_typer(group, name="bundle")


def list_bundles() -> None:
    """List the bundles that come with the package."""
    from oncontour.inference.bundle import load_bundle, shipped_bundles

    with exit_codes():
        for name in shipped_bundles():
            typer.echo(f"{name}\t{load_bundle(name).card_line}")


def show(name: Name = "default") -> None:
    """Show what a bundle takes, gives, and how regions become one label map."""
    from rich.table import Table

    from oncontour.inference.bundle import load_bundle

    with exit_codes():
        bundle = load_bundle(name)
        scheme = bundle.scheme
        screen = console()
        screen.print(f"[bold]{bundle.name}[/bold]  {bundle.folder}", soft_wrap=True)
        screen.print(bundle.card_line, markup=False)
        for title, text in _facts(bundle).items():
            screen.print(f"{title + ':':<9}{text}", soft_wrap=True, markup=False)
        table = Table("region", "is", "labels", "painted as", title=f"Scheme {scheme.name}, painted from top to bottom")
        painted = scheme.painting()
        for region in scheme.regions:
            table.add_row(region.name, region.title, ", ".join(sorted(region.labels)), str(painted[region.name]))
        screen.print(table)


def _facts(bundle: Bundle) -> dict[str, str]:
    """What a bundle takes and is made of, in words."""
    from oncontour.inference.weights import fold_names, parts

    plan = bundle.plan
    if not plan.channels:
        takes = "one image of any sequence"
    else:
        takes = ", ".join(plan.channels) + ("; all of them" if bundle.steps else "; any may be absent")
    spacing = f"{plan.spacing[0]:g}" if len(set(plan.spacing)) == 1 else " x ".join(f"{mm:g}" for mm in plan.spacing)
    names = " -> ".join(dict.fromkeys(part.name for part in parts(plan).values()))
    count = len(fold_names(bundle.folder))
    facts = {
        "Takes": takes,
        "Grid": f"{spacing} mm, {plan.normalisation}",
        "Network": names + (f", {len(parts(plan))} parts" if plan.stages else "") + (f", {count} folds" * (count > 1)),
    }
    if bundle.labels_apart:
        labels = ", ".join(f"{label.name} {label.value}" for label in bundle.scheme.labels)
        facts["Labels"] = f"{labels}; where regions leave several open the likeliest is painted"
    if (known := bundle.calibration) is not None:
        facts["Trust"] = f"calibrated on {counted(known.cases, 'held-out case')}, {known.cohort}"
    if plan.previous:
        facts["After"] = plan.previous
    if "source" in bundle.provenance:
        facts["From"] = str(bundle.provenance["source"].get("program"))
    return facts


def verify(name: Name = "default") -> None:
    """Check a bundle's files against their digests, and its network against its golden output."""
    from oncontour.inference.bundle import load_bundle, verify_bundle

    with exit_codes():
        bundle = load_bundle(name)
        difference = verify_bundle(bundle)
        typer.echo(f"{bundle.name}: sound; golden output within {difference:.4f}")


def average(
    names: Annotated[list[str], typer.Argument(metavar="BUNDLE...", help="Two or more of the same network.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the new bundle.")],
    plan: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its plan, and its card FILE.card.md; without it the first's.")
    ] = None,
) -> None:
    """Make one model of several trained from the same weights: the mean of theirs."""
    from oncontour.inference.average import average_bundles
    from oncontour.plans.file import card_beside, load_plan

    with exit_codes():
        bundle = average_bundles(names, out, load_plan(plan) if plan else None, card_beside(plan) if plan else None)
    typer.echo(f"Bundle {bundle.name} of {counted(len(names), 'model')} written to {bundle.folder}")


def calibrate_bundle(
    name: Name,
    cohort: Annotated[Path, typer.Argument(metavar="COHORT", help="Labelled cases that it was not trained on.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Calibrate a copy in this folder. Default: the bundle itself.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Keep each case's result here, to go on when run again. Default: nowhere.")
    ] = None,
) -> None:
    """Learn volume intervals, miss rates and predicted Dice on held-out cases, into calibration.yaml."""
    from oncontour.pipeline.calibrate import calibrate

    with exit_codes(), case_bar("Predicting held-out cases") as progress:
        bundle, failed = calibrate(name, cohort, out, work, progress)
    for error in failed:
        print_error(error, "left out")
    assert bundle.calibration is not None, "just made"
    typer.echo(f"{bundle.name}: calibrated on {counted(bundle.calibration.cases, 'case')}; {bundle.folder}")


def import_bundle(
    model: Annotated[Path, typer.Argument(help="nnU-Net's folder of a trained model, or a MONAI bundle.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the bundle to write.")],
    name: Annotated[str | None, typer.Option(help="The bundle's name. Default: from the model.")] = None,
    channels: Annotated[
        str | None, typer.Option(metavar="SEQ,SEQ", help="What the channels are, in order. Default: read their names.")
    ] = None,
    folds: Annotated[str | None, typer.Option(metavar="K,K", help="nnU-Net: these folds. Default: all.")] = None,
    checkpoint: Annotated[str | None, typer.Option(metavar="FILE", help="This file of weights, not the usual.")] = None,
    previous: Annotated[Path | None, typer.Option(help="nnU-Net's cascade: folder of the coarse model.")] = None,
    dataset: Annotated[Path | None, typer.Option(metavar="FILE", help="dataset.json, if the model lacks it.")] = None,
) -> None:
    """Make a bundle of a model that nnU-Net (2 or 1) or MONAI trained. Pickles are read, never run."""
    sequences = tuple(_sequence(text) for text in channels.split(",")) if channels else None

    from oncontour.interchange.importing import import_model
    from oncontour.interchange.wishes import Wishes

    chosen = tuple(folds.split(",")) if folds else ()
    with exit_codes():
        bundle = import_model(model, out, Wishes(name, sequences, chosen, checkpoint, previous, dataset))
        typer.echo(f"Bundle {bundle.name} written to {bundle.folder}")


def _sequence(text: str) -> Sequence:
    if text.strip().upper() not in Sequence.__members__:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(Sequence)}", param_hint="--channels")
    return Sequence[text.strip().upper()]


def export_bundle(
    name: Name,
    nnunet: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write a model folder that nnU-Net 2 predicts with.")
    ] = None,
    onnx: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an ONNX graph of one tile.")] = None,
) -> None:
    """Write a bundle for another program. What that program cannot do is refused, with the reason."""
    if nnunet is None and onnx is None:
        raise typer.BadParameter("say what for: --nnunet FOLDER or --onnx FILE", param_hint="--nnunet")

    from oncontour.inference.bundle import load_bundle

    with exit_codes():
        bundle = load_bundle(name)
        if nnunet is not None:
            from oncontour.interchange.nnunet_export import export_nnunet

            typer.echo(f"nnU-Net model written to {export_nnunet(bundle, nnunet)}")
        if onnx is not None:
            from oncontour.interchange.onnx import export_onnx

            written = export_onnx(bundle, onnx)
            sizes = " x ".join("any" if size is None else str(size) for size in written.shape[2:])
            steps = " x ".join(map(str, written.multiple))
            checked = "not checked: onnxruntime is not installed"
            if written.difference is not None:
                checked = f"within {written.difference:.1g} of torch"
            typer.echo(f"ONNX graph written to {written.path}: {sizes} voxels, multiples of {steps}; {checked}")
