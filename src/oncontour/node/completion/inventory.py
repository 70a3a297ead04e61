"""What has come of a study, read from the spool: only what is new is opened."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from oncontour.node.completion.decide import Series
from oncontour.node.spool.meta import HEAD_BYTES, read_meta
from oncontour.node.spool.store import IMAGE, Spool, read_file_identity

SETTLED_S = 2.0
"""A folder that changed longer ago is not listed again: clocks of file systems tick no more slowly."""


@dataclass(frozen=True)
class Image:
    """An image of the spool.

    Args:
        sop_class, study, series, instance: UIDs.
        sender: who sent it.
        conflict: it came under a UID that another content had already.
        at: when, in seconds since 1970, by the file system's clock.
        heard: when it was first seen here, by a clock that nobody sets.
    """

    sop_class: str
    study: str = field(repr=False)
    series: str = field(repr=False)
    instance: str = field(repr=False)
    sender: str
    conflict: bool
    at: float
    heard: float


class Inventory:
    """A study's images as they come. Names in the spool never get another content, so each is opened once."""

    def __init__(self, spool: Spool, study: str) -> None:
        self._folder = spool.studies / study
        self._images: dict[str, Image] = {}
        self._changed = 0.0

    def refresh(self) -> Mapping[str, Image]:
        """All images that are there now, by name; none where the study was moved away."""
        try:
            changed = self._folder.stat().st_mtime
            if changed == self._changed and abs(time.time() - changed) > SETTLED_S:
                return self._images
            self._changed = changed
            names = {entry.name for entry in os.scandir(self._folder) if entry.name.endswith(IMAGE)}
        except FileNotFoundError:
            names = set()
        for name in self._images.keys() - names:
            del self._images[name]
        for name in sorted(names - self._images.keys()):
            image = _read(self._folder / name)
            if image is not None:
                self._images[name] = image
        return self._images


def series_of(images: Mapping[str, Image], now: float) -> dict[str, Series]:
    """How many of each series there are, conflicting ones once, and since when it is quiet."""
    numbers: dict[str, int] = {}
    last: dict[str, float] = {}
    for image in images.values():
        numbers[image.series] = numbers.get(image.series, 0) + (not image.conflict)
        last[image.series] = max(last.get(image.series, 0.0), image.heard)
    return {series: Series(number, now - last[series]) for series, number in numbers.items()}


def _read(path: Path) -> Image | None:
    try:
        with path.open("rb") as stream:
            meta = read_meta(stream.read(HEAD_BYTES))
            identity = read_file_identity(stream, meta) if meta else None
            at = os.fstat(stream.fileno()).st_mtime
    except FileNotFoundError:
        return None
    if meta is None or identity is None:
        return None
    conflict = len(path.suffixes) > 1
    heard = time.monotonic()
    return Image(
        identity.sop_class, identity.study, identity.series, identity.sop_instance, meta.sender, conflict, at, heard
    )
