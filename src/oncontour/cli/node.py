"""`oncontour node`: the clinical node, from the scanner to the PACS."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oncontour.cli.console import SOME_FAILED, console, exit_codes, print_error

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from oncontour.node.configuration.settings import NodeSettings

Config = Annotated[Path, typer.Option("--config", metavar="FILE.yaml", help="The node's settings.")]
CaseName = Annotated[str, typer.Argument(metavar="CASE", help="As `status` lists it; its beginning is enough.")]

DEFAULT = Path("node.yaml")

DAY_S = 86400.0

SHORT = 8
"""Letters of a case's name that are shown; they are enough to name it."""


def register(app: typer.Typer) -> None:
    """Add `oncontour node` to the command line."""
    group = typer.Typer(
        help="Receive studies, segment those that the rules name, deliver the results. Research use only.",
        no_args_is_help=True,
    )
    for command in (init, check, run, status, rules, explain, drift, retry, mark, marks, audit, purge):
        group.command(command.__name__)(command)
    app.add_typer(group, name="node")


def init(path: Annotated[Path, typer.Argument(metavar="FILE.yaml")] = DEFAULT) -> None:
    """Write a commented file of settings to begin with."""
    from oncontour.node.configuration.load import write_template

    with exit_codes():
        write_template(path)
        typer.echo(f"Written: {path}. Next: oncontour node check --config {path}")


def check(config: Config = DEFAULT) -> None:
    """Say what is wrong with the settings, and who cannot be reached."""
    from oncontour.node.configuration.check import check_node
    from oncontour.node.configuration.load import load_settings

    with exit_codes():
        failed = False
        for checked in check_node(load_settings(config)):
            if checked.trouble is None:
                typer.echo(f"ok    {checked.what}: {checked.told}")
            else:
                failed = True
                print_error(checked.trouble, f"wrong {checked.what}")
        if failed:
            raise typer.Exit(SOME_FAILED)


def run(config: Config = DEFAULT) -> None:
    """Run the node until it is told to stop (Ctrl-C, SIGTERM); what is at work then goes on at the next start."""
    import signal
    import threading

    from oncontour.node.configuration.check import rules_of
    from oncontour.node.configuration.load import load_settings
    from oncontour.node.service import run_node
    from oncontour.node.watch.log import log_lines

    with exit_codes():
        settings = load_settings(config)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        log_lines(settings.name)
        run_node(settings, rules_of(settings), stop)
    os._exit(0)  # What is at work is not waited for; it goes on at the next start, or at another node.


def status(
    config: Config = DEFAULT,
    every: Annotated[bool, typer.Option("--all", help="Cases that ended longer than a day ago, too.")] = False,
) -> None:
    """List cases: what state they are in, and why."""
    from rich.table import Table

    from oncontour.node.ledger.cases import cases_since, list_cases

    with exit_codes():
        _, base = _opened(config)
        now = datetime.now(UTC).timestamp()
        table = Table("case", "state", "images", "rule", "bundle", "tumour mL", "changed (UTC)")
        reasons = []
        for case in list_cases(base) if every else reversed(cases_since(base, now - DAY_S)):
            volume = ((case.result or {}).get("volumes_ml") or {}).get("WT")
            table.add_row(
                case.case[:SHORT],
                str(case.state),
                f"{len(case.images)}",
                case.rule or "",
                case.bundle or "",
                "" if volume is None else f"{volume:.1f}",
                _when(case.changed_at),
            )
            if case.reason:
                reasons.append(f"{case.case[:SHORT]}: {case.reason}")
        console().print(table)
        for reason in reasons:
            typer.echo(reason)


def rules(config: Annotated[Path | None, typer.Option("--config", metavar="FILE.yaml")] = None) -> None:
    """Print the routing rules of a node; without --config those that come with the program, to copy and change."""
    from oncontour.node.configuration.load import load_settings
    from oncontour.node.routing.rules import default_text

    with exit_codes():
        own = load_settings(config).rules if config else None
        typer.echo(own.read_text("utf-8") if own else default_text(), nl=False)


def explain(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A folder of DICOM files, or a case of the node.")],
    config: Config = DEFAULT,
    sender: Annotated[str, typer.Option("--sender", metavar="AE", help="Who would have sent it.")] = "",
) -> None:
    """Say which rule fires for a study, and why. This quotes descriptions, which may name the patient."""
    from oncontour.node.configuration.check import rules_of
    from oncontour.node.configuration.load import load_settings
    from oncontour.node.desk import find_case, images_of
    from oncontour.node.ledger.base import open_base
    from oncontour.node.routing.explain import explain as explained
    from oncontour.node.work.router import decision_on

    with exit_codes():
        settings = load_settings(config)
        folder = Path(study)
        if folder.is_dir():
            files = sorted(file for file in folder.rglob("*") if file.is_file())
        else:
            case = find_case(open_base(settings.url), study)
            files, sender = images_of(settings.place / "spool" / "studies", case), sender or case.sender
        typer.echo(explained(decision_on(files, sender, rules_of(settings))[1]))


def drift(
    config: Config = DEFAULT, days: Annotated[float, typer.Option("--days", min=0.0, help="Back from now.")] = 30.0
) -> None:
    """List descriptions seen lately that no rule knows. They may name patients."""
    from rich.table import Table

    from oncontour.node.configuration.check import rules_of
    from oncontour.node.ledger.seen import list_seen
    from oncontour.node.routing.drift import Seen
    from oncontour.node.routing.drift import drift as unknown_to

    with exit_codes():
        settings, base = _opened(config)
        studies = list_seen(base, datetime.now(UTC).timestamp() - days * DAY_S)
        seen = [Seen(one.description, one.protocol, one.rule, datetime.fromtimestamp(one.at, UTC)) for one in studies]
        table = Table("study description", "protocol", "studies", "first", "last")
        for one in unknown_to(seen, rules_of(settings)):
            first, last = (_when(moment.timestamp()) for moment in (one.first, one.last))
            table.add_row(one.description, one.protocol, str(one.count), first, last)
        console().print(table if table.row_count else "Every study of that time was known to a rule.")


def retry(
    case: CaseName,
    config: Config = DEFAULT,
    bundle: Annotated[
        str | None, typer.Option("--bundle", metavar="NAME", help="Process it with this, whatever the rules say.")
    ] = None,
) -> None:
    """Have a case that was held, ignored, delivered or put into quarantine done again."""
    from oncontour.inference.bundle import load_bundle
    from oncontour.node.desk import find_case
    from oncontour.node.desk import retry as do_again

    with exit_codes():
        settings, base = _opened(config)
        if bundle:
            load_bundle(bundle)
        done = do_again(base, settings.place / "spool" / "studies", find_case(base, case), bundle)
        typer.echo(f"{done.case} will be done again.")


def mark(
    case: CaseName,
    verdict: Annotated[str, typer.Argument(metavar="useful|poor")],
    config: Config = DEFAULT,
    reason: Annotated[str, typer.Option("--reason", help="In words that name no patient.")] = "",
) -> None:
    """Keep what a reader thinks of a result."""
    from oncontour.core.errors import InputError
    from oncontour.node.desk import PERSON, find_case
    from oncontour.node.marks.marks import mark as keep

    with exit_codes():
        _, base = _opened(config)
        if verdict not in ("useful", "poor"):
            raise InputError("verdict", repr(verdict), "useful or poor", "Give one of these.")
        found = find_case(base, case)
        keep(base, PERSON, found.case, verdict == "useful", "command line", reason)
        typer.echo(f"{found.case} is marked as {verdict}.")


def marks(
    case: Annotated[str | None, typer.Argument(metavar="CASE")] = None,
    config: Config = DEFAULT,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, for a spreadsheet.")] = False,
) -> None:
    """List what readers think of results, the oldest first; the latest of a case counts. Reasons are their words."""
    from csv import writer

    from rich.markup import escape
    from rich.table import Table

    from oncontour.node.desk import find_case
    from oncontour.node.marks.marks import list_marks

    with exit_codes():
        _, base = _opened(config)
        kept = list_marks(base, find_case(base, case).case if case else None)
        head = ("case", "at (UTC)", "verdict", "source", "reason")
        rows = [(one.case, _when(one.at), "useful" if one.useful else "poor", one.source, one.reason) for one in kept]
        if csv:
            writer(sys.stdout).writerows([head, *rows])
        else:
            table = Table(*head)
            for row in rows:
                table.add_row(row[0][:SHORT], *map(escape, row[1:]))
            console().print(table if rows else "No marks.")


def audit(case: Annotated[str | None, typer.Argument(metavar="CASE")] = None, config: Config = DEFAULT) -> None:
    """Print the audit trail, of a case or of all, a line of JSON each."""
    import json

    from oncontour.node.desk import find_case
    from oncontour.node.ledger.events import list_events

    with exit_codes():
        _, base = _opened(config)
        for event in list_events(base, find_case(base, case).case if case else None):
            line = {"at": _when(event.at), "node": event.node, "case": event.case, "what": event.kind, **event.detail}
            typer.echo(json.dumps(line))


def purge(
    case: CaseName,
    config: Config = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a study's images and results from the node; the audit trail stays."""
    from oncontour.node.desk import find_case
    from oncontour.node.desk import purge as remove

    with exit_codes():
        settings, base = _opened(config)
        found = find_case(base, case)
        if not yes:
            typer.confirm(f"Remove images and results of {found.study}?", abort=True)
        remove(base, settings, found)
        typer.echo(f"Images and results of {found.study} are removed.")


def _opened(config: Path) -> tuple[NodeSettings, Engine]:
    from oncontour.node.configuration.load import load_settings
    from oncontour.node.ledger.base import open_base

    settings = load_settings(config)
    return settings, open_base(settings.url)


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
