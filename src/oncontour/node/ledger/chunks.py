"""Queries about many things ask about so many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

ASKED_AT_ONCE = 1000
"""Values of one query; SQLite takes 32,766, and a functional study has more images."""


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """The values without doubles, in parts that one query takes.

    >>> [len(part) for part in chunks(str(n) for n in range(1001))]
    [1000, 1]
    """
    rest = sorted(set(values))
    for first in range(0, len(rest), ASKED_AT_ONCE):
        yield rest[first : first + ASKED_AT_ONCE]
