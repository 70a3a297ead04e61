"""The page: what each study took besides its segmentation, and what the node held as the hour went by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markdown_table import table

HEAD = """# An hour of the node

```
python benchmarks/node_soak.py --write docs/node-soak.md
```

{studies} studies one after the other through `oncontour node run` and the real pipeline (bundle `default`), in
{minutes:.0f} minutes on {cores} cores. Each was a phantom head with its skull in four sequences, {images} images
({size:.0f} MB); {heads} heads took turns, with UIDs of their own each time. A real Orthanc stored it, sent it to the
node by C-STORE, told the node by C-FIND how many images it has, and got SEG, SR, overlays and report back.
**{delivered} of {studies} were delivered**, each once; {others}.

## Seconds of a study

"Besides segmentation" is all from the last image until Orthanc was seen to have every object of the result, less what
the pipeline took from the reading of pixels to its files. The aim is 15 s or less. Orthanc shares the cores.{stolen}

{seconds}

## What the node held

Memory of the node's own (resident, shared with no other program) after so many studies, with its open files and
threads; the largest proportional set size of the node and its segmentation together since the row before; images,
results and data base on its disk (images and results are removed {keep_minutes:.0f} minutes after delivery here).

{held}

Memory per study, by a straight line through the second half: {slope:+.3f} MiB. What grows is SQLite's cache, up to
2 MiB for each connection: [a node's memory](node-memory.md) has more studies, whose segmentation is a stand-in.
"""

LITTLE = 0.05
"""A share of the processors' time that changes nothing."""


@dataclass(frozen=True)
class Taken:
    """What became of one study.

    Args:
        state: its end.
        sent_s: Orthanc's sending of it.
        whole_s: from the last image until it was known to be whole.
        ruled_s: from there until it was at work: rules, queues.
        delivered_s: from the end of the segmentation's process to its end.
        all_s: from the last image to its end.
        pipeline_s: from the reading of pixels to the files of the result.
        once: each object of its result was sent to the PACS once.
        node_mib, files, threads: that the node held then.
        peak_mib: of the node and the segmentation since the study before.
        disk_mb: of the node's place.
        stolen: share of the processors' time that went to other machines of the same host meanwhile (Linux' "steal").
    """

    state: str
    sent_s: float
    whole_s: float
    ruled_s: float
    delivered_s: float
    all_s: float
    pipeline_s: float
    once: bool
    node_mib: float
    files: int
    threads: int
    peak_mib: float
    disk_mb: float
    stolen: float

    @property
    def besides_s(self) -> float:
        return self.all_s - self.pipeline_s


@dataclass(frozen=True)
class Setting:
    """Of the run."""

    minutes: float
    cores: int
    images: int
    size_mb: float
    heads: int
    keep_minutes: float


def page(taken: Sequence[Taken], setting: Setting) -> str:
    """The page in Markdown."""
    delivered = [one for one in taken if one.state == "delivered"]
    ends = sorted({one.state for one in taken} - {"delivered"})
    others = ", ".join(f"{sum(one.state == end for one in taken)} {end}" for end in ends) or "no other end was seen"
    twice = sum(not one.once for one in taken)
    return HEAD.format(
        studies=len(taken), minutes=setting.minutes, cores=setting.cores, images=setting.images, size=setting.size_mb,
        heads=setting.heads, delivered=len(delivered) if not twice else f"{len(delivered)} ({twice} more than once)",
        others=others, seconds=seconds_table(delivered), held=held_table(taken), keep_minutes=setting.keep_minutes,
        slope=slope(taken), stolen=stolen_text(delivered),
    )  # fmt: skip


def seconds_table(taken: Sequence[Taken]) -> str:
    """Median, 95 % and longest of each part."""
    parts = {
        "sending by Orthanc": [one.sent_s for one in taken],
        "last image to whole": [one.whole_s for one in taken],
        "rules and queues": [one.ruled_s for one in taken],
        "process and headers": [one.besides_s - one.whole_s - one.ruled_s - one.delivered_s for one in taken],
        "delivery": [one.delivered_s for one in taken],
        "**besides segmentation**": [one.besides_s for one in taken],
        "the pipeline": [one.pipeline_s for one in taken],
        "last image to delivered": [one.all_s for one in taken],
    }
    rows = [[name, *(f"{np.percentile(times, at):.1f}" for at in (50, 95, 100))] for name, times in parts.items()]
    return table(["", "median", "95 %", "longest"], rows, numbers=True)


def stolen_text(taken: Sequence[Taken]) -> str:
    """What the machine did not get, and what a study took while it got nearly all."""
    shares = [one.stolen for one in taken]
    if not any(shares):
        return ""
    told = f" Other machines of the same host took {np.median(shares):.0%} of the processors' time (median of studies)"
    rest = [one.besides_s for one in taken if one.stolen < LITTLE]
    if rest:
        told += (
            f"; where they took less than {LITTLE:.0%}, in {len(rest)} studies, the median is {np.median(rest):.1f} s"
        )
    return told + "."


def held_table(taken: Sequence[Taken]) -> str:
    """A row for every tenth of the run."""
    marks = sorted({1, *np.linspace(0, len(taken), 11).round().astype(int).tolist()} - {0})
    rows, before = [], 0
    for mark in marks:
        one = taken[mark - 1]
        peak = max(some.peak_mib for some in taken[before:mark])
        counts = (one.files, one.threads)
        rows.append([str(mark), f"{one.node_mib:.0f}", *map(str, counts), f"{peak:.0f}", f"{one.disk_mb:.0f}"])
        before = mark
    return table(["studies", "node, MiB", "files", "threads", "with segmentation, MiB", "disk, MB"], rows, numbers=True)


def slope(taken: Sequence[Taken]) -> float:
    """MiB of the node's memory for each study of the second half, by least squares."""
    held = [one.node_mib for one in taken[len(taken) // 2 :]]
    return float(np.polyfit(np.arange(len(held)), held, 1)[0]) if len(held) > 1 else float("nan")
