"""What a training's steps took, seen from where its batches are given out: the same for every program."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from own_memory import peak_bytes

Batch = TypeVar("Batch")


@dataclass
class Clock:
    """Seconds of each step: from when its batch is asked for until the next one is.

    Args:
        seconds: of each step.
        waited: of these, until the batch was there.
        peak_bytes: the largest resident memory of the training process so far, without those that draw its batches.
    """

    seconds: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    def __call__(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches, timed."""
        asked = time.perf_counter()
        for batch in batches:
            given = time.perf_counter()
            yield batch
            done = time.perf_counter()
            self.seconds.append(done - asked)
            self.waited.append(given - asked)
            self.peak_bytes = peak_bytes()
            asked = done
