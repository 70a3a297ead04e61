"""How many cores a case keeps busy."""

from __future__ import annotations

from oncontour.data.cores import usable_cores
from oncontour.pipeline.options import Options


def cores_of(options: Options) -> int:
    """As the options say; else as many as torch was told to use, as by OMP_NUM_THREADS, but no more than the system
    lets this process have: torch does not see a container's limits."""
    import torch

    return options.cores or min(torch.get_num_threads(), usable_cores())


def use_cores(cores: int) -> None:
    """Let the libraries that bring threads of their own have so many: torch, and ITK."""
    import SimpleITK
    import torch

    if torch.get_num_threads() != cores:
        torch.set_num_threads(cores)
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(cores)
