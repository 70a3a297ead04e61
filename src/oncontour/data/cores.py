"""How many cores this process may use."""

from __future__ import annotations

import os
from math import ceil
from pathlib import Path

GROUPS, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def usable_cores(groups: Path = GROUPS, own: Path = OWN) -> int:
    """Cores that the system lets this process keep busy, at least 1.

    A container of two cores on a machine of 64 sees 64; with as many threads, each is held up most of the time. So the
    limits of control groups count (Linux: cpu.max of version 2, cpu.cfs_quota_us of version 1), and the affinity.

    Args:
        groups: where control groups are mounted.
        own: which of them this process is in.
    """
    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(min([seen, *map(ceil, _limits(groups, own))]), 1)


def _limits(groups: Path, own: Path) -> list[float]:
    """Of this process' control group and those around it, in cores."""
    try:
        lines = own.read_text("ascii").splitlines()
    except (OSError, ValueError):
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = groups / controllers if controllers else groups
        for folder in (root, *(root / Path(*Path(path).parts[1 : n + 1]) for n in range(1, len(Path(path).parts)))):
            found += _limit(folder)
    return found


def _limit(group: Path) -> list[float]:
    """Of one group; none where it has none, or is not there, as seen from within a container."""
    try:
        if (group / "cpu.max").exists():
            quota, period = (group / "cpu.max").read_text("ascii").split()
        else:
            quota, period = ((group / f"cpu.cfs_{name}_us").read_text("ascii").strip() for name in ("quota", "period"))
        return [int(quota) / int(period)] if quota not in ("max", "-1") else []
    except (OSError, ValueError, ZeroDivisionError):
        return []
