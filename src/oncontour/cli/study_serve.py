"""`oncontour study serve` and `study account`: raters' pages, and who may open them from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from oncontour.cli.console import exit_codes
from oncontour.cli.listening import (
    HERE,
    Certificate,
    Host,
    Key,
    Names,
    Port,
    check_accounts,
    drop_account,
    host_names,
    is_local,
    keep_account,
    tls_context,
    until_stopped,
)

if TYPE_CHECKING:
    from oncontour.review.study.study import Study
    from oncontour.web.guard import Door

Place = Annotated[str, typer.Argument(metavar="STUDY", help="The study's SQLite file, or the URL of its data base.")]


def serve(
    place: Place,
    host: Host = HERE,
    port: Port = 0,
    names: Names = None,
    certificate: Certificate = None,
    key: Key = None,
) -> None:
    """Show raters their pages, until Ctrl-C. Each answer is saved at once; raters go on where they were."""
    with exit_codes():
        from oncontour.review.study.page.app import study_app
        from oncontour.review.study.page.pictures import Pictures
        from oncontour.review.study.study import open_study
        from oncontour.web.serve import serving

        hosts, tls = host_names(host, names or ()), tls_context(host, certificate, key)
        study = open_study(place)
        door, ended = _door(study, host), until_stopped()
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

    with exit_codes():
        study = open_study(place)
        if remove:
            drop_account(study.engine, name)
            return
        known = raters(study)
        if (role == "reader") != (name in known):
            expected = f"a reader: one of {', '.join(known)}; an admin: none of them, as admins never rate"
            raise InputError("account", f"{name!r} as {role!r}", expected, "Correct the name or --role.")
        keep_account(study.engine, name, role)


def _door(study: Study, host: str) -> Door:
    """Links of raters on this machine; from elsewhere, accounts."""
    import secrets

    from oncontour.review.study.rating import raters
    from oncontour.web.guard import Door
    from oncontour.web.sessions import Person

    if is_local(host):
        links = {secrets.token_urlsafe(24): Person(rater, "reader") for rater in raters(study)}
        return Door("oncontour study serve", links)
    check_accounts(study.engine, host, "Make them with `oncontour study account STUDY NAME`.")
    return Door("oncontour study serve", accounts=study.engine)


def _say(door: Door, address: str) -> None:
    if door.accounts is None:
        typer.echo("Each rater's own link; whoever has it rates under that name:")
        for token, person in door.links.items():
            typer.echo(f"  {person.name}  {address}?token={token}")
    else:
        typer.echo(f"Raters sign in at {address}")
    typer.echo("Ctrl-C ends it. Answers are saved as they are given.")
