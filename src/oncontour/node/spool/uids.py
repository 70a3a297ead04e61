"""UIDs, and the names that stand for them: a peer's text never becomes a path."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

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


def uid_in(dataset: Dataset, keyword: str) -> str | None:
    """A UID of a data set, None where it is none. As it came: pydicom would put into a warning what is no UID."""
    element = dataset.get_item(keyword)
    if element is None or element.value is None:
        return None
    value = element.value
    return uid_of(value if isinstance(value, bytes) else str(value).encode("utf-8", "replace"))


def token(uid: str) -> str:
    """The name that stands for a UID.

    >>> token("1.2.840.10008.1.1")
    '7a96f697a695cd07561035711de364f9'
    """
    return hashlib.sha256(uid.encode("ascii")).hexdigest()[:TOKEN_DIGITS]
