"""Where a training runs: device, processes, threads; never what it computes."""

from __future__ import annotations

import logging
import signal
import time
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from oncontour.core.errors import InputError
from oncontour.data.cores import usable_cores
from oncontour.plans.training import Precision
from oncontour.training.memory import keep_freed_memory

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}
"""Lightning's names."""

MOST_WORKERS = 8
"""Worker processes by default on a GPU; more gained nothing where one sample takes less time than a step."""


@dataclass(frozen=True)
class Machine:
    """What a training runs on.

    Args:
        device: auto: a GPU where there is one.
        devices: processes a node, one device each; they share every batch.
        nodes: started by SLURM or torchrun, one process a device.
        workers: processes of each that draw samples ahead; None: chosen here.
        compile: whether torch.compile fuses the network; None: on a GPU.
        threads: of the CPU, for each process; None: all cores.
        tensorboard: write its event files too.
        view: how progress is shown: bars, a line an epoch, nothing.
    """

    device: Literal["auto", "cpu", "cuda"] = "auto"
    devices: int = 1
    nodes: int = 1
    workers: int | None = None
    compile: bool | None = None
    threads: int | None = None
    tensorboard: bool = False
    view: Literal["bars", "lines", "none"] = "none"

    @property
    def on_gpu(self) -> bool:
        """Whether a GPU is used."""
        import torch

        return self.device == "cuda" or (self.device == "auto" and torch.cuda.is_available())

    @property
    def drawers(self) -> int:
        """Worker processes of each training process."""
        if self.workers is not None:
            return self.workers
        cores = usable_cores()
        return min(MOST_WORKERS, max(cores // self.devices - 1, 0)) if self.on_gpu else min(cores - 1, 1)

    @property
    def compiles(self) -> bool:
        """Whether torch.compile is used."""
        return self.on_gpu if self.compile is None else self.compile


def started_outside() -> int | None:
    """This process's rank where torchrun or SLURM started several; None where there is one process yet."""
    from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
    from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment

    for environment in (TorchElasticEnvironment, SLURMEnvironment):
        if environment.detect() and environment().world_size() > 1:
            return environment().global_rank()
    return None


def check_installed() -> None:
    """Refuse to begin without Lightning Fabric, which only training needs.

    Raises:
        InputError: it is not installed.
    """
    if find_spec("lightning_fabric") is None:
        remedy = "pip install 'oncontour[train]'"
        raise InputError("oncontour train", "no lightning-fabric", "the packages that training needs", remedy)


def check_machine(machine: Machine, precision: Precision) -> None:
    """Refuse what this machine cannot do, before any time is spent.

    Raises:
        InputError: no GPU though one was asked for, fp16 without one, or nodes that nobody has started.
    """
    import torch

    if machine.device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda", "no GPU that torch can use", "a GPU and its driver", "Use --device cpu.")
    if precision == "fp16" and not machine.on_gpu:
        remedy = "Use bf16 or fp32 in the plan."
        raise InputError("plan: training.precision", "fp16 on a CPU", "a GPU", remedy)
    if machine.nodes > 1 and started_outside() is None:
        remedy = "Start it with srun or torchrun, one process a device."
        raise InputError(f"--nodes {machine.nodes}", "one process", "one a device, on every node", remedy)


def resolved(precision: Precision, machine: Machine) -> Precision:
    """The precision itself, or what auto means on this machine.

    bf16 where a GPU, or the CPU (AVX512-BF16, AMX), multiplies in it; elsewhere it is emulated and slower than fp32.
    """
    if precision != "auto":
        return precision
    import torch

    if machine.on_gpu:
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    can = getattr(torch.cpu, "get_capabilities", dict)()  # Older versions of torch cannot tell.
    return "bf16" if can.get("avx512_bf16") or can.get("amx_bf16") else "fp32"


def make_fabric(machine: Machine, precision: Precision) -> Fabric:
    """Lightning Fabric for a machine.

    Several devices of one node are started here; those of several nodes by SLURM or torchrun.

    Raises:
        InputError: as `check_machine`.
    """
    import torch
    from lightning_fabric import Fabric
    from lightning_fabric.strategies.ddp import DDPStrategy

    check_machine(machine, precision)
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # It tells what was asked for, on every start.
    outside = started_outside() is not None
    strategy = "auto"
    if machine.devices * machine.nodes > 1:
        # A static graph: parts of a network that a plan's loss leaves out get no gradient, in every step alike.
        strategy = DDPStrategy(start_method="popen" if outside else "spawn", static_graph=True)
    if machine.threads:
        torch.set_num_threads(machine.threads)
    if machine.on_gpu:
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.benchmark = True
    else:
        keep_freed_memory()
    return Fabric(
        accelerator="cuda" if machine.on_gpu else "cpu",
        devices=machine.devices,
        num_nodes=machine.nodes,
        strategy=strategy,
        precision=PRECISIONS[resolved(precision, machine)],  # pyright: ignore[reportArgumentType]
    )


class Interruption:
    """Notes Ctrl-C and SIGTERM (SLURM's warning), so that a step is finished before the state is saved.

    A second Ctrl-C ends the program at once. Outside the main thread, where signals cannot be caught, nothing is.
    """

    ONE_PRESS_SECONDS = 1.0
    """A terminal tells every process of a group, and their parent tells them again: that is one Ctrl-C."""

    def __init__(self) -> None:
        self.asked = False
        self._when = 0.0
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Interruption:
        for name in (signal.SIGINT, signal.SIGTERM):
            try:
                self._before[name] = signal.signal(name, self._note)
            except ValueError:  # Not the main thread.
                break
        return self

    def __exit__(self, *_: object) -> None:
        for name, handler in self._before.items():
            signal.signal(name, handler)  # pyright: ignore[reportArgumentType]

    def _note(self, *_: object) -> None:
        if self.asked and time.monotonic() - self._when > self.ONE_PRESS_SECONDS:
            raise KeyboardInterrupt
        self._when = self._when or time.monotonic()
        self.asked = True
