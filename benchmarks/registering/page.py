"""The table of registrations."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from markdown_table import table
from numpy.typing import NDArray

from registering.pairs import SOURCES
from registering.programs import PROGRAMS

FAILED_MM = 3.0
"""An error beyond this is a wrong optimum, not inaccuracy."""

UNKNOWN = "volunteer"
"""T1 and T2 do not lie as their headers say (by some 4 mm): the median of what all programs find counts as true."""

HEAD = ("program", "failed", "error, mm", *SOURCES, "worst", "seconds (times ours)", "MiB")

TEXT = """Heads turned by {angles} degrees about random axes and shifted by up to 20 mm along each; {count} motions of
three pairs in turns: a template and itself in another contrast and thick slices, a volunteer's T1 and T2, a phantom's
T1CE and thick FLAIR. One thread each, seconds of the processor, largest memory. Errors are the largest of six faces
of the head's box, the median of motions that did not fail (beyond {failed:g} mm), all and of each pair. The volunteer
moved between T1 and T2; true is the median of what all programs found. "Careful" is with more samples, or a search over
angles before.

{rows}

- No failure: {sound}
- Error no more than .05 mm above the best other's: {near}
- Three times as fast as the fastest other that never fails: {fast}

```
python benchmarks/registration.py
```"""


def part(path: Path) -> str:
    """What stands on the page, of the raw figures."""
    raw = json.loads(path.read_text("utf-8"))
    known = {name: raw[name] for name in PROGRAMS if name in raw}
    common = sorted(set.intersection(*(set(found["motions"]) for found in known.values())))
    motions = {name: [found["motions"][key] for key in common] for name, found in known.items()}
    unknown = [key.startswith(UNKNOWN) for key in common]
    lies = [one["off_mm"] for done in motions.values() for one, far in zip(done, unknown, strict=True) if far]
    truth = [np.median(lies, axis=0) if far else np.zeros((6, 3)) for far in unknown]
    errors = {name: _errors(done, truth) for name, done in motions.items()}
    facts = {name: _facts(done, errors[name]) for name, done in motions.items()}
    ours = facts["ours"]
    lines = []
    for name, (failed, error, worst, seconds, memory) in facts.items():
        title = PROGRAMS[name][0] if name == "ours" else f"{PROGRAMS[name][0]} {known[name]['version']}"
        cells = [str(failed), f"{error:.2f}", *_of_pairs(common, errors[name]), f"{worst:.2f}"]
        lines.append([title, *cells, f"{seconds:.1f} ({seconds / ours[3]:.1f})", f"{memory:.0f}"])
    others = [one for name, one in facts.items() if name != "ours"]
    best = min(one[1] for one in others)
    never = [one[3] for one in others if not one[0]]
    ratio = min(never) / ours[3] if never else None
    return TEXT.format(
        angles=", ".join(sorted({key.split(",")[1] for key in common}, key=float)),
        count=len(common),
        failed=FAILED_MM,
        rows=table(HEAD, lines, numbers=True),
        sound=_said(f"{ours[0]} failed", ours[0] == 0),
        near=_said(f"{ours[1] - best:+.2f} mm", ours[1] <= best + 0.05),
        fast=_said(f"{ratio:.1f} times", ratio >= 3) if ratio else "**no other never failed**",
    )


def _said(found: str, reached: bool) -> str:
    return f"**{found}, {'reached' if reached else 'missed'}**"


def _facts(motions: list[dict[str, Any]], errors: list[float]) -> tuple[int, float, float, float, float]:
    """How many failed; median error of the others and the worst of all; median seconds; most memory."""
    right = [error for error in errors if error <= FAILED_MM] or errors
    seconds = median(one["seconds"] for one in motions)
    return len(errors) - len(right), median(right), max(errors), seconds, max(one["peak_mib"] for one in motions)


def _of_pairs(keys: list[str], errors: list[float]) -> list[str]:
    """Median error of each pair's motions that did not fail."""
    right = [(key, error) for key, error in zip(keys, errors, strict=True) if error <= FAILED_MM]
    own = [[error for key, error in right if key.startswith(source)] for source in SOURCES]
    return [f"{median(found):.2f}" if found else "" for found in own]


def _errors(motions: list[dict[str, Any]], truth: list[NDArray[np.float64]]) -> list[float]:
    """The largest error of each motion at the faces, in mm."""
    return [float(np.linalg.norm(one["off_mm"] - true, axis=1).max()) for one, true in zip(motions, truth, strict=True)]
