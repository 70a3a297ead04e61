"""How fast our metrics are beside those of other programs, and many cases with them.

    python benchmarks/metric_speed.py [--shape 155 240 240] [--rounds 5] [--cases 1000] [--write docs/metric-speed.md]

Needs the extra `peers`; panoptica runs where it is installed. Each program has a process of its own, in turns, first
with one thread each, then with as many as it takes by itself. `--cases` evaluates a cohort of small cases too, with one
worker and with two. Prints the tables; with `--write` a page is written, and the figures to benchmarks/results.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from beside.rival import Rival, child, options, serve, take_turns
from speed.contenders import CONTENDERS
from speed.masks import KINDS, save
from speed.ready import ready

MARKS = (100, 500, 1000)
COHORT_SHAPE = (80, 96, 64)
RAW = Path(__file__).parent / "results" / "metric-speed.json"


def main() -> None:
    """Time, print, write."""
    parser = options(__doc__, CONTENDERS, 5)
    parser.add_argument("--shape", type=int, nargs=3, default=(155, 240, 240), help="voxels along each axis")
    parser.add_argument("--cases", type=int, default=0, help="evaluate a cohort of so many small cases too")
    parser.add_argument("--only", nargs="+", choices=tuple(CONTENDERS), help="these programs, ours first")
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write")
    given = parser.parse_args()
    if given.program:
        serve(ready(given.program, given.folder))
        return
    from speed.page import page, table

    names = given.only or [name for name in CONTENDERS if name != "panoptica" or find_spec("panoptica")]
    runs = {}
    with TemporaryDirectory() as folder:
        for kind in KINDS:
            masks = save(Path(folder) / f"{KINDS.index(kind)}.npz", tuple(given.shape), kind)
            for threads in (1, None):
                runs[kind, threads] = timed(names, masks, threads, given.rounds)
                print(
                    f"{kind}, {'one thread' if threads else 'default threads'}\n{table(runs[kind, threads])}",
                    flush=True,
                )
        cohort = cohort_page(Path(folder), given.cases) if given.cases else ""
    print(cohort)
    if given.write:
        told = f"--cases {given.cases} " if given.cases else ""
        given.write.write_text(page(given.shape, given.rounds, runs, told, cohort), "utf-8")
        RAW.write_text(json.dumps([raw(*key, rivals) for key, rivals in runs.items()], indent=2) + "\n", "utf-8")


def timed(names: list[str], masks: Path, threads: int | None, rounds: int) -> list[Rival]:
    """Every program, in turns."""
    rivals = [Rival(name, child(Path(__file__), name, masks), threads) for name in names]
    take_turns(rivals, rounds)
    return rivals


def raw(kind: str, threads: int | None, rivals: list[Rival]) -> dict[str, Any]:
    """What is kept of one table."""
    told = {
        one.name: {"seconds": one.seconds, "bytes": one.peak_bytes - one.before_bytes, **one.figures} for one in rivals
    }
    return {"masks": kind, "threads": threads, "programs": told}


def cohort_page(folder: Path, cases: int) -> str:
    """A cohort with one worker and with two."""
    from speed.cohort import DIFFERENT, make_cohort, run_cohort
    from speed.page import cohort_part

    pred, ref = make_cohort(folder, cases, COHORT_SHAPE)
    paces = [run_cohort(pred, ref, workers, MARKS) for workers in (1, 2)]
    if any(one.failed for one in paces):
        raise SystemExit(f"{paces[0].failed} cases could not be scored.")
    return cohort_part(paces, COHORT_SHAPE, DIFFERENT)


if __name__ == "__main__":
    main()
