"""Results and the studies that they came from, kept at hand while people look."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path

from oncontour.core.errors import InputError
from oncontour.core.sequence import Sequence
from oncontour.core.study import Image
from oncontour.data.inputs import CaseInput, find_cases
from oncontour.review.results.alignment import Alignment, Alignments
from oncontour.review.results.images import Shown, read_reference, show
from oncontour.review.results.result import Result, find_results
from oncontour.review.results.source import Source
from oncontour.review.results.thumbnail import thumbnail

KEPT = 4
"""Cases whose images stay in memory: some 100 MB each, of DICOM studies 250."""


class Gallery:
    """What can be looked at.

    Args:
        folder: OUT of `oncontour segment`, or the folder of one case.
        studies: what was segmented, as it was given to `oncontour segment`; images are read from there.
        temporary: an empty folder for what has to be unpacked.
    """

    def __init__(self, folder: Path, studies: Iterable[Path], temporary: Path) -> None:
        self.results: Mapping[str, Result] = find_results(folder)
        self._inputs: Mapping[str, CaseInput] = {case.name: case for case in find_cases(studies, temporary)}
        self._shown: OrderedDict[str, Shown] = OrderedDict()
        self._lock = threading.Lock()
        self._thumbnails: dict[str, bytes] = {}
        self._drawing = threading.Lock()
        self._alignments = Alignments()

    def source(self, name: str) -> Image:
        """The image that a case's masks were drawn on, read anew.

        Raises:
            OncontourError: no study of that name was given, or it cannot be read.
        """
        return self._input(name).read().images[Sequence(self.results[name].measurements["reference"])]

    def shown(self, name: str) -> Shown:
        """The images of a case; read when they are first asked for.

        Raises:
            InputError: no study of that name was given, or it is another than the one that was segmented.
        """
        with self._lock:
            if name not in self._shown:
                self._shown[name] = show(self.results[name], self._source(name))
                while len(self._shown) > KEPT:
                    self._shown.popitem(last=False)
            self._shown.move_to_end(name)
            return self._shown[name]

    def thumbnail(self, name: str) -> bytes:
        """A small picture of a case (PNG), kept once it is made; one at a time, beside what else is asked.

        Raises:
            InputError: as `shown`.
        """
        with self._drawing:
            if name not in self._thumbnails:
                self._thumbnails[name] = thumbnail(self.results[name], self._source(name))
            return self._thumbnails[name]

    def alignment(self, name: str, other: str) -> Alignment:
        """How the head of one case lies in another, by the references of both.

        Raises:
            InputError: as `shown`.
        """
        first, second = (read_reference(self.results[one], self._source(one))[0] for one in (name, other))
        return self._alignments.between((name, other), first, second)

    def _source(self, name: str) -> Source:
        return Source(self.results[name], self._input(name))

    def _input(self, name: str) -> CaseInput:
        if name not in self._inputs:
            found = f"no images among {', '.join(self._inputs) or 'no studies'}"
            remedy = "Start the page with --studies and the paths that `oncontour segment` was given."
            raise InputError(name, found, "the study that was segmented", remedy)
        return self._inputs[name]
