"""How long programs of the field take until they can say what they do: the program itself, and its Python package.

    python benchmarks/start_times.py [--rounds 5] [--write docs/start-times.md]

Needs the extra `peers`; TotalSegmentator is started where it is installed. Programs take turns.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter

from markdown_table import table

HERE = Path(sys.executable).parent

PAGE = """# Start times

Until a program has printed its help, and until its package is imported: medians of {rounds} rounds in turns, each in a
process of its own, after one that is not counted. "Processor" is the time that the processor worked for it.

```
python benchmarks/start_times.py --write docs/start-times.md
```

{rows}

*{machine}.*
"""

RAW = Path(__file__).parent / "results" / "start-times.json"


@dataclass(frozen=True)
class Start:
    """One way to start one package.

    Args:
        package: as it is installed.
        shown: what the page says.
        command: program and arguments.
    """

    package: str
    shown: str
    command: tuple[str, ...]


def imports(package: str, module: str) -> Start:
    """The import of a module."""
    return Start(package, f"import {module}", (sys.executable, "-c", f"import {module}"))


STARTS = {
    "help": (
        Start("oncontour", "oncontour --help", (str(HERE / "oncontour"), "--help")),
        Start("nnunetv2", "nnUNetv2_predict --help", (str(HERE / "nnUNetv2_predict"), "--help")),
        Start("TotalSegmentator", "TotalSegmentator --help", (str(HERE / "TotalSegmentator"), "--help")),
    ),
    "import": (
        imports("oncontour", "oncontour"),
        imports("nnunetv2", "nnunetv2.inference.predict_from_raw_data"),
        imports("monai", "monai"),
        imports("TotalSegmentator", "totalsegmentator.python_api"),
    ),
}


def installed(start: Start) -> str | None:
    """Version of its package; None where it is not here."""
    try:
        found = version(start.package)
    except PackageNotFoundError:
        return None
    return found if shutil.which(start.command[0]) else None


def timed(command: Sequence[str]) -> tuple[float, float]:
    """Seconds by the clock and of the processor.

    Raises:
        CalledProcessError: it failed.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    took, after = perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Time, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write; figures go to benchmarks/results")
    given = parser.parse_args()
    missing, rows, raw = set(), [], []
    for starts in STARTS.values():
        here = [start for start in starts if installed(start)]
        missing |= {start.package for start in starts} - {start.package for start in here}
        rounds: list[list[tuple[float, float]]] = [
            [timed(start.command) for start in here] for _ in range(1 + given.rounds)
        ]
        for number, start in enumerate(here):
            walls, works = zip(*(one[number] for one in rounds[1:]), strict=True)
            told = {"package": start.package, "version": installed(start), "shown": start.shown}
            raw.append({**told, "seconds": walls, "processor_seconds": works})
        first = median(raw[-len(here)]["seconds"])
        for one in raw[-len(here) :]:
            wall, work = median(one["seconds"]), median(one["processor_seconds"])
            name = f"`{one['shown']}`" + ("" if one["package"] == "oncontour" else f" ({one['version']})")
            rows.append([name, f"{wall:.2f}", f"{wall / first:.1f}", f"{work:.2f}"])
    page = PAGE.format(
        rounds=given.rounds,
        rows=table(["", "seconds", "times ours", "processor, s"], rows, numbers=True),
        machine=f"Python {sys.version.split()[0]}"
        + "".join(f"; {name} is not installed here" for name in sorted(missing)),
    )
    print(page)
    if given.write:
        given.write.write_text(page, "utf-8")
        RAW.write_text(json.dumps(raw, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
