"""A folder of a thousand studies through `oncontour segment`: is the last as fast as the first, and does memory grow?

    python benchmarks/cohort_run.py [--cases 1000] [--workers 2] [--engine openvino-bf16] [--write docs/cohort-run.md]

A few phantom children at 2 mm, linked as often as needed: small cases, though a thousand take hours. Ends with exit
code 1 where a case failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from markdown_table import table
from receivers.programs import group, pss_mib

from oncontour.data.files import read_json
from oncontour.data.phantom.cohort import write_cohort
from oncontour.data.phantom.settings import Settings
from oncontour.inference.engines import Engine

PATIENTS = 8
LOOK_S = 2.0
IDLE, WAITING = 3, 4
"""Places in a line of /proc/stat."""

RAW = Path(__file__).parent / "results" / "cohort-run.json"

PAGE = """# A thousand cases

```
python benchmarks/cohort_run.py --engine {engine} --write docs/cohort-run.md
```

{cases} studies (phantom children's brains of 2 mm, four sequences; {patients} patients that take turns) by one
`oncontour segment --workers {workers} --engine {engine}` on {cores} cores, in {minutes:.0f} minutes: {failed} failed.

Of the cases since the row before: seconds a case by the clock, which is the rate of all workers together; proportional
set size of all processes, looked at every {look:.0f} seconds; cores are busy where they are not idle.

{rows}

The second half took {ratio:.2f} times the first half's seconds a case; memory by a straight line through all but the
first tenth: {slope:+.3f} MiB a case.
"""


@dataclass(frozen=True)
class Look:
    """At one moment.

    Args:
        done: cases.
        seconds: since the first case began.
        mib: of all processes.
        busy_s, all_s: of all cores since the machine started.
    """

    done: int
    seconds: float
    mib: float
    busy_s: float
    all_s: float


def main() -> None:
    """Make, run, look, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--engine", choices=tuple(Engine), default=Engine.TORCH)
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="oncontour-cohort-") as name:
        folder = Path(name)
        make(folder, given.cases)
        looks = watched(folder / "cohort", folder / "out", given.workers, given.engine)
        cases = read_json(folder / "out" / "run.json")["cases"]
    failed = sum(case["status"] != "done" for case in cases)
    text = page(looks, len(cases), failed, given.workers, given.engine)
    print(text)
    if given.write:
        given.write.write_text(text, "utf-8")
        RAW.write_text(json.dumps([[look.done, round(look.seconds), round(look.mib)] for look in looks]), "utf-8")
    if failed or len(cases) != given.cases:
        sys.exit(1)


def make(folder: Path, cases: int) -> None:
    """cohort/NUMBER/: the files of a few patients, linked."""
    write_cohort(folder / "patients", PATIENTS, settings=Settings(kind="paediatric", spacing_mm=2.0))
    patients = sorted((folder / "patients" / "cases").iterdir())
    for number in range(cases):
        case = folder / "cohort" / f"{number:05d}"
        case.mkdir(parents=True)
        for file in patients[number % PATIENTS].iterdir():
            os.link(file, case / file.name)


def watched(cohort: Path, out: Path, workers: int, engine: str) -> list[Look]:
    """Run it, and look every few seconds."""
    command = [
        sys.executable, "-m", "oncontour", "segment", cohort, "--out", out, "--workers", str(workers),
        "--engine", engine,
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    began, looks = time.monotonic(), []
    while process.poll() is None:
        time.sleep(LOOK_S)
        done = sum((case / "measurements.json").exists() for case in out.iterdir()) if out.exists() else 0
        times = np.array(Path("/proc/stat").read_text("utf-8").split("\n", 1)[0].split()[1:9], float)
        times /= os.sysconf("SC_CLK_TCK")
        busy = times.sum() - times[IDLE] - times[WAITING]
        held = sum(map(pss_mib, group(process.pid)))
        looks.append(Look(done, time.monotonic() - began, held, busy, times.sum()))
        print(f"{done} cases, {looks[-1].seconds:.0f} s, {held:.0f} MiB", flush=True)
    return [look for look in looks if look.done and look.mib]


def page(looks: list[Look], cases: int, failed: int, workers: int, engine: str) -> str:
    """The page in Markdown."""
    done = np.array([look.done for look in looks])
    half = int(np.searchsorted(done, cases / 2))
    first, second = ((after.seconds - before.seconds) / (after.done - before.done) for before, after in (
        (looks[0], looks[half]), (looks[half], looks[-1])))  # fmt: skip
    late = looks[int(np.searchsorted(done, cases / 10)) :]
    slope = float(np.polyfit([look.done for look in late], [look.mib for look in late], 1)[0])
    return PAGE.format(
        cases=cases, patients=PATIENTS, workers=workers, engine=engine, cores=len(os.sched_getaffinity(0)), look=LOOK_S,
        failed=failed, minutes=looks[-1].seconds / 60, rows=_rows(looks), ratio=second / first, slope=slope,
    )  # fmt: skip


def _rows(looks: list[Look]) -> str:
    """A row for every tenth of the cases."""
    done = np.array([look.done for look in looks])
    marks = np.unique(np.searchsorted(done, np.linspace(0, done[-1], 11)))
    rows = []
    for before, after in pairwise(marks):
        one, other = looks[before], looks[after]
        rate = (other.seconds - one.seconds) / (other.done - one.done)
        busy = (other.busy_s - one.busy_s) / (other.all_s - one.all_s)
        mib = [look.mib for look in looks[before:after]]
        rows.append([str(other.done), f"{rate:.2f}", f"{np.mean(mib):.0f}", f"{max(mib):.0f}", f"{busy:.0%}"])
    return table(["cases", "seconds a case", "memory, MiB", "largest", "cores busy"], rows, numbers=True)


if __name__ == "__main__":
    main()
