"""The page: seconds and memory of each program, and the pace of a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from statistics import median

import numpy as np
from beside.rival import Rival

from speed.cohort import Pace
from speed.contenders import CONTENDERS

HEAD = """# Speed of metrics

Dice, HD95 and ASSD of three nested regions in an image of {shape} voxels, from boolean arrays in memory:

```
python benchmarks/metric_speed.py {given}--write docs/metric-speed.md
```

Each program runs in a process of its own and they take turns; {rounds} rounds, medians (all rounds in brackets). It is
called as its documentation does; where it can measure surfaces once for two figures, it may. "Memory" is what the
largest moment took beyond the program and the masks themselves. "Apart" is the largest difference of its HD95 from
ours in mm: MedPy's and panoptica's is the pooled percentile, surface-distance's weighted by area
(`metric-agreement.md`). The distant false positive makes the box around both masks nearly as large as the image.
"""

COHORT = """## {cases} cases

`oncontour.evaluate.run.evaluate` on a cohort of small cases ({shape} voxels, all metrics of three regions, files read
and unpacked; {different} different cases under {cases} names).

| workers | cases a second | resident memory after {marks} cases, MiB | largest of a worker, MiB |
| --- | --- | --- | --- |
{rows}
"""


def page(
    shape: Sequence[int], rounds: int, runs: Mapping[tuple[str, int | None], Sequence[Rival]], given: str, cohort: str
) -> str:
    """The page in Markdown.

    Args:
        shape: of the masks.
        rounds: how many.
        runs: kind of masks and threads -> contenders.
        given: options of the call.
        cohort: its part, or nothing.
    """
    parts = [HEAD.format(shape=" x ".join(map(str, shape)), rounds=rounds, given=given)]
    for (kind, threads), rivals in runs.items():
        how = "one thread each" if threads == 1 else "as many threads as each program takes by itself"
        parts.append(f"## {kind[0].upper()}{kind[1:]}, {how}\n\n{table(rivals)}\n")
    return "\n".join([*parts, cohort]) if cohort else "\n".join(parts)


def table(rivals: Sequence[Rival]) -> str:
    """One row a contender."""
    lines = ["| program | seconds | times ours | memory, MiB | apart, mm |", "| --- | --- | --- | --- | --- |"]
    ours = rivals[0]
    for rival in rivals:
        name = CONTENDERS[rival.name][0]
        title = rival.name if name == "oncontour" else f"{rival.name} {version(name)}"
        spread = f"{min(rival.seconds):.3g} to {max(rival.seconds):.3g}"
        ratio = median(rival.seconds) / median(ours.seconds)
        memory = max(0, rival.peak_bytes - rival.before_bytes) / 2**20
        apart = np.abs(np.array(rival.figures["scores"]) - np.array(ours.figures["scores"]))[:, 1].max()
        lines.append(f"| {title} | {median(rival.seconds):.3g} ({spread}) | {ratio:.1f} | {memory:.0f} | {apart:.2g} |")
    return "\n".join(lines)


def cohort_part(paces: Sequence[Pace], shape: Sequence[int], different: int) -> str:
    """What is said of a cohort."""
    marks = sorted(paces[0].resident)
    rows = "\n".join(
        f"| {one.workers} | {one.cases / one.seconds:.1f} | "
        f"{', '.join(f'{one.resident[mark] / 2**20:.0f}' for mark in marks)} | "
        f"{f'{one.worker_peak / 2**20:.0f}' if one.worker_peak else ''} |"
        for one in paces
    )
    return COHORT.format(
        cases=paces[0].cases, shape=" x ".join(map(str, shape)), different=different,
        marks=", ".join(map(str, marks)), rows=rows,
    )  # fmt: skip
