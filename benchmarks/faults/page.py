"""The table of outcomes as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from markdown_table import table

from faults.judge import Books, Verdict
from faults.run import Fault

STAGES = ("receive", "complete", "route", "segment", "build", "deliver", "any")


STAND_IN = (
    "The node under fire",
    "small studies",
    "--write docs/node-faults.md",
    """\
- **Studies** have the headers of `oncontour phantom --dicom`, two sequences of nine slices of 16 x 16 pixels. Some are
  of children, or no MR: the rules hold or ignore them.
- **The segmentation is a stand-in** that writes four small objects at once, so that the time goes into faults. To the
  node it is what the real one is: a process of its own, waited for, limited in time, and killed.
  [Another run](node-faults-real.md) uses the real one.""",
)
"""Title, what was sent, the command, and what is to be said of it."""

REAL = (
    "The node under fire, with the real pipeline",
    "heads",
    "--real {studies} --write docs/node-faults-real.md",
    """\
- **Studies** are phantom heads with their skulls in four sequences; [hundreds of small ones](node-faults.md) met many
  more kinds of faults.
- **The segmentation** is the real pipeline with the bundle `default`, in a process of its own.""",
)


def outcome_table(verdicts: Sequence[Verdict], faults: Sequence[Fault]) -> str:
    """A row for each kind of fault at each stage, and one of all."""
    by_trial = {id(verdict.trial): verdict for verdict in verdicts}
    groups: dict[tuple[int, str], list[Fault]] = {}
    for fault in faults:
        if fault.at is not None:
            groups.setdefault((STAGES.index(fault.kind.stage), fault.kind.name), []).append(fault)
    ends = ("result", "quarantine", "held", "lost", "twice", "half files")
    head = ("fault", "stage", "injected", *ends, "recovered s: median", "95 %")
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


def page(
    table_: str,
    worlds: str,
    *,
    seed: int,
    minutes: float,
    faults: int,
    studies: int,
    reopened: int,
    broken: Sequence[str],
    real: bool,
) -> str:
    """The page: what was done, what came of it, what it does not say.

    Args:
        real: whether heads went through the real pipeline.
    """
    verdict = (
        "Every study ended as a result, in quarantine, or held or ignored by rule; none was lost, no result was\n"
        "delivered twice, no half file was visible, no log named a patient or a study, and every node was healthy in\n"
        "the end."
        if not broken
        else "**Broken:**\n\n" + "\n".join(f"- {line}" for line in broken)
    )
    title, things, command, about = REAL if real else STAND_IN
    return f"""# {title}

{faults} faults were injected into {studies} {things} on their way through real nodes (processes of
`oncontour node run`), in {minutes:.0f} minutes, with seed {seed}. {verdict}

`python benchmarks/node_faults.py {command.format(studies=studies)}` does it again, with another `--seed` otherwise, and
ends with exit code 1 where any of that does not hold.

{about}
- **Node killed** is `kill -9` between two statements of the node's code, a line of the table each; it is started again
  at once. Where there are three nodes, others may take over.
- **The peer** is a recording one: it counts every C-STORE, keeps what it has through its own death, and fails as told.
- **The disk** is a tmpfs that is filled to the last byte, or remounted read-only while the node works.
- **The clock** is set by injection in the node's processes (Python's and SQLite's; libfaketime breaks Python's sleep),
  by Debian's libfaketime in PostgreSQL.
- **Waits** are short: a study is complete after 6 quiet seconds, a node is dead after 5 silent ones.

A study meets up to four faults, so it counts in several rows. *Recovered* is the time from a fault to the end of the
last study that it befell, with the waits and the other faults of that study. {reopened} studies were opened again by
images that came after they were complete, as *late slices* are meant to; each part has a result of its own.

{worlds}

An object is sent again, under the same UID, where the answer was lost and the peer does not show it.

{table_}
"""
