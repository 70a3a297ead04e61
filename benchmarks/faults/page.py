"""The table of outcomes as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from faults.judge import Books, Verdict
from faults.run import Fault
from markdown_table import table

STAGES = ("receive", "complete", "route", "segment", "build", "deliver", "any")


def outcome_table(verdicts: Sequence[Verdict], faults: Sequence[Fault]) -> str:
    """A row for each kind of fault at each stage, and one of all."""
    by_trial = {id(verdict.trial): verdict for verdict in verdicts}
    groups: dict[tuple[int, str], list[Fault]] = {}
    for fault in faults:
        if fault.at is not None:
            groups.setdefault((STAGES.index(fault.kind.stage), fault.kind.name), []).append(fault)
    head = ("fault", "stage", "injected", "result", "quarantine", "held", "lost", "twice", "half files", "recovered s: median", "95 %")  # fmt: skip
    rows = []
    for (stage, name), some in sorted(groups.items()):
        rows.append((name, STAGES[stage], *_cells(some, by_trial)))
    happened = [fault for fault in faults if fault.at is not None]
    rows.append(("**all**", "", *_cells(happened, by_trial)))
    return table(head, rows)


def _cells(faults: Sequence[Fault], by_trial: dict[int, Verdict]) -> tuple[str, ...]:
    met = {id(trial): by_trial[id(trial)] for fault in faults for trial in fault.studies}.values()
    outcomes = Counter(outcome for verdict in met for outcome in set(verdict.outcomes))
    times = sorted(fault.recovered_s for fault in faults if fault.recovered_s is not None)
    return (
        str(len(faults)),
        *(str(outcomes[one]) for one in ("result", "quarantine", "held")),
        *(str(sum(bool(getattr(verdict, name)) for verdict in met)) for name in ("lost", "twice", "half")),
        f"{median(times):.1f}" if times else "",
        f"{times[min(int(0.95 * len(times)), len(times) - 1)]:.1f}" if times else "",
    )


def worlds_table(worlds: Sequence[tuple[str, int, int, Books]]) -> str:
    """Of each world: studies, faults, and what its peer and its nodes did."""
    head = ("world", "studies", "faults", "objects at the peer", "C-STORE operations", "nodes that ended by themselves")
    rows = [
        (name, str(studies), str(faults), str(books.objects), str(books.stores), str(sum(books.exits.values())))
        for name, studies, faults, books in worlds
    ]
    return table(head, rows, numbers=True)
