"""UIDs, and the names that stand for them: a peer's text never becomes a path."""

from __future__ import annotations

import hashlib
import re

_UID = re.compile(r"[0-9.]{1,64}")
"""PS3.5 9.1, but for empty and zero-led components, which scanners do write."""

TOKEN_DIGITS = 32
"""128 of SHA-256's 256 bits, in hexadecimal: no two UIDs will meet, and one need not be readable."""

TOKEN = re.compile(rf"[0-9a-f]{{{TOKEN_DIGITS}}}")


def uid_of(value: bytes) -> str | None:
    r"""A UID as it stands in a data set, without its padding; None where it is none.

    >>> uid_of(b"1.2.840.10008.1.1\x00")
    '1.2.840.10008.1.1'
    >>> uid_of(b"../../etc/passwd") is None
    True
    """
    text = value.decode("ascii", "replace").rstrip("\x00 ")
    return text if _UID.fullmatch(text) else None


def token(uid: str) -> str:
    """The name that stands for a UID.

    >>> token("1.2.840.10008.1.1")
    '7a96f697a695cd07561035711de364f9'
    """
    return hashlib.sha256(uid.encode("ascii")).hexdigest()[:TOKEN_DIGITS]
