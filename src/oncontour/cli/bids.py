"""`oncontour bids`: a BIDS App, with the arguments of every BIDS App: a list behind a name is what Typer cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from oncontour import __version__
from oncontour.cli.console import ALL_WELL, SOME_FAILED, exit_codes

if TYPE_CHECKING:
    from argparse import ArgumentParser

VALIDATORS = ("bids-validator-deno", "bids-validator")


def register(app: typer.Typer) -> None:
    """Add `oncontour bids` to the command line."""
    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    app.command("bids", context_settings=settings)(bids)


def bids(context: typer.Context) -> None:
    """Segment a BIDS data set: BIDS_DIR OUT_DIR participant [--participant-label LABEL ...]. A BIDS App."""
    given = _arguments().parse_args(context.args)

    from oncontour.cli.segment_view import View
    from oncontour.pipeline.bids import segment_bids
    from oncontour.pipeline.options import Options

    with exit_codes():
        if not given.skip_bids_validator:
            _validate(given.bids_dir)
        with View(as_json=False) as view:
            outcomes = segment_bids(
                given.bids_dir,
                given.output_dir,
                Options(bundle=given.bundle, resume=given.resume),
                participants=given.participant_label,
                sessions=given.session_label,
                workers=given.workers,
                progress=view.progress,
                started=view.started,
                finished=view.finished,
            )
        view.summary(outcomes, given.output_dir)
    raise typer.Exit(SOME_FAILED if any(outcome.status == "failed" for outcome in outcomes) else ALL_WELL)


def _arguments() -> ArgumentParser:
    """As https://bids-apps.neuroimaging.io says."""
    from argparse import ArgumentParser

    parser = ArgumentParser("oncontour bids", description="Segment brain tumours. Research use only.")
    parser.add_argument("bids_dir", type=Path, help="the raw data set")
    parser.add_argument("output_dir", type=Path, help="of the derivatives")
    parser.add_argument("analysis_level", choices=["participant"], help="there is no other level here")
    for what in ("participant", "session"):
        names = (f"--{what}-label", f"--{what}_label")
        parser.add_argument(*names, nargs="+", default=[], metavar="LABEL", help=f"this {what} alone; may be several")
    parser.add_argument("--skip-bids-validator", "--skip_bids_validator", action="store_true", help="do not validate")
    parser.add_argument("--bundle", default="default", help="the model: a shipped bundle's name, or a bundle's folder")
    parser.add_argument("--resume", action="store_true", help="leave out sessions that are done already")
    parser.add_argument("-j", "--workers", type=int, default=1, metavar="N", help="sessions that are worked on at once")
    parser.add_argument("-v", "--version", action="version", version=f"oncontour {__version__}")
    return parser


def _validate(root: Path) -> None:
    """Refuse what the BIDS validator refuses, where there is one.

    Raises:
        InputError: it finds errors.
    """
    import shutil
    import subprocess

    from oncontour.core.errors import InputError

    program = next(filter(None, map(shutil.which, VALIDATORS)), None)
    if program is None:
        typer.echo("No bids-validator is installed: the data set is taken as it is.", err=True)
        return
    done = subprocess.run([program, "--ignoreWarnings", root], capture_output=True, text=True, check=False)
    typer.echo(done.stdout + done.stderr, err=True)
    if done.returncode:
        remedy = "Mend what the validator names above, or go on with --skip-bids-validator."
        raise InputError(root, "errors of BIDS", "a valid data set", remedy)
