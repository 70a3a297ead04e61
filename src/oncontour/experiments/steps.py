"""Steps that are done once: a folder each, with a `done.json` that is written last."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oncontour.core.errors import InputError
from oncontour.data.files import explained, read_json, write_json
from oncontour.data.locks import locked

DONE = "done.json"

RECIPE = "recipe.json"
"""In a work folder: what decides its results, as it was begun."""


@dataclass(frozen=True)
class Step:
    """Something to be done once.

    Args:
        name: in words.
        folder: of its own; it is made.
        work: does it; returns what is worth keeping of it, as JSON knows it.
        of: the arm whose step it is; "": of none, and all arms need it.
    """

    name: str
    folder: Path
    work: Callable[[], Mapping[str, Any]]
    of: str = ""

    @property
    def done(self) -> bool:
        """Whether it was finished, now or before."""
        return is_done(self.folder)

    def run(self) -> None:
        """Do it unless it is done, and write `done.json` with the seconds that it took; others wait meanwhile."""
        with locked(self.folder):
            if self.done:
                return
            began = time.monotonic()
            kept = dict(self.work())
            write_json(self.folder / DONE, {"step": self.name, "seconds": round(time.monotonic() - began, 1), **kept})


def is_done(folder: Path) -> bool:
    """Whether the step of a folder was finished."""
    return (folder / DONE).is_file()


def result_of(folder: Path) -> dict[str, Any]:
    """What was kept of a finished step, its `seconds` among it.

    Raises:
        InputError: it was not finished.
    """
    return read_json(folder / DONE, remedy="Run the recipe again: what is missing is done.")


def fix(work: Path, content: Mapping[str, Any]) -> None:
    """Keep what decides the results of a work folder; refuse one that was begun otherwise.

    Args:
        content: as JSON knows it.

    Raises:
        InputError: naming the first value that differs.
    """
    from oncontour.training.request import first_difference

    path = work / RECIPE
    if path.exists():
        differing = first_difference(read_json(path), content)
        if differing:
            where, old, new = differing
            remedy = "Run it in another folder (--work), or restore the recipe."
            raise InputError(work, f"a run begun with {where} {old}", f"{where} {new}, as the recipe has it", remedy)
        return
    with explained(work):
        work.mkdir(parents=True, exist_ok=True)
    write_json(path, dict(content))
