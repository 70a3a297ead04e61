"""`oncontour review`: the page."""

from __future__ import annotations

from pathlib import Path
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
    from sqlalchemy import Engine

    from oncontour.review.results.cases import Cases
    from oncontour.web.guard import Door

ACCOUNTS = Path("accounts.sqlite")


def register(app: typer.Typer) -> None:
    """Add `oncontour review` and `oncontour account` to the command line."""
    app.command("review")(review)
    app.command("account")(account)


def review(
    results: Annotated[
        Path | None, typer.Argument(metavar="RESULTS", help="Folder that `oncontour segment` wrote to.")
    ] = None,
    studies: Annotated[
        list[Path] | None,
        typer.Option("--studies", "-s", metavar="STUDY", help="What was segmented; give it again for more."),
    ] = None,
    node: Annotated[
        Path | None,
        typer.Option("--node", metavar="NODE.yaml", help="In place of RESULTS: the cases of a node, as they come."),
    ] = None,
    days: Annotated[float, typer.Option("--days", min=0.0, help="Since a case of the node ended.")] = 7.0,
    visits: Annotated[
        list[Path] | None,
        typer.Option("--visits", metavar="TABLE.csv", help="Scans of one patient, as `oncontour follow` takes them."),
    ] = None,
    criteria: Annotated[str, typer.Option("--criteria", help="Of follow-ups; see `oncontour follow`.")] = "RANO",
    show_dates: Annotated[bool, typer.Option("--show-dates", help="Dates too, not days since baseline alone.")] = False,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    host: Host = HERE,
    port: Port = 0,
    names: Names = None,
    certificate: Certificate = None,
    key: Key = None,
    accounts: Annotated[
        Path, typer.Option("--accounts", metavar="FILE", help="Of who may come in from elsewhere; `oncontour account`.")
    ] = ACCOUNTS,
) -> None:
    """Look at results in the browser, until Ctrl-C: on this machine by a link, from elsewhere by TLS and accounts."""
    import webbrowser
    from tempfile import TemporaryDirectory

    with exit_codes(), TemporaryDirectory(prefix="oncontour-") as temporary:
        from oncontour.review.page.app import review_app
        from oncontour.review.results.follow_ups import FollowUps
        from oncontour.review.results.gallery import Gallery
        from oncontour.web.serve import serving

        hosts, tls = host_names(host, names or ()), tls_context(host, certificate, key)
        door = _door(host, accounts)
        gallery = Gallery(_cases(results, studies or [], node, days, Path(temporary)))
        follow_ups = FollowUps(visits or [], gallery.results, criteria, show_dates=show_dates)
        ended = until_stopped()
        with serving(review_app(gallery, door, hosts, follow_ups), host, port, "review", tls) as listening:
            link = f"http{'s' if tls else ''}://{hosts[0]}:{listening}/"
            link += "".join(f"?token={token}" for token in door.links)
            typer.echo(f"{len(gallery.results)} cases{' by now' if gallery.cases.live else ''}: {link}")
            typer.echo("Ctrl-C ends it.")
            if browser and is_local(host):
                webbrowser.open(link)
            ended.wait()


def account(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Under which marks and corrections are kept.")],
    accounts: Annotated[Path, typer.Option("--accounts", metavar="FILE", help="Where accounts are.")] = ACCOUNTS,
    role: Annotated[
        str, typer.Option("--role", help="reader: looks, marks and corrects. admin: looks alone.")
    ] = "reader",
    remove: Annotated[bool, typer.Option("--remove", help="Remove the account; what it kept stays.")] = False,
) -> None:
    """Make an account for `oncontour review --host`, or change its password, which is asked for here."""
    with exit_codes():
        engine = _accounts(accounts)
        if remove:
            drop_account(engine, name)
        else:
            keep_account(engine, name, role)


def _cases(results: Path | None, studies: list[Path], node: Path | None, days: float, temporary: Path) -> Cases:
    from oncontour.core.errors import InputError
    from oncontour.review.results.cases import FolderCases

    if node is None and results is not None:
        return FolderCases(results, studies, temporary)
    if node is None or results is not None or studies:
        found = "no results" if node is None else "a folder of results or studies beside --node"
        raise InputError("oncontour review", found, "RESULTS, or --node NODE.yaml alone", "Give one of the two.")
    from oncontour.node.configuration.load import load_settings
    from oncontour.node.ledger.base import open_base
    from oncontour.node.shown import NodeCases

    settings = load_settings(node)
    return NodeCases(settings, open_base(settings.url), temporary, days)


def _accounts(file: Path) -> Engine:
    from oncontour.data.database import open_database
    from oncontour.web.accounts import METADATA

    return open_database(f"sqlite:///{file}", METADATA)


def _door(host: str, accounts: Path) -> Door:
    """One link on this machine; from elsewhere, accounts."""
    import secrets

    from oncontour.core.errors import InputError
    from oncontour.web.guard import Door
    from oncontour.web.sessions import Person

    command = "oncontour review"
    if is_local(host):
        return Door(command, {secrets.token_urlsafe(24): Person("", "reader")})
    remedy = f"Make them with `oncontour account NAME --accounts {accounts}`."
    if not accounts.exists():
        raise InputError(accounts, "no such file", "accounts, to listen elsewhere", remedy)
    engine = _accounts(accounts)
    check_accounts(engine, host, remedy)
    return Door(command, accounts=engine)
