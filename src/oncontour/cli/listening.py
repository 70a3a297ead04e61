"""Where a page listens: on this machine by links, elsewhere by TLS and accounts."""

from __future__ import annotations

import ipaddress
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import ssl

    from sqlalchemy import Engine

Host = Annotated[str, typer.Option("--host", help="Address to listen at; other than this machine's own: TLS.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")]
Names = Annotated[
    list[str] | None, typer.Option("--name", metavar="NAME", help="Host name that people type; may be repeated.")
]
Certificate = Annotated[Path | None, typer.Option("--certificate", metavar="FILE.pem", help="For TLS.")]
Key = Annotated[Path | None, typer.Option("--key", metavar="FILE.pem", help="Its key, without a password.")]

HERE = "127.0.0.1"
LOCAL = "localhost"


def is_local(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == LOCAL or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_names(host: str, names: Sequence[str]) -> tuple[str, ...]:
    """Names under which the page may be asked, the one to show first.

    Raises:
        InputError: it listens everywhere, and nobody said under which name.
    """
    from oncontour.core.errors import InputError

    if is_local(host):
        return (host, *names, HERE, LOCAL)
    if host in ("0.0.0.0", "::") and not names:
        raise InputError("--host", host, "the host name that people type", "Give it with --name.")
    return (*names, host)


def tls_context(host: str, certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """TLS; None on this machine where none was asked for.

    Raises:
        InputError: no certificate and key for an address that others reach, or files that are none.
    """
    from oncontour.core.errors import InputError
    from oncontour.web.tls import Tls, server_context

    if certificate is None or key is None:
        if certificate or key or not is_local(host):
            found = "no certificate and key"
            remedy = "Give --certificate and --key: without TLS anybody on the way reads passwords and images."
            raise InputError(f"--host {host}", found, "both, to listen there", remedy)
        return None
    return server_context(Tls(certificate=certificate, key=key))


def check_accounts(engine: Engine, host: str, remedy: str) -> None:
    """Refuse to listen where nobody could come in.

    Raises:
        InputError: there are no accounts.
    """
    from oncontour.core.errors import InputError
    from oncontour.web.accounts import METADATA, account_names

    METADATA.create_all(engine)
    if not account_names(engine):
        raise InputError(f"--host {host}", "no accounts", "one for each who may come in", remedy)


def keep_account(engine: Engine, name: str, role: str) -> None:
    """Make an account, or change its role and password, which is asked for on the terminal.

    Raises:
        InputError: no usable name, role or password.
    """
    from oncontour.web.accounts import METADATA, SHORTEST, set_account

    METADATA.create_all(engine)
    words = f"Password of {name} ({SHORTEST} characters or more)"
    set_account(engine, name, role, typer.prompt(words, hide_input=True, confirmation_prompt=True))
    typer.echo(f"Kept: {name}, {role}.")


def drop_account(engine: Engine, name: str) -> None:
    """Remove an account.

    Raises:
        InputError: there is none of that name.
    """
    from oncontour.web.accounts import METADATA, remove_account

    METADATA.create_all(engine)
    remove_account(engine, name)
    typer.echo(f"Removed: {name}. A server that is running ends what it had opened when it is started anew.")


def until_stopped() -> threading.Event:
    """Set by Ctrl-C or SIGTERM from now on."""
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    return ended
