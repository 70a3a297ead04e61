"""A node's cases on the review page, as they are at this moment."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock

from sqlalchemy import Engine

from oncontour.data.database import now
from oncontour.data.files import explained
from oncontour.data.inputs import CaseInput, find_cases
from oncontour.node.configuration.settings import NodeSettings
from oncontour.node.desk import PERSON, images_of
from oncontour.node.ledger.case import Case, State
from oncontour.node.ledger.cases import cases_since
from oncontour.node.marks.marks import mark
from oncontour.review.results.result import Result, read_result

FRESH_S = 2.0
"""For so long the ledger is not asked again, however many look."""

DAY_S = 86400.0

REASONS = {
    State.COMPLETE: "It has come, and waits for the rules.",
    State.WAITING: "It waits for its turn.",
    State.WORKING: "It is being segmented.",
    State.IGNORED: "A rule says that it is not to be segmented.",
    State.PURGED: "It was removed.",
}
"""Why a case has no result, where the ledger says no more."""


class NodeCases:
    """Cases of a node's ledger, with the results and images of its place.

    Args:
        settings, base: of the node, which may run on another machine that shares both.
        temporary: an empty folder.
        days: since a case ended, for which it is shown.
    """

    live = True

    def __init__(self, settings: NodeSettings, base: Engine, temporary: Path, days: float) -> None:
        self._settings, self._base, self._temporary, self._days = settings, base, temporary, days
        self._lock, self._linking = Lock(), Lock()
        self._asked_at = -FRESH_S
        self._results: dict[str, Result] = {}
        self._cases: dict[str, Case] = {}

    def results(self) -> Mapping[str, Result]:
        """All that came lately, the newest first."""
        with self._lock:
            if time.monotonic() - self._asked_at >= FRESH_S:
                self._look()
                self._asked_at = time.monotonic()
            return self._results

    def images(self, name: str) -> CaseInput:
        """Those of the node's spool, linked to a folder of their own, as they were when it was segmented."""
        images = images_of(self._settings.place / "spool" / "studies", self._cases[name])
        folder = self._temporary / name
        with self._linking, explained(folder):
            if not folder.exists():
                part = folder.with_name(f".{name}.part")
                shutil.rmtree(part, ignore_errors=True)
                part.mkdir()
                for image in images:
                    (part / image.name).symlink_to(image.resolve())
                part.rename(folder)
        return find_cases([folder], self._temporary)[0]

    def marked(self, name: str, useful: bool, by: str, reason: str) -> None:
        """The ledger keeps it too."""
        mark(self._base, PERSON, name, useful, f"page: {by}", reason)

    def _look(self) -> None:
        with self._base.connect() as connection:
            since = now(connection) - self._days * DAY_S
        cases = {case.case: case for case in cases_since(self._base, since) if case.state is not State.PURGED}
        self._results = {name: self._result(case) for name, case in cases.items()}
        self._cases = cases

    def _result(self, case: Case) -> Result:
        folder = self._folder(case)
        known = self._results.get(case.case)
        if known and self._cases[case.case] == case and known.folder == (folder or self._settings.place):
            return known
        if folder is None:
            error = case.reason or REASONS.get(case.state, "There is no result.")
            return Result(case.case, self._settings.place, {}, {}, error, str(case.state), case.first_at)
        found = read_result(folder)
        state = None if case.state is State.DELIVERED or found.error else str(case.state)
        return replace(found, name=case.case, state=state, came_at=case.first_at)

    def _folder(self, case: Case) -> Path | None:
        """Where the result is; in the archive where it was moved there."""
        places = (self._settings.place / "results", self._settings.keep.archive)
        if not case.result:
            return None
        folders = [place / case.result["folder"] / case.case for place in places if place]
        return next((folder for folder in folders if folder.is_dir()), None)
