"""Where a point of one scan lies in another of the same head."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.core.volume import Volume
from oncontour.preprocess.pyramid import pyramid
from oncontour.preprocess.register import register


@dataclass(frozen=True)
class Alignment:
    """A rigid motion.

    Args:
        transform: (4, 4), first world -> second world, RAS+ mm.
        similarity: normalised mutual information, 1 to 2.
    """

    transform: NDArray[np.float64]
    similarity: float


class Alignments:
    """Registrations of pairs of cases, each done once, one at a time: it takes seconds."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Alignment] = {}
        self._lock = threading.Lock()

    def between(self, names: tuple[str, str], first: Volume, second: Volume) -> Alignment:
        """The motion that carries the first image's head onto the second's."""
        with self._lock:
            if names not in self._found:
                found = register(pyramid(first), pyramid(second))
                self._found[names] = Alignment(found.transform, found.similarity)
                back = Alignment(np.linalg.inv(found.transform).astype(np.float64), found.similarity)
                self._found[names[1], names[0]] = back
            return self._found[names]
