"""`oncontour study serve` and `study account`: raters' pages, and who may open them from elsewhere."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oncontour.cli.console import exit_codes

if TYPE_CHECKING:
    import ssl

    from oncontour.review.study.study import Study
    from oncontour.web.guard import Door

Place = Annotated[str, typer.Argument(metavar="STUDY", help="The study's SQLite file, or the URL of its data base.")]

LOCAL = "localhost"


def serve(
    place: Place,
    host: Annotated[str, typer.Option("--host", help="Address to listen at; other than this machine's own: TLS.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 0,
    names: Annotated[
        list[str] | None, typer.Option("--name", metavar="NAME", help="Host name that raters type; may be repeated.")
    ] = None,
    certificate: Annotated[Path | None, typer.Option("--certificate", metavar="FILE.pem", help="For TLS.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE.pem", help="Its key, without a password.")] = None,
) -> None:
    """Show raters their pages, until Ctrl-C. Each answer is saved at once; raters go on where they were."""
    import signal
    import threading

    with exit_codes():
        from oncontour.review.study.page.app import study_app
        from oncontour.review.study.page.pictures import Pictures
        from oncontour.review.study.study import open_study
        from oncontour.web.serve import serving

        hosts, tls = _hosts(host, names or ()), _tls(host, certificate, key)
        study = open_study(place)
        door = _door(study, host)
        ended = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: ended.set())
        pictures = Pictures(study, lambda text: typer.echo(text, err=True))
        with serving(study_app(study, door, hosts, pictures), host, port, "study", tls) as listening:
            _say(door, f"http{'s' if tls else ''}://{hosts[0]}:{listening}/")
            ended.wait()


def account(
    place: Place,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A rater of the study, or anyone with --role admin.")],
    role: Annotated[str, typer.Option("--role", help="reader: rates. admin: sees how far raters are.")] = "reader",
    remove: Annotated[bool, typer.Option("--remove", help="Remove the account; answers stay.")] = False,
) -> None:
    """Make an account, or change its password, which is asked for here. They are for `study serve --host`."""
    from oncontour.core.errors import InputError
    from oncontour.review.study.rating import raters
    from oncontour.review.study.study import open_study
    from oncontour.web.accounts import SHORTEST, remove_account, set_account

    with exit_codes():
        study = open_study(place)
        _with_accounts(study)
        if remove:
            remove_account(study.engine, name)
            typer.echo(f"Removed: {name}. A server that is running ends what it had opened when it is started anew.")
            return
        known = raters(study)
        if (role == "reader") != (name in known):
            expected = f"a reader: one of {', '.join(known)}; an admin: none of them, as admins never rate"
            raise InputError("account", f"{name!r} as {role!r}", expected, "Correct the name or --role.")
        words = f"Password of {name} ({SHORTEST} characters or more)"
        set_account(study.engine, name, role, typer.prompt(words, hide_input=True, confirmation_prompt=True))
        typer.echo(f"Kept: {name}, {role}.")


def _local(host: str) -> bool:
    try:
        return host == LOCAL or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hosts(host: str, names: Sequence[str]) -> tuple[str, ...]:
    """Names under which the pages may be asked, the one to show first."""
    from oncontour.core.errors import InputError

    if _local(host):
        return (host, *names, "127.0.0.1", LOCAL)
    if host in ("0.0.0.0", "::") and not names:
        raise InputError("--host", host, "the host name that raters type", "Give it with --name.")
    return (*names, host)


def _tls(host: str, certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    from oncontour.core.errors import InputError
    from oncontour.web.tls import Tls, server_context

    if certificate is None or key is None:
        if certificate or key or not _local(host):
            found = "no certificate and key"
            remedy = "Give --certificate and --key: without TLS anybody on the way reads passwords and images."
            raise InputError(f"--host {host}", found, "both, to listen there", remedy)
        return None
    return server_context(Tls(certificate=certificate, key=key))


def _door(study: Study, host: str) -> Door:
    """Links of raters on this machine; from elsewhere, accounts."""
    import secrets

    from oncontour.core.errors import InputError
    from oncontour.review.study.rating import raters
    from oncontour.web.accounts import account_names
    from oncontour.web.guard import Door
    from oncontour.web.sessions import Person

    if _local(host):
        links = {secrets.token_urlsafe(24): Person(rater, "reader") for rater in raters(study)}
        return Door("oncontour study serve", links)
    _with_accounts(study)
    if not account_names(study.engine):
        remedy = "Make them with `oncontour study account STUDY NAME`."
        raise InputError(f"--host {host}", "no accounts", "one for each rater", remedy)
    return Door("oncontour study serve", accounts=study.engine)


def _with_accounts(study: Study) -> None:
    """Make the tables of accounts where they are not there."""
    from oncontour.web.accounts import METADATA

    METADATA.create_all(study.engine)


def _say(door: Door, address: str) -> None:
    if door.accounts is None:
        typer.echo("Each rater's own link; whoever has it rates under that name:")
        for token, person in door.links.items():
            typer.echo(f"  {person.name}  {address}?token={token}")
    else:
        typer.echo(f"Raters sign in at {address}")
    typer.echo("Ctrl-C ends it. Answers are saved as they are given.")
