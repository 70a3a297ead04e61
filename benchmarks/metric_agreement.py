"""Our metrics and statistics against independent programs, figure by figure.

    python benchmarks/metric_agreement.py [--pairs 24] [--brats-2023 DIR] [--write docs/metric-agreement.md]

Needs the extra `peers`; panoptica, which asks for older packages than ours, is compared where it is installed.
`--brats-2023` names a folder with the program that scored the BraTS challenges of 2023
(`agreement/official.py` says which); without it that part is left out. `--parts` names some of the parts alone. Prints
the table; ends with 1 where a figure differs and no reason is known. With `--write` a page is written.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from agreement.check import Check, Outcome, run
from agreement.masks import MaskPair, adversarial, random_pairs
from agreement.page import page, row
from agreement.removed import restore

PARTS = {"masks": "Metrics", "brats-2023": "Lesion by lesion, and the program of BraTS 2023", "samples": "Statistics"}
"""What may be asked for -> its title in the page."""


def main() -> None:
    """Compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=24, help="random pairs of masks, beside the adversarial ones")
    parser.add_argument("--brats-2023", type=Path, metavar="DIR", help="folder of the official program's eval.py")
    parser.add_argument("--parts", nargs="+", choices=tuple(PARTS), default=tuple(PARTS), help="these alone")
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write")
    given = parser.parse_args()
    restore()
    warnings.simplefilter("ignore")  # Of small samples and empty masks, which are meant.
    made = list(adversarial())
    pairs = [*made, *random_pairs(given.pairs)]
    found = {part: [told(run(*one)) for one in comparisons(part, pairs, given.brats_2023)] for part in given.parts}
    if given.write:
        groups = [(PARTS[part], outcomes) for part, outcomes in found.items() if outcomes]
        given.write.write_text(page(groups, given.pairs, [pair.name for pair in made], given.brats_2023), "utf-8")
    if any(outcome.unexplained for outcomes in found.values() for outcome in outcomes):
        raise SystemExit(1)


def comparisons(part: str, pairs: list[MaskPair], official: Path | None) -> Iterator[tuple[Check, Iterable[Any]]]:
    """Checks of a part, each with its cases; the programs that a part needs are imported here."""
    if part == "masks":
        from agreement import metrics

        yield from ((check, pairs) for check in metrics.checks())
        if find_spec("panoptica") is None:
            print("panoptica is not installed (it asks for older packages than ours): left out.", flush=True)
            return
        from agreement import by_panoptica

        yield from ((check, pairs) for check in by_panoptica.checks())
    elif part == "brats-2023" and official is not None:
        from agreement import brats_2023

        yield from ((check, pairs) for check in brats_2023.checks(official))
    elif part == "samples":
        from agreement import groups, statistics

        yield from statistics.checks()
        yield from groups.checks()


def told(outcome: Outcome) -> Outcome:
    """The same, printed."""
    print(" | ".join(row(outcome)), flush=True)
    return outcome


if __name__ == "__main__":
    main()
