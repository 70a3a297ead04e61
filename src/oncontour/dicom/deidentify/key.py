"""The key of an export: it turns UIDs, patients and other names into new ones, always the same, and undoes nothing."""

from __future__ import annotations

import hmac
import os
import secrets
from base64 import b32encode
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from oncontour.core.errors import InputError, OutputError

KEY_BYTES = 32
"""As long as the digest of SHA-256: a longer key adds nothing."""

LONGEST_SHIFT_DAYS = 1826
"""Five years: no public event gives a date away, and protocols and scanners stay of their time."""

_TOKEN_CHARACTERS = 8
_PSEUDONYM_CHARACTERS = 12


@dataclass(frozen=True)
class Key:
    """Secret bytes, and the names that follow from them. Without them no new name leads back to an old one."""

    secret: bytes = field(repr=False)

    def _digest(self, purpose: str, value: str) -> bytes:
        return hmac.digest(self.secret, f"{purpose}\0{value}".encode(), "sha256")

    def _letters(self, purpose: str, value: str, count: int) -> str:
        return b32encode(self._digest(purpose, value)).decode()[:count]

    def uid(self, old: str) -> str:
        """A UID under the root 2.25 (PS3.5 annex B.2): that of a UUID whose free bits are the digest's."""
        return f"2.25.{UUID(bytes=self._digest('uid', old)[:16], version=4).int}"

    def token(self, value: str) -> str:
        """A short name in letters and digits that fits every VR of text; unlike values get unlike ones."""
        return f"X_{self._letters('token', value, _TOKEN_CHARACTERS)}"

    def pseudonym(self, patient: str) -> str:
        """What a patient is called in the export."""
        return f"P-{self._letters('patient', patient, _PSEUDONYM_CHARACTERS)}"

    def shift_days(self, patient: str) -> int:
        """How many days a patient's dates go back: 1 to `LONGEST_SHIFT_DAYS`."""
        return 1 + int.from_bytes(self._digest("days", patient)[:8]) % LONGEST_SHIFT_DAYS


def load_or_make_key(path: Path) -> Key:
    """Read a key file, 64 hexadecimal digits; make it, for its owner's eyes alone, where there is none.

    Raises:
        InputError: the file holds no key, or others may read it.
        OutputError: it cannot be made.
    """
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _load_key(path)
    except OSError as error:
        remedy = "Create the folder first, or name another place with --key."
        raise OutputError(path, f"a key that cannot be made ({error.strerror})", "a new file", remedy) from error
    secret = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(number, "w", encoding="ascii") as file:
        file.write(secret.hex() + "\n")
    return Key(secret)


def _load_key(path: Path) -> Key:
    expected = f"{2 * KEY_BYTES} hexadecimal digits"
    remedy = "Name the key that was made for this project, or a new file."
    try:
        if path.stat().st_mode & 0o077:
            raise InputError(
                path, "a key that others may read", "a file for its owner alone", "Run: chmod 600 KEYFILE."
            )
        secret = bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise InputError(path, f"no readable key ({type(error).__name__})", expected, remedy) from None
    if len(secret) != KEY_BYTES:
        raise InputError(path, f"a key of {len(secret)} bytes", expected, remedy)
    return Key(secret)
