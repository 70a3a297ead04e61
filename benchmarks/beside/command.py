"""A program started anew: its seconds, loading included, and the most memory that it held."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Taken:
    """What a command took.

    Args:
        seconds: by the clock.
        peak_mib: largest resident memory of its process.
        exit_code: 0 where all went well.
    """

    seconds: float
    peak_mib: float
    exit_code: int


def timed(command: Sequence[str]) -> Taken:
    """Run it; what it says is thrown away."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Taken(time.perf_counter() - began, usage.ru_maxrss / 1024, process.returncode)
