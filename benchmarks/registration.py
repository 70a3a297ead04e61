"""Rigid registration beside SimpleITK, elastix, ANTs and greedy, on known motions.

    python benchmarks/registration.py [--seeds 10] [--angles 5 10 30] [--only ours ANTs ...]

Run it in .venv-peers (`make peers`). Pairs take turns: a template and itself in another contrast, a volunteer's T1 and
T2, a phantom's T1CE and FLAIR, moving images in thick slices or of another session's geometry. Every program does each
on one thread, and its processor time is counted, so that other work on the machine matters little. Figures are kept
after each motion in benchmarks/results/registration.json; a run that was stopped goes on from there.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from beside.rival import Rival, Work, child, serve
from registering.pairs import SOURCES, moved
from registering.programs import PROGRAMS

from oncontour.data.files import write_json

RAW = Path(__file__).parent / "results" / "registration.json"


def main() -> None:
    """Register what has not been yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--angles", type=float, nargs="+", default=(5.0, 10.0, 30.0))
    parser.add_argument("--only", nargs="+", choices=tuple(PROGRAMS), default=tuple(PROGRAMS))
    parser.add_argument("--program", choices=tuple(PROGRAMS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.program:
        serve(ready(given.program, given.folder.name))
        return
    found: dict[str, dict[str, Any]] = json.loads(RAW.read_text("utf-8")) if RAW.exists() else {}
    for seed in range(given.seeds):
        for degrees in given.angles:
            for name in given.only:
                key = f"{tuple(SOURCES)[seed % len(SOURCES)]},{degrees:g},{seed}"
                if key in found.setdefault(name, {}).get("motions", {}):
                    continue
                found[name]["version"] = version(PROGRAMS[name][1])
                found[name].setdefault("motions", {})[key] = registered(name, key)
                print(key, name, found[name]["motions"][key], file=sys.stderr, flush=True)
                write_json(RAW, found)


def registered(name: str, motion: str) -> dict[str, Any]:
    """One motion by one program, in a process of its own."""
    with Rival(name, child(Path(__file__), name, Path(motion)), threads=1) as rival:
        rival.run()
        return {**rival.figures, "peak_mib": round((rival.peak_bytes - rival.before_bytes) / 2**20)}


def ready(name: str, motion: str) -> Work:
    """The pair, read; then how far each face of the head's box is off in mm, (6, 3), and seconds of the processor."""
    source, degrees, seed = motion.split(",")
    pair = moved(source, float(degrees), int(seed))
    method = PROGRAMS[name][2]

    def work() -> dict[str, object]:
        began = process_time()
        transform = method(pair.fixed, pair.moving)
        seconds = process_time() - began
        rest = np.linalg.inv(pair.truth) @ transform
        off = pair.faces @ rest[:3, :3].T + rest[:3, 3] - pair.faces
        return {"off_mm": off.round(4).tolist(), "seconds": seconds}

    return work


if __name__ == "__main__":
    main()
