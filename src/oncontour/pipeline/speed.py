"""What this machine does with a case, and why: its cores, what they can do at best, and a synthetic head segmented."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from oncontour.core.checks import Step
from oncontour.data.cores import usable_cores
from oncontour.pipeline.cores import cores_of, use_cores
from oncontour.pipeline.options import Options
from oncontour.pipeline.progress import Progress, quiet
from oncontour.pipeline.provenance import peak_memory_gib

if TYPE_CHECKING:
    import torch

SIDE = 2048
"""Of the square matrices whose product is timed."""

COPIED_BYTES = 1 << 28
ROUNDS = 4

MATRIX_UNITS = {"amx_bf16": "AMX (bf16)", "avx512_bf16": "AVX-512 (bf16)", "avx512f": "AVX-512", "avx2": "AVX2"}
"""Flags of Linux' /proc/cpuinfo, the strongest first."""

SEED = 6

NEARLY = 0.1
"""Of a case's cores that may lie idle before one more case at once is worth its memory."""

MEMORY_SHARE = 0.8
"""Of the machine's memory that cases may fill."""


@dataclass(frozen=True)
class Machine:
    """What a case has to do with.

    Args:
        processor: its name, as the system gives it.
        cores: that this process may keep busy.
        used: that a case is going to use at most.
        units: the strongest instructions for matrices; "" where the system does not tell.
        memory_gib: of the machine; a container may be allowed less.
        fp32_tflops, bf16_tflops: of matrix products, 10^12 operations a second; a multiplication and its addition are
            two.
        copied_gb_s: bytes read and written, 10^9 a second.
    """

    processor: str
    cores: int
    used: int
    units: str
    memory_gib: float
    fp32_tflops: float
    bf16_tflops: float
    copied_gb_s: float


@dataclass(frozen=True)
class Speed:
    """What a case took.

    Args:
        first_s: wall time of the first case in this process, which loads the models.
        next_s: of one more.
        busy: cores that it kept busy, on average.
        peak_gib: the most memory that this process held.
        steps: of the second; some ran side by side.
    """

    machine: Machine
    first_s: float
    next_s: float
    busy: float
    peak_gib: float
    steps: tuple[Step, ...]

    @property
    def workers(self) -> int:
        """For `--workers`: as many cases at once as cores and memory carry, by what one case took."""
        by_cores = ceil(self.machine.cores / max(self.busy, 1.0) - NEARLY)
        return max(min(by_cores, int(MEMORY_SHARE * self.machine.memory_gib / self.peak_gib)), 1)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "workers": self.workers}


def measure_machine(options: Options) -> Machine:
    """Take a few seconds to see what the processor can do at best."""
    import torch

    used = cores_of(options)
    use_cores(used)
    source = torch.zeros(COPIED_BYTES, dtype=torch.uint8)
    target = torch.ones_like(source)
    copying = _fastest(lambda: target.copy_(source))
    return Machine(
        processor=_processor(),
        cores=usable_cores(),
        used=used,
        units=_units(),
        memory_gib=round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        fp32_tflops=round(product_rate(torch.float32, SIDE) / 1e12, 3),
        bf16_tflops=round(product_rate(torch.bfloat16, SIDE) / 1e12, 3),
        copied_gb_s=round(2 * COPIED_BYTES / copying / 1e9, 1),
    )


def measure_speed(options: Options, progress: Progress = quiet) -> Speed:
    """Make a synthetic head (four sequences of 1 mm, with skull), and segment it twice.

    Raises:
        BundleError: no such model, or a damaged one.
        OncontourError: the case failed.
    """
    from oncontour.data.phantom.cohort import write_cohort
    from oncontour.data.phantom.settings import Settings
    from oncontour.pipeline.segment import segment

    machine = measure_machine(options)
    with TemporaryDirectory(prefix="oncontour-") as folder:
        made = Path(folder) / "made"
        progress("synthetic head", "making", 0.0)
        write_cohort(made, 1, SEED, Settings(skull=True))
        took, busy, steps = [], 0.0, ()
        for number in range(2):
            began, worked = time.perf_counter(), time.process_time()
            (outcome,) = segment(made / "cases", Path(folder) / str(number), options, progress=progress)
            took.append(time.perf_counter() - began)
            busy = (time.process_time() - worked) / took[-1]
            if outcome.error is not None:
                raise outcome.error
            assert outcome.result is not None, "a case without error has a result"
            steps = outcome.result.steps
    return Speed(machine, took[0], took[1], busy, peak_memory_gib(), tuple(steps))


def product_rate(dtype: torch.dtype, side: int) -> float:
    """Operations a second of products of square matrices."""
    import torch

    first, second = (torch.randn(side, side).to(dtype) for _ in range(2))
    return 2 * side**3 / _fastest(lambda: first @ second)


def _fastest(work: Callable[[], object]) -> float:
    """Seconds."""
    took = []
    for _ in range(1 + ROUNDS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took[1:])


def _cpuinfo(name: str) -> str:
    """A line of Linux' /proc/cpuinfo."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _units() -> str:
    flags = set(_cpuinfo("flags").split())
    return next((name for flag, name in MATRIX_UNITS.items() if flag in flags), "")
