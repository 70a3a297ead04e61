"""What came of a contest of programs: raw figures on disk, a table, and whether what was aimed at was reached."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from markdown_table import table

from beside.rival import Rival

RESULTS = Path(__file__).parents[1] / "results"

OURS = "Oncontour"


@dataclass(frozen=True)
class Entry:
    """One program's rounds.

    Args:
        program: as the table names it, with its version.
        seconds: of each round.
        peak_mib: largest resident memory of its process.
        figures: what else it found, by the column's heading.
    """

    program: str
    seconds: Sequence[float]
    peak_mib: float
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def typical(self) -> float:
        """Median seconds."""
        return median(self.seconds)


@dataclass(frozen=True)
class Aim:
    """So many times faster one program is to be than another; or no slower than so many seconds.

    Args:
        ours: the program that is to be fast.
        peer: the other; None: `least` is the most seconds that ours may take.
        least: the factor, or seconds.
    """

    ours: str
    peer: str | None
    least: float


@dataclass(frozen=True)
class Contest:
    """One piece of work by several programs in one run.

    Args:
        title: heading.
        work: what was done, in a sentence or more.
        command: that does it again.
        entries: the first is what the others are held against.
        aims: of these programs.
    """

    title: str
    work: str
    command: str
    entries: Sequence[Entry]
    aims: Sequence[Aim] = ()

    def save(self, name: str) -> None:
        """Under benchmarks/results."""
        (RESULTS / f"{name}.json").write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")


def load(name: str) -> Contest:
    """What `save` wrote."""
    raw = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    entries = [Entry(**entry) for entry in raw.pop("entries")]
    return Contest(**{**raw, "entries": entries, "aims": [Aim(**aim) for aim in raw["aims"]]})


def entry(rival: Rival, program: str, **figures: Any) -> Entry:
    """Of a program that ran."""
    return Entry(program, tuple(rival.seconds), rival.peak_bytes / 2**20, figures)


def named(title: str, package: str) -> str:
    """A program with its version.

    >>> named("numpy's", "numpy").startswith("numpy's ")
    True
    """
    return f"{title} {version(package)}"


def rows(contest: Contest) -> str:
    """The table."""
    first = contest.entries[0]
    columns = list(dict.fromkeys(key for one in contest.entries for key in one.figures))
    lines = []
    for one in contest.entries:
        spread = f" ({min(one.seconds):.3g} to {max(one.seconds):.3g})" if len(one.seconds) > 1 else ""
        cells = [str(one.figures.get(column, "")) for column in columns]
        ratio = f"{one.typical / first.typical:.1f}"
        lines.append([one.program, f"{one.typical:.3g}{spread}", ratio, f"{one.peak_mib:.0f}", *cells])
    return table(["program", "seconds", "times the first", "memory, MiB", *columns], lines, numbers=True)


def verdicts(contest: Contest) -> list[str]:
    """What was aimed at, and what was reached, in words."""
    took = {one.program: one.typical for one in contest.entries}
    lines = []
    for aim in contest.aims:
        if aim.peer is None:
            found, reached = f"{took[aim.ours]:.1f} s", took[aim.ours] <= aim.least
            wanted = f"{aim.ours}: {aim.least:g} s or less"
        else:
            ratio = took[aim.peer] / took[aim.ours]
            found, reached = f"{ratio:.3g} times", ratio >= aim.least
            wanted = f"{aim.ours}: {aim.least:g} times as fast as {aim.peer}"
        lines.append(f"{wanted}: **{found}, {'reached' if reached else 'missed'}**")
    return lines
