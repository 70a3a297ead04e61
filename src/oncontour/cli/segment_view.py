"""What `oncontour segment` shows: a progress bar, what each series was taken for, and a table at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column, Table

from oncontour.cli.console import console, print_error
from oncontour.core.study import Decision
from oncontour.pipeline.manifest import run_record
from oncontour.pipeline.outcome import CaseOutcome


class View:
    """Shows a run while it goes on, and its result. As JSON, standard output holds that alone.

    Args:
        as_json: print the outcome as JSON.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._out = console()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console(to_stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("Looking for studies", total=None)
        self._ended = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def started(self, names: list[str]) -> None:
        """The run knows its cases."""
        self._bar.update(self._task, total=float(len(names)))

    def progress(self, case: str, stage: str, fraction: float) -> None:
        """A case is so far."""
        self._bar.update(self._task, description=f"{case}: {stage}", completed=self._ended + fraction)

    def finished(self, outcome: CaseOutcome) -> None:
        """A case ended."""
        self._ended += 1
        self._bar.update(self._task, completed=float(self._ended))
        screen = self._bar.console
        if outcome.error is not None:
            print_error(outcome.error, f"{outcome.name} failed")
        elif outcome.result is not None:
            screen.print(series_table(outcome.name, outcome.result.decisions))
            for note in outcome.result.notes:
                screen.print(f"  note: {note}", markup=False, soft_wrap=True)
            for check in outcome.result.checks:
                if check.verdict != "ok":
                    screen.print(f"  {check.verdict}: {check.message}", markup=False, soft_wrap=True)

    def summary(self, outcomes: list[CaseOutcome], out: Path) -> None:
        """The end: volumes, and where the files are."""
        if self._as_json:
            content = {"out": str(out), **run_record(outcomes)}
            print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))
        else:
            _print_summary(self._out, outcomes)


def series_table(case: str, decisions: Iterable[Decision]) -> Table:
    """Every series or file: what it was taken for, why, and how surely."""
    series = Column("series or file", overflow="fold")
    table = Table(series, "sequence", "used", "confidence", "reason", title=f"{case}: what was found")
    for decision in decisions:
        table.add_row(
            escape(decision.series),
            decision.sequence or "none of ours",
            "yes" if decision.used else "no",
            f"{decision.confidence:.2f}",
            escape(decision.reason),
        )
    return table


def _print_summary(screen: Console, outcomes: list[CaseOutcome]) -> None:
    regions = list(dict.fromkeys(region for outcome in outcomes for region in outcome.volumes_ml))
    numbers = [Column(f"{region} mL", justify="right") for region in regions]
    table = Table(Column("case", overflow="fold"), "outcome", *numbers, Column("seconds", justify="right"))
    for outcome in outcomes:
        volumes = [f"{outcome.volumes_ml[region]:.1f}" if region in outcome.volumes_ml else "" for region in regions]
        table.add_row(outcome.name, outcome.status, *volumes, f"{outcome.seconds:.0f}")
    screen.print(table)
    for outcome in outcomes:
        shown = "error.json" if outcome.error is not None else "report.html"
        screen.print(f"{outcome.name}: {outcome.folder / shown}", markup=False, soft_wrap=True)
    screen.print("Research use only; not a medical device.")
