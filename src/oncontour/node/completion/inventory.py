"""What has come of a study, read from the spool: only what is new is opened."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlalchemy import Engine

from oncontour.node.completion.decide import Series
from oncontour.node.ledger.deliveries import cases_of
from oncontour.node.spool.store import Spool
from oncontour.node.spool.studies import StoredImage, image_names, read_image

_STORAGE = "1.2.840.10008.5.1.4.1.1."

NO_IMAGES = tuple(_STORAGE + kind for kind in ("9.", "11.", "66", "88.", "104.", "481."))
"""How SOP classes of waveforms, presentation states, registrations and segmentations, structured reports and notes,
encapsulated documents and radiotherapy begin (PS3.4 Table B.5-1). Everything else may be an image: the rules see it."""

SETTLED_S = 2.0
"""A folder that changed longer ago is not listed again: clocks of file systems tick no more slowly."""


class Inventory:
    """A study's images as they come. Names in the spool never get another content, so each is opened once."""

    def __init__(self, spool: Spool, study: str) -> None:
        self._folder = spool.studies / study
        self._images: dict[str, StoredImage] = {}
        self._changed = 0.0

    def refresh(self) -> Mapping[str, StoredImage]:
        """All images that are there now, by name; none where the study was moved away."""
        try:
            changed = self._folder.stat().st_mtime
            if changed == self._changed and abs(time.time() - changed) > SETTLED_S:
                return self._images
            self._changed = changed
            names = image_names(self._folder)
        except FileNotFoundError:
            names = set()
        for name in self._images.keys() - names:
            del self._images[name]
        for name in sorted(names - self._images.keys()):
            image = read_image(self._folder / name)
            if image is not None:
                self._images[name] = image
        return self._images


def series_of(images: Mapping[str, StoredImage], now: float) -> dict[str, Series]:
    """How many of each series there are, conflicting ones once, and since when it is quiet."""
    numbers: dict[str, int] = {}
    last: dict[str, float] = {}
    for image in images.values():
        numbers[image.series] = numbers.get(image.series, 0) + (not image.conflict)
        last[image.series] = max(last.get(image.series, 0.0), image.heard)
    return {series: Series(number, now - last[series]) for series, number in numbers.items()}


def of_no_patient(base: Engine, images: Mapping[str, StoredImage]) -> set[str]:
    """Names of those that no scanner made: a PACS may send our results back, and readers' notes on them."""
    ours = cases_of(base, [image.instance for image in images.values()]) if images else {}
    return {name for name, image in images.items() if image.sop_class.startswith(NO_IMAGES) or image.instance in ours}
