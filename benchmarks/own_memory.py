"""What this process has held."""

from __future__ import annotations

from pathlib import Path


def peak_bytes() -> int:
    """Largest resident size of this program; `ru_maxrss` counts what its parent held when it was started, too."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) * 1024
