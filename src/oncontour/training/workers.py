"""Cases made or prepared side by side, in processes; one that fails never stops the others."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from oncontour.core.errors import InputError, OncontourError
from oncontour.training.prepared import PreparedCase

Item = TypeVar("Item")

Progress = Callable[[int, int], None]
"""Called with the number of cases done and their total."""


def in_processes(
    work: Callable[[Item], PreparedCase], items: Iterable[Item], workers: int, progress: Progress
) -> tuple[list[PreparedCase], dict[str, str]]:
    """Results in the order of the items, and why the others failed, by the item's name (or its number)."""
    items = list(items)
    guarded = _Guarded(work)
    outcomes: dict[int, PreparedCase | str] = {}

    def keep(number: int, outcome: PreparedCase | str) -> None:
        outcomes[number] = outcome
        progress(len(outcomes), len(items))

    if workers <= 1 or len(items) <= 1:
        for number, item in enumerate(items):
            keep(number, guarded(item))
    else:
        _parallel(guarded, items, workers, keep)
    names = [getattr(item, "name", str(item)) for item in items]
    ordered = [outcomes[number] for number in range(len(items))]
    failed = {name: one for name, one in zip(names, ordered, strict=True) if isinstance(one, str)}
    return [one for one in ordered if isinstance(one, PreparedCase)], failed


def _parallel(
    work: Callable[[Item], PreparedCase | str],
    items: list[Item],
    workers: int,
    keep: Callable[[int, PreparedCase | str], None],
) -> None:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    with ProcessPoolExecutor(min(workers, len(items)), get_context("spawn"), initializer=_one_thread) as pool:
        jobs = {pool.submit(work, item): number for number, item in enumerate(items)}
        try:
            for job in as_completed(jobs):
                keep(jobs[job], job.result())
        except BrokenProcessPool as error:
            found = "a process that the system ended"
            remedy = "Memory may have run out: prepare with fewer --workers. What is done is kept."
            raise InputError("preparation", found, "every case prepared", remedy) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one_thread() -> None:
    """Processes work side by side: threads within each would wait for one another."""
    import torch

    torch.set_num_threads(1)


@dataclass(frozen=True)
class _Guarded:
    """Work on one item that gives a sentence where it would raise."""

    work: Callable[[Any], PreparedCase]

    def __call__(self, item: Any) -> PreparedCase | str:
        try:
            return self.work(item)
        except OncontourError as error:
            return str(error)
        except Exception as error:  # A mistake of ours must not cost the user the other cases.
            place = traceback.extract_tb(error.__traceback__)[-1]
            return f"a mistake of ours: {type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
