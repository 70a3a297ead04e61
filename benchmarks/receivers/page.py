"""The page: images a second and memory of each receiver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from markdown_table import table

HEAD = """# Receive rate

{images} MR images of {size:.2f} MB each by dcmtk's `storescu`, over one association and over eight at once:

```
python benchmarks/receive_rate.py --write docs/receive-rate.md
```

All in one run on one machine, in turns, {rounds} rounds, medians (all rounds in brackets); every receiver on 127.0.0.1,
on the same disk and on an empty folder, with `TCP_NODELAY=1`, some seconds after what the one before had received was
deleted. The time is the senders', from the first to the last; every image was counted on the receiver's disk. "Of
Orthanc" is the ratio of medians. Memory is the largest proportional set size of the receiver's processes.

What a success means differs: Oncontour and Orthanc (`SyncStorageArea`, its default) flush each image to the disk before
they answer; `storescp` does not, and what it confirmed last is lost with the power.
"""


@dataclass(frozen=True)
class Run:
    """One receiver, once.

    Args:
        rate: images/s.
    """

    rate: float
    peak_mib: float


def page(images: int, size_mb: float, rounds: int, runs: Mapping[tuple[int, str], Sequence[Run]]) -> str:
    """The page in Markdown.

    Args:
        size_mb: of an image.
        runs: number of associations and receiver -> its rounds.
    """
    return HEAD.format(images=images, size=size_mb, rounds=rounds) + "\n" + rates(runs) + "\n"


def rates(runs: Mapping[tuple[int, str], Sequence[Run]]) -> str:
    """The table."""
    rows = []
    for (associations, name), rounds in runs.items():
        rate, orthanc = _rate(rounds), _rate(runs[associations, "Orthanc"])
        every = ", ".join(f"{run.rate:.0f}" for run in rounds)
        memory = max(run.peak_mib for run in rounds)
        rows.append([str(associations), name, f"{rate:.0f} ({every})", f"{rate / orthanc:.2f}", f"{memory:.0f}"])
    return table(["associations", "receiver", "images/s", "of Orthanc", "memory, MiB"], rows)


def _rate(rounds: Sequence[Run]) -> float:
    return median(run.rate for run in rounds)
