"""Patients over time: the tables of `oncontour follow`, measured when they are first asked for, and their scans."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import oncontour
from oncontour.core.errors import InputError
from oncontour.data.inputs import safe_name
from oncontour.evaluate.follow.run import FollowUp, follow
from oncontour.evaluate.follow.tables import document
from oncontour.measure.criteria import CATEGORY_WORDS, THRESHOLDS
from oncontour.report.case import STATEMENT
from oncontour.report.follow import NOT_JUDGED, RULE_TITLES, findings, page_rows
from oncontour.review.results.result import Result


class FollowUps:
    """What `oncontour follow` says of each table.

    Args:
        tables: as `oncontour follow` takes them.
        results: cases that the page shows; scans of others cannot be opened.
        criteria, region: see `oncontour.evaluate.follow.run.follow`.
        show_dates: tell dates too; else days since baseline alone.

    Raises:
        InputError: two tables of one name.
    """

    def __init__(
        self,
        tables: Iterable[Path],
        results: Mapping[str, Result],
        criteria: str = "RANO",
        region: str | None = None,
        *,
        show_dates: bool = False,
    ) -> None:
        tables = list(tables)
        self._tables = {safe_name(table.stem): table for table in tables}
        if len(self._tables) < len(tables):
            raise InputError("--visits", "two tables of one name", "a name for each patient", "Rename one.")
        self._cases = {one.folder.resolve(): name for name, one in results.items()}
        self._criteria, self._region, self._show_dates = criteria, region, show_dates
        self._found: dict[str, FollowUp] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """Of all of them: the tables' own, without their ending."""
        return tuple(self._tables)

    def content(self, name: str) -> dict[str, Any]:
        """All that the page shows of one: what `follow.json` says, the rows of `follow.html`, and the scans' cases.

        Raises:
            InputError: a table or mask that cannot be used.
        """
        with self._lock:
            if name not in self._found:
                self._found[name] = follow([self._tables[name]], criteria=self._criteria, region=self._region)
            found = self._found[name]
        content = document(found, oncontour.__version__, STATEMENT, show_dates=self._show_dates)
        for scan, one, row in zip(
            content["scans"], found.scans, page_rows(found, show_dates=self._show_dates), strict=True
        ):
            scan["case"] = self._cases.get(one.visit.mask.resolve().parent)
            scan["when"] = row.when
            scan["shown"] = {
                rule: {
                    "size": judged.size,
                    "interval": judged.interval,
                    "category": judged.shown,
                    "words": judged.words,
                }
                for rule, judged in row.judged.items()
            }
        return {
            **content,
            "name": name,
            "title": f"{found.region.name}, {found.region.title}, by {found.criteria.name}",
            "findings": findings(found),
            "colours": {region.name: region.colour for region in found.scheme.all_regions},
            "rules": {rule: {"title": RULE_TITLES[rule], "source": THRESHOLDS[rule].source} for rule in RULE_TITLES},
            "categories": CATEGORY_WORDS,
            "not_judged": NOT_JUDGED,
        }
