"""A line for each piece of a long work, with the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Piece = TypeVar("Piece")


def paced(pieces: Sequence[Piece], named: Callable[[Piece], str]) -> Iterator[Piece]:
    """The pieces one by one, each told when it is done: how long it took, how long the others will at this pace."""
    began = time.monotonic()
    for number, piece in enumerate(pieces, start=1):
        at = time.monotonic()
        yield piece
        now = time.monotonic()
        left = (now - began) / number * (len(pieces) - number)
        print(f"[{number}/{len(pieces)}] {named(piece)}: {now - at:.0f} s; {left / 60:.0f} min left", flush=True)
