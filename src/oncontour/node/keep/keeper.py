"""Looks at what has come of age, again and again, and removes it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine

from oncontour.core.errors import OncontourError
from oncontour.data.database import now
from oncontour.data.files import explained
from oncontour.node.background import repeating
from oncontour.node.keep.due import images_due, results_due, room_due
from oncontour.node.keep.images import Due, remove_taken, take_away, taken_away, without_case
from oncontour.node.keep.results import archive_results, case_of, is_corrected, remove_results
from oncontour.node.keep.settings import KeepSettings
from oncontour.node.ledger.case import Standing, State, present, study_of
from oncontour.node.ledger.cases import parts_of, standings
from oncontour.node.receive.disk import free_bytes
from oncontour.node.spool.store import Spool
from oncontour.node.spool.studies import study_tokens

LOCK = ".keep.lock"

_MB = 1_000_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Study:
    """A study of the spool.

    Args:
        parts: how its cases stand, without those that were purged.
        came_at: when its last image came, in seconds since 1970.
    """

    name: str
    parts: list[Standing]
    came_at: float


class Keeper:
    """Removes what has come of age at a place that several nodes may share: one of them at a time looks.

    Args:
        node: in the audit trail.
        place: of spool, cases and results.
        free: bytes left in a folder.

    Attributes:
        trouble: what could not be removed at the last look; None: nothing.
    """

    def __init__(
        self,
        base: Engine,
        node: str,
        place: Path,
        spool: Spool,
        settings: KeepSettings,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._base, self._node, self._place, self._settings, self._free = base, node, place, settings, free
        self._spool = spool
        self.trouble: str | None = None

    def look(self) -> None:
        """Remove what is due."""
        try:
            with FileLock(self._place / LOCK, timeout=0):
                self._look()
        except Timeout:
            return  # Another node is at it.

    def _look(self) -> None:
        self.trouble = None
        with self._base.connect() as connection:
            at = now(connection)
        for folder in taken_away(self._spool):
            self._try(lambda folder=folder: self._finish(folder, at))
        results = sorted((self._place / "results").glob("*.*"))
        tokens = study_tokens(self._spool)
        cases = standings(self._base, [*(study_of(case_of(folder)) for folder in results), *tokens])
        by_name = {case.case: case for case in cases}
        for folder in results:
            if case := by_name.get(case_of(folder)):
                self._try(lambda folder=folder, case=case: self._results(folder, case, at))
        studies = self._studies(tokens, cases)
        for study in studies:
            if images_due(study.parts, study.came_at, self._settings) <= at:
                self._try(lambda study=study: self._images(study, self._of_age(study.came_at, at), "age"))
        if self._settings.free_mb is not None:
            self._make_room([study for study in studies if study.parts], self._settings.free_mb * _MB, at)

    def _studies(self, tokens: Iterable[str], cases: list[Standing]) -> list[Study]:
        """Those of the spool that are still there, the oldest first."""
        parts = {study: tuple(group) for study, group in groupby(cases, key=lambda case: case.study)}
        found = []
        for name in tokens:
            try:
                came_at = (self._spool.studies / name).stat().st_mtime
            except FileNotFoundError:
                continue
            found.append(Study(name, present(parts.get(name, ())), came_at))
        return sorted(found, key=lambda study: study.came_at)

    def _of_age(self, came_at: float, at: float) -> Due:
        return lambda parts: images_due(present(parts), came_at, self._settings) <= at

    def _make_room(self, studies: list[Study], wanted: float, at: float) -> None:
        for study in studies:
            if self._free(self._spool.folder) >= wanted:
                return
            came_at = study.came_at

            def due(parts: Sequence[Standing], came_at: float = came_at) -> bool:
                return room_due(present(parts), came_at, self._settings) <= at

            if due(study.parts):
                self._try(lambda study=study, due=due: self._images(study, due, "room"))

    def _images(self, study: Study, due: Due, why: str) -> None:
        folder = self._spool.studies / study.name
        with explained(folder):
            if without_case(self._base, folder, present(parts_of(self._base, study.name))):
                return  # Some of them wait for a case.
        taken = take_away(self._spool, study.name)
        if taken is not None:
            self._remove(taken, due, why)

    def _finish(self, folder: Path, at: float) -> None:
        """What a kill interrupted: an age that had come, or a purge."""
        of_age = self._of_age(folder.stat().st_mtime, at)

        def due(parts: Sequence[Standing]) -> bool:
            return of_age(parts) or (bool(parts) and not present(parts))

        self._remove(folder, due, "interrupted before")

    def _remove(self, folder: Path, due: Due, why: str) -> None:
        if remove_taken(self._base, self._node, self._spool, self._place / "cases", folder, due, why):
            _log.info("images of study %s are removed: %s", folder.name, why)

    def _results(self, folder: Path, case: Standing, at: float) -> None:
        if results_due(case, self._settings) > at:
            return
        archive = self._settings.archive
        if archive is not None and case.state is State.DELIVERED:
            archive_results(self._base, self._node, folder, archive)
        elif not is_corrected(folder):
            remove_results(self._base, self._node, folder, "age")

    def _try(self, work: Callable[[], object]) -> None:
        """One that cannot be removed must not keep the others."""
        try:
            with explained(self._place):
                work()
        except OncontourError as error:
            self.trouble = f"something cannot be removed: {error.found}"
            _log.error("%s", error)


@contextmanager
def keeping(keeper: Keeper, every_s: float) -> Iterator[None]:
    """Look in the background while the block runs."""
    with repeating("keep", every_s, keeper.look):
        yield
