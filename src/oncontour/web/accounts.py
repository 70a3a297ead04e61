"""Accounts with passwords, in a data base.

Passwords are kept as scrypt digests (RFC 7914) with `SCRYPT`, one of the settings that OWASP's Password Storage Cheat
Sheet holds equal: 32 MiB and some tenths of a second a guess. Sign-in is throttled in the data base, so that neither a
restart nor a second server gives anybody more guesses.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import secrets
import threading
import unicodedata
from typing import get_args

from sqlalchemy import Column, Engine, Float, Integer, MetaData, String, Table, Text, delete, func, select

from oncontour.core.errors import InputError
from oncontour.data.database import now
from oncontour.web.sessions import Person, Role

METADATA = MetaData()

ACCOUNTS = Table(
    "web_accounts",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("role", String(8), nullable=False),
    Column("password", Text, nullable=False),  # scrypt$n$r$p$salt$digest
)

TRIES = Table(
    "web_sign_in_tries",  # that failed, or are not decided yet
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("who", String(64), nullable=False, index=True),  # digest: people type passwords into the wrong field
    Column("at", Float, nullable=False),
)

SCRYPT = {"n": 2**15, "r": 8, "p": 3}
"""Cost, block size, lanes: 128 n r = 32 MiB."""

SCRYPT_BYTES = 64 * 2**20
"""That OpenSSL may take for it."""

SHORTEST, LONGEST = 12, 256
"""Characters of a password."""

WINDOW_S = 900.0
"""For which a failed sign-in counts."""

MOST_TRIES, MOST_OF_A_NAME = 5, 50
"""That fail within the window: of a name from one address, and of a name from all. The second is much the greater, lest
a stranger who fails on purpose shuts a rater out."""

_ONE_AT_A_TIME = threading.Lock()
"""Many sign-ins at once would take 32 MiB each."""


class TooManyTriesError(InputError):
    """Sign-in is refused for a while, whatever the password.

    Args:
        wait_s: seconds until it may be tried again.
    """

    def __init__(self, wait_s: int) -> None:
        minutes = math.ceil(wait_s / 60)
        remedy = f"Wait {minutes} minute{'' if minutes == 1 else 's'}."
        expected = f"at most {MOST_TRIES} in {WINDOW_S / 60:.0f} minutes"
        super().__init__("sign-in", "too many that failed", expected, remedy)
        self.wait_s = wait_s


def set_account(engine: Engine, name: str, role: str, password: str) -> None:
    """Make an account, or give it another role and password.

    Raises:
        InputError: no usable name or role, or a password too short.
    """
    if not 0 < len(name) <= 64 or not name.isprintable():
        raise InputError("account", f"a name of {len(name)} characters", "1 to 64 that can be printed", "Give another.")
    if role not in get_args(Role):
        raise InputError("account", f"role {role!r}", f"one of {', '.join(get_args(Role))}", "Give one of them.")
    if not SHORTEST <= len(password) <= LONGEST:
        expected = f"{SHORTEST} to {LONGEST}"
        raise InputError("password", f"{len(password)} characters", expected, "Four or five words make a good one.")
    row = {"role": role, "password": _hashed(password)}
    with engine.begin() as connection:
        connection.execute(delete(ACCOUNTS).where(ACCOUNTS.c.name == name))
        connection.execute(ACCOUNTS.insert(), {"name": name, **row})


def remove_account(engine: Engine, name: str) -> None:
    """Remove an account; sessions that it opened last until they end, or the server does.

    Raises:
        InputError: there is none of that name.
    """
    with engine.begin() as connection:
        if not connection.execute(delete(ACCOUNTS).where(ACCOUNTS.c.name == name)).rowcount:
            raise InputError("account", repr(name), "the name of an account", "Correct it.")


def account_names(engine: Engine) -> tuple[str, ...]:
    """Of all accounts."""
    with engine.connect() as connection:
        return tuple(connection.execute(select(ACCOUNTS.c.name).order_by(ACCOUNTS.c.name)).scalars())


def sign_in(engine: Engine, name: str, password: str, address: str) -> Person | None:
    """Whose password this is; None: nobody's of that name. An unknown name takes as long as a known one.

    Args:
        address: of who asks.

    Raises:
        TooManyTriesError: too many tries have failed.
    """
    whos = [_who(name, address), _who(name)]
    with engine.begin() as connection:  # It counts before it is checked: those that come at once count too.
        at = now(connection)
        connection.execute(delete(TRIES).where(TRIES.c.at < at - WINDOW_S))
        for who, most in zip(whos, (MOST_TRIES, MOST_OF_A_NAME), strict=True):
            count, oldest = connection.execute(
                select(func.count(), func.min(TRIES.c.at)).where(TRIES.c.who == who)
            ).one()
            if count >= most:
                raise TooManyTriesError(math.ceil(max(oldest + WINDOW_S - at, 1)))
        connection.execute(TRIES.insert(), [{"who": who, "at": at} for who in whos])
        row = connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.name == name[:64])).mappings().first()
    with _ONE_AT_A_TIME:
        good = _matches(password[:LONGEST], row["password"] if row else _NOBODYS)
    if row is None or not good:
        return None
    with engine.begin() as connection:
        connection.execute(delete(TRIES).where(TRIES.c.who.in_(whos)))
    return Person(row["name"], row["role"])


def _who(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    numbers = "$".join(str(SCRYPT[name]) for name in "nrp")
    return f"scrypt${numbers}${_text(salt)}${_text(_digest(password, salt, **SCRYPT))}"


def _matches(password: str, kept: str) -> bool:
    _, n, r, p, salt, digest = kept.split("$")
    found = _digest(password, base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, base64.b64decode(digest))


def _digest(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    """Of a password in one Unicode form: keyboards differ in how they compose letters (NIST SP 800-63B, 5.1.1.2)."""
    normal = unicodedata.normalize("NFKC", password).encode("utf-8", "replace")
    return hashlib.scrypt(normal, salt=salt, n=n, r=r, p=p, maxmem=SCRYPT_BYTES, dklen=32)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


_NOBODYS = f"scrypt${'$'.join(str(SCRYPT[name]) for name in 'nrp')}${_text(bytes(16))}${_text(bytes(32))}"
"""Matches no password that anybody will find; compared where a name is unknown."""
