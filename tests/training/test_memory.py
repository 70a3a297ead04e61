"""Memory that is freed and asked for again."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import numpy as np
from oncontour.training.memory import keep_freed_memory

kept = keep_freed_memory() if {keep} else True
np.ones(64 << 20, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    np.ones(64 << 20, np.uint8)
print(int(kept), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: bool) -> int:
    """Pages that the kernel hands out for eight arrays of 64 MB, one after the other."""
    said = subprocess.run([sys.executable, "-c", FAULTS.format(keep=keep)], capture_output=True, text=True, check=True)
    kept, pages = said.stdout.split()
    assert kept == "1"
    return int(pages)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_memory_is_not_asked_of_the_kernel_again():
    assert faults(keep=True) < faults(keep=False) / 10
