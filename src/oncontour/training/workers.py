"""Cases made or prepared side by side, in processes; one that fails never stops the others."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from oncontour.core.errors import OncontourError
from oncontour.data.parallel import each
from oncontour.training.prepared import PreparedCase

Item = TypeVar("Item")

Progress = Callable[[int, int], None]
"""Called with the number of cases done and their total."""


def in_processes(
    work: Callable[[Item], PreparedCase], items: Iterable[Item], workers: int, progress: Progress
) -> tuple[list[PreparedCase], dict[str, str]]:
    """Results in the order of the items, and why the others failed, by the item's name (or its number).

    Raises:
        InputError: the system ended a process.
    """
    items = list(items)
    made, failed = [], {}
    outcomes = each(_Guarded(work), items, workers, _one_thread)
    for done, (item, outcome) in enumerate(zip(items, outcomes, strict=True), start=1):
        if isinstance(outcome, str):
            failed[getattr(item, "name", str(item))] = outcome
        else:
            made.append(outcome)
        progress(done, len(items))
    return made, failed


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
