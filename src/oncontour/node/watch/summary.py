"""What a day brought: how many, how long, how useful."""

from __future__ import annotations

from collections import Counter
from statistics import median

from sqlalchemy import Engine, select

from oncontour.data.database import now
from oncontour.node.ledger.case import State
from oncontour.node.ledger.tables import CASES
from oncontour.node.marks.marks import list_marks

DAY_S = 86400.0


def summary_lines(base: Engine, span_s: float = DAY_S) -> list[str]:
    """Of the cases that were complete within a span up to now: states, times of each stage, share of useful results.

    Paper 002 counted as useful what readers kept (about 90 %): here a delivered result that nobody marked as poor.
    """
    with base.connect() as connection:
        since = now(connection) - span_s
        rows = connection.execute(select(CASES).where(CASES.c.complete_at >= since)).mappings().all()
    useful_by_case = {mark.case: mark.useful for mark in list_marks(base)}  # The latest of each counts.
    states = Counter(State(row["state"]) for row in rows)
    lines = [
        f"{len(rows)} cases: " + (", ".join(f"{number} {state}" for state, number in sorted(states.items())) or "none")
    ]
    delivered = [row for row in rows if row["state"] == State.DELIVERED]
    if delivered:
        useful = sum(useful_by_case.get(row["case"], True) for row in delivered)
        lines.append(f"useful: {useful} of {len(delivered)} delivered results were not marked as poor")
        waits = [row["changed_at"] - row["last_at"] for row in delivered]
        lines.append(f"from the last image to delivery: median {median(waits):.0f} s, longest {max(waits):.0f} s")
    stages: dict[str, list[float]] = {}
    for row in rows:
        for stage, seconds in ((row["result"] or {}).get("seconds") or {}).items():
            stages.setdefault(stage, []).append(seconds)
    lines += [f"{stage}: median {median(times):.1f} s, longest {max(times):.1f} s" for stage, times in stages.items()]
    return lines
