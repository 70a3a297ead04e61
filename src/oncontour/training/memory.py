"""The memory of a training: kept between steps, and explained where it runs out."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from oncontour.core.errors import TrainingError

MMAP_MAX, TRIM_THRESHOLD = -4, -1
"""M_MMAP_MAX and M_TRIM_THRESHOLD of glibc's malloc.h."""


def keep_freed_memory() -> bool:
    """Let this process keep the memory that it frees, where the C library is glibc; whether it is.

    By default glibc maps every tensor of more than 32 MB anew and gives it back when freed, so that the kernel has to
    clear its pages in every step: a fifth of the time of a training on a CPU (docs/training.md). The process holds its
    peak until it ends, which a training reaches again in the next step anyway.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # Not glibc: macOS, Windows, musl.
        return False
    return bool(mallopt(MMAP_MAX, 0)) and bool(mallopt(TRIM_THRESHOLD, -1))


@contextmanager
def memory_explained(patch: tuple[int, ...], batch: int) -> Iterator[None]:
    """Turn a lack of memory inside the block into an error that says what to lower.

    Raises:
        TrainingError: memory ran out.
    """
    import torch

    expected = f"room for {batch} patches of {' x '.join(map(str, patch))} voxels a step"
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        remedy = "Lower training.batch or training.patch in the plan, use bf16, or a smaller network; then --resume."
        raise TrainingError("training", "no memory left", expected, remedy) from error
    except RuntimeError as error:
        text = str(error)
        if "allocate memory" in text or "not enough memory" in text:
            remedy = "Lower training.batch or training.patch in the plan, or a smaller network; then --resume."
            raise TrainingError("training", "no memory left", expected, remedy) from error
        if "DataLoader worker" in text:
            remedy = "Memory, or shared memory, may have run out: use fewer --workers (0: none); then --resume."
            raise TrainingError("training", "a worker process that ended", "samples drawn ahead", remedy) from error
        raise
