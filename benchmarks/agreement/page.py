"""The page: one table, a row a figure and peer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from markdown_table import table

from agreement.check import Outcome, Seen

HEAD = """# Agreement of metrics and statistics

Each figure of `oncontour.evaluate` beside what independent programs compute from the same masks or samples, in one run:

```
python benchmarks/metric_agreement.py {given}--write docs/metric-agreement.md
```

Mask pairs: {random} random ones (blobs of any roughness, in images and spacings of any shape) and {adversarial} made to
part definitions or to trip programs: {names}. "Equal" means up to 1e-6 unless the row says otherwise. Where a
definition differs, the reason stands in the row with the case that shows it most; where a program refuses a case, so
does what it said. A difference without a reason ends the run with an error. MONAI computes in float32, in which a
distance of 40 mm is known to 4e-6 mm and a percentile between two distances a little less well: its rows have a
tolerance of their own.
"""

SOURCE = "`eval.py` of github.com/rachitsaluja/BraTS-2023-Metrics, commit 0e272e697a193474ed75cef99cf2de110cc52d37"
"""The program that scored the challenges of 2023; nothing of it lies here."""

OFFICIAL = """
The program of BraTS 2023 is {source}; `--brats-2023 DIR` names the folder in which it lies. It calls surface-distance,
and names that numpy 2, scipy and pandas 2 have removed, as does surface-distance 0.1; the benchmark gives these names
back while it runs, hands masks to surface-distance as booleans, which its version 0.1 asks for, and changes nothing
else.
"""

COLUMNS = ("figure", "ours", "peer", "its function", "cases", "largest difference", "verdict")

MANY = 3
"""Names of cases in a row; of more, how many."""


def page(
    groups: Iterable[tuple[str, Sequence[Outcome]]],
    random: int,
    adversarial: Sequence[str],
    official: Path | None,
) -> str:
    """The page in Markdown.

    Args:
        groups: title -> what was found, a table each.
        random: pairs of random masks.
        adversarial: names of the others.
        official: where the program of BraTS 2023 lay; None where it was not compared.
    """
    given = "--brats-2023 DIR " if official else ""
    parts = [HEAD.format(given=given, random=random, adversarial=len(adversarial), names=", ".join(adversarial))]
    if official:
        parts.append(OFFICIAL.format(source=SOURCE))
    for title, outcomes in groups:
        parts.append(f"## {title}\n\n{table(COLUMNS, map(row, outcomes))}\n")
    return "\n".join(parts)


def row(outcome: Outcome) -> list[str]:
    """One row's cells."""
    check = outcome.check
    peer = check.peer if check.peer == "BraTS 2023" else f"{check.peer} {version(check.peer)}"
    largest = f"{outcome.largest:.1g}" if outcome.equal else ""
    cells = [check.figure, f"`{check.ours}`", peer, f"`{check.function}`", str(outcome.cases), largest]
    return [cell.replace("|", "\\|") for cell in (*cells, verdict(outcome))]


def verdict(outcome: Outcome) -> str:
    """In words: equal, other by definition, refused, or not to be explained."""
    parts = []
    if outcome.equal == outcome.cases:
        parts.append("equal")
    elif outcome.equal:
        parts.append(f"equal on {outcome.equal}")
    if outcome.check.why and outcome.equal:
        parts[0] += f" to {outcome.check.tolerance:g}: {outcome.check.why}"
    if outcome.check.note and outcome.equal:
        parts[0] += f" ({outcome.check.note})"
    parts += [_explained(text, seen) for text, seen in outcome.explained.items()]
    parts += [f"refuses {_cases(seen)}: {text}" for text, seen in outcome.refused.items()]
    if outcome.unexplained:
        worst = max(outcome.unexplained, key=_size)
        parts.append(f"**unexplained** on {_cases(outcome.unexplained)} ({_values(worst)})")
    return "; ".join(parts)


def _explained(text: str, seen: Sequence[Seen]) -> str:
    worst = max(seen, key=_size)
    if "{own}" in text:
        several = f" ({len(seen)} cases)" if len(seen) > 1 else ""
        return text.format(own=_shown(worst.own), theirs=_shown(worst.theirs)) + several
    return f"other on {len(seen)}: {text} (most on {worst.case}: {_values(worst)})"


def _size(seen: Seen) -> float:
    return seen.apart if math.isfinite(seen.apart) else 1e300


def _values(seen: Seen) -> str:
    return f"ours {_shown(seen.own)}, theirs {_shown(seen.theirs)}"


def _shown(figures: tuple[float, ...] | str) -> str:
    if isinstance(figures, str):
        return figures
    text = ", ".join(f"{one:.4g}" for one in figures)
    return text if len(figures) == 1 else f"({text})"


def _cases(seen: Sequence[Seen]) -> str:
    if len(seen) > MANY:
        return f"{len(seen)} cases"
    return ", ".join(one.case for one in seen)
