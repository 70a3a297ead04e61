"""Results and the studies that they came from, kept at hand while people look."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from oncontour.core.sequence import Sequence
from oncontour.core.study import Image
from oncontour.review.results.alignment import Alignment, Alignments
from oncontour.review.results.cases import Cases
from oncontour.review.results.images import Shown, read_reference, show
from oncontour.review.results.result import Result
from oncontour.review.results.source import Source
from oncontour.review.results.thumbnail import thumbnail

KEPT = 4
"""Cases whose images stay in memory: some 100 MB each, of DICOM studies 250."""


class Gallery:
    """What can be looked at."""

    def __init__(self, cases: Cases) -> None:
        self.cases = cases
        self._shown: OrderedDict[Result, Shown] = OrderedDict()
        self._lock = threading.Lock()
        self._thumbnails: dict[Result, bytes] = {}
        self._drawing = threading.Lock()
        self._alignments = Alignments()

    @property
    def results(self) -> Mapping[str, Result]:
        """Every case, as it is now."""
        return self.cases.results()

    def source(self, name: str) -> Image:
        """The image that a case's masks were drawn on, read anew.

        Raises:
            OncontourError: no study of that name was given, or it cannot be read.
        """
        return self.cases.images(name).read().images[Sequence(self.results[name].measurements["reference"])]

    def shown(self, name: str) -> Shown:
        """The images of a case; read when they are first asked for.

        Raises:
            InputError: no study of that name was given, or it is another than the one that was segmented.
        """
        result = self.results[name]
        with self._lock:
            if result not in self._shown:
                self._shown[result] = show(result, self._source(result))
                while len(self._shown) > KEPT:
                    self._shown.popitem(last=False)
            self._shown.move_to_end(result)
            return self._shown[result]

    def thumbnail(self, name: str) -> bytes:
        """A small picture of a case (PNG), kept once it is made; one at a time, beside what else is asked.

        Raises:
            InputError: as `shown`.
        """
        result = self.results[name]
        with self._drawing:
            if result not in self._thumbnails:
                self._thumbnails[result] = thumbnail(result, self._source(result))
            return self._thumbnails[result]

    def alignment(self, name: str, other: str) -> Alignment:
        """How the head of one case lies in another, by the references of both.

        Raises:
            InputError: as `shown`.
        """
        results = self.results[name], self.results[other]
        first, second = (read_reference(one, self._source(one))[0] for one in results)
        return self._alignments.between((name, other), first, second)

    def _source(self, result: Result) -> Source:
        return Source(result, self.cases.images(result.name))
