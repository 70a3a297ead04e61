"""How far a run is, told to whoever listens; and how long each step took."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from oncontour.core.checks import Step

Progress = Callable[[str, str, float], None]
"""Called with the case's name, what it is at, and how much of the case is done, 0 to 1."""

STAGE_SHARES = {
    "reading": 0.05,
    "preprocessing": 0.50,
    "segmentation": 0.20,
    "postprocessing": 0.04,
    "measurement": 0.01,
    "certainty": 0.13,
    "checks of the result": 0.02,
    "writing": 0.05,
}
"""Share of a case's time that each stage takes, roughly: the progress bar's scale."""

PREPROCESSING_STARTS = {
    "content": 0.0,
    "brain": 0.02,
    "register": 0.25,
    "resample": 0.60,
    "bias field": 0.65,
    "normalise": 0.85,
    "checks": 0.88,
}
"""How much of preprocessing is done when a step of it begins, roughly."""


def quiet(case: str, stage: str, fraction: float) -> None:
    """Nobody listens."""


class Clock:
    """Times the stages of one case, and tells of them.

    Args:
        case: the case's name.
        progress: told at the start of each stage and within it.
    """

    def __init__(self, case: str, progress: Progress = quiet) -> None:
        self.steps: list[Step] = []
        self._case = case
        self._progress = progress
        self._stage = next(iter(STAGE_SHARES))
        self._began = perf_counter()

    @property
    def seconds(self) -> float:
        """Wall time since the clock was made; less than the sum of the steps, of which some run side by side."""
        return perf_counter() - self._began

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[str], None]]:
        """Time a stage; the block gets a function that says in a sentence what it did."""
        self._stage = name
        self.within(0.0)
        sentences: list[str] = []
        began = perf_counter()
        yield sentences.append
        self.steps.append(Step(name, perf_counter() - began, " ".join(sentences)))
        self.within(1.0)

    def preprocessing(self, step: str) -> None:
        """Tell that a step of preprocessing begins."""
        self.within(PREPROCESSING_STARTS.get(step, 0.0), f"preprocessing, {step}")

    def within(self, fraction: float, what: str | None = None) -> None:
        """Tell how much of the running stage is done, 0 to 1."""
        before = 0.0
        for name, share in STAGE_SHARES.items():
            if name == self._stage:
                self._progress(self._case, what or name, before + share * min(max(fraction, 0.0), 1.0))
                return
            before += share
