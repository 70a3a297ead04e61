"""`oncontour bundle`: what models there are, what is in one, whether it is sound."""

from __future__ import annotations

from typing import Annotated

import typer

from oncontour.cli.console import console, exit_codes

Name = Annotated[str, typer.Argument(metavar="BUNDLE", help="A shipped bundle's name, or a bundle's folder.")]


def register(app: typer.Typer) -> None:
    """Add `oncontour bundle` to the command line."""
    group = typer.Typer(help="List, show and verify model bundles.", no_args_is_help=True)
    group.command("list")(list_bundles)
    group.command("show")(show)
    group.command("verify")(verify)
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
        plan, scheme = bundle.plan, bundle.scheme
        screen = console()
        screen.print(f"[bold]{bundle.name}[/bold]  {bundle.folder}", soft_wrap=True)
        screen.print(bundle.card_line, markup=False)
        takes = f"{', '.join(plan.channels)}; any may be absent" if plan.channels else "one image of any sequence"
        screen.print(f"Takes:   {takes}")
        screen.print(f"Grid:    {plan.spacing_mm:g} mm, {plan.normalisation}")
        screen.print(f"Network: {plan.network.name}")
        table = Table("region", "is", "labels", "painted as", title=f"Scheme {scheme.name}, painted from top to bottom")
        painted = scheme.painting()
        for region in scheme.regions:
            table.add_row(region.name, region.title, ", ".join(sorted(region.labels)), str(painted[region.name]))
        screen.print(table)


def verify(name: Name = "default") -> None:
    """Check a bundle's files against their digests, and its network against its golden output."""
    from oncontour.inference.bundle import load_bundle, verify_bundle

    with exit_codes():
        bundle = load_bundle(name)
        difference = verify_bundle(bundle)
        typer.echo(f"{bundle.name}: sound; golden output within {difference:.4f}")
