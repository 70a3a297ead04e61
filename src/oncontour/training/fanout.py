"""Folds, seeds and the parts of a cascade are trainings of their own: one after the other, or side by side as jobs.

Side by side they run under `submitit`: on this machine, or on a SLURM cluster. One that fails never stops the others.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from oncontour.core.errors import InputError, OncontourError, TrainingError
from oncontour.data.cores import usable_cores
from oncontour.data.files import write_json
from oncontour.training.job import Job
from oncontour.training.live import Live
from oncontour.training.loop import train
from oncontour.training.machine import Interruption, Machine, make_fabric

if TYPE_CHECKING:
    from lightning_fabric import Fabric

LOCAL_MINUTES = 60 * 24 * 365
"""submitit ends a local job after 5 minutes unless told otherwise."""

LOOK_SECONDS = 1.0

ERROR = "error.json"
"""Beside a training that failed lies why: an exception of another process comes back as text alone."""

Progress = Callable[[int, int], None]
"""Called with the number of trainings done and their total."""


@dataclass(frozen=True)
class Queue:
    """How trainings are run side by side.

    Args:
        at_once: how many; 1: one after the other, in this process.
        cluster: where.
        options: for the cluster, as submitit calls them, such as {"slurm_partition": "gpu", "timeout_min": 600}.
    """

    at_once: int = 1
    cluster: Literal["local", "slurm"] = "local"
    options: Mapping[str, Any] = field(default_factory=dict)


def run_job(job: Job, machine: Machine, resume: bool) -> None:
    """Train one job on its devices.

    Raises:
        OncontourError: as `oncontour.training.loop.train`, whichever process it came from.
        KeyboardInterrupt: it was interrupted; the state is saved.
    """
    fabric = make_fabric(machine, job.plan.training.precision)
    work = partial(_train, job=job, machine=machine, resume=resume)  # Fabric looks into arguments, and changes them.
    told = job.folder / ERROR
    told.unlink(missing_ok=True)
    if fabric.strategy.launcher is None:
        fabric.launch(work)
        return
    with Interruption() as interruption:  # The processes save and end by themselves.
        try:
            fabric.launch(work)
        except Exception as error:
            if told.exists():
                raise TrainingError(**json.loads(told.read_text("utf-8"))) from error
            raise
    if interruption.asked:
        raise KeyboardInterrupt


def _train(fabric: Fabric, job: Job, machine: Machine, resume: bool) -> None:
    try:
        with Live(machine) as live:
            for phase in job.phases:
                train(phase, machine, fabric, live, resume)
    except OncontourError as error:
        job.folder.mkdir(parents=True, exist_ok=True)
        write_json(job.folder / ERROR, error.parts)
        raise
    finally:
        if fabric.strategy.launcher is not None:
            _leave()


def _leave() -> None:
    """Close what joins this process, which Fabric started, to the others: gloo's threads abort one that ends first."""
    from torch import distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def run_jobs(
    jobs: Sequence[Job],
    machine: Machine,
    resume: bool,
    queue: Queue,
    folder: Path,
    progress: Progress = lambda done, total: None,
) -> None:
    """Train all jobs.

    Args:
        folder: for the logs of jobs that run side by side.

    Raises:
        TrainingError: some failed; the others are done.
        KeyboardInterrupt: interrupted; what was at work is saved.
    """
    if queue.at_once > 1 or queue.cluster == "slurm":
        failed = _submit(jobs, machine, resume, queue, folder, progress)
    else:
        failed = _one_by_one(jobs, machine, resume, progress)
    if len(failed) == 1 and len(jobs) == 1:
        raise next(iter(failed.values()))
    if failed:
        shown = "; ".join(f"{name}: {error}" for name, error in failed.items())
        found = f"{len(failed)} of {len(jobs)} that failed: {shown}"
        raise TrainingError("trainings", found, "all of them done", "Correct this and go on with --resume.")


def _one_by_one(jobs: Sequence[Job], machine: Machine, resume: bool, progress: Progress) -> dict[str, OncontourError]:
    failed = {}
    for done, job in enumerate(jobs, start=1):
        try:
            run_job(job, machine, resume)
        except OncontourError as error:
            failed[job.name] = error
        progress(done, len(jobs))
    return failed


def _submit(
    jobs: Sequence[Job], machine: Machine, resume: bool, queue: Queue, folder: Path, progress: Progress
) -> dict[str, OncontourError]:
    """Keep as many jobs at work as asked, until all are done."""
    import torch

    local = queue.cluster == "local"
    gpus = torch.cuda.device_count() if machine.on_gpu else 0
    machine = share_of(machine, queue)
    executor = executor_of(queue, folder)
    waiting, at_work, failed, free = list(jobs), {}, {}, list(range(queue.at_once))
    try:
        while waiting or at_work:
            while waiting and free:
                slot, job = free.pop(0), waiting.pop(0)
                options: dict[str, Any] = {"name": job.name.replace(" ", "_").replace(",", ""), **queue.options}
                if local and gpus:
                    first = slot * machine.devices
                    visible = [(first + n) % gpus for n in range(machine.devices)]
                    options |= {"gpus_per_node": machine.devices, "local_visible_gpus": visible}
                executor.update_parameters(**options)
                at_work[slot] = job, executor.submit(run_job, job, machine, resume)
            for slot, (job, running) in list(at_work.items()):
                if running.done():
                    error = running.exception()
                    if error is not None:
                        failed[job.name] = _explained(error, job, folder)
                    del at_work[slot]
                    free.append(slot)
                    progress(len(jobs) - len(waiting) - len(at_work), len(jobs))
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        stop([running for _, running in at_work.values()], queue)
        raise
    return failed


def share_of(machine: Machine, queue: Queue) -> Machine:
    """What one of several side by side has of a machine: its part of the cores, and no bars."""
    threads = max(usable_cores() // queue.at_once, 1) if queue.cluster == "local" else machine.threads
    return replace(machine, view="lines", threads=machine.threads or threads)


def executor_of(queue: Queue, folder: Path) -> Any:
    """What takes jobs for a queue (`submitit.AutoExecutor`), with their logs in a folder.

    Raises:
        InputError: submitit is not installed.
    """
    try:
        import submitit
    except ImportError as error:
        remedy = "pip install submitit, or do one after the other."
        raise InputError("jobs side by side", "no submitit", "its package", remedy) from error
    executor = submitit.AutoExecutor(folder, cluster=queue.cluster)
    if queue.cluster == "local":
        executor.update_parameters(timeout_min=LOCAL_MINUTES)
    return executor


def stop(jobs: Sequence[Any], queue: Queue) -> None:
    """Interrupt jobs on this machine, and wait until they have saved; those of a cluster go on."""
    if queue.cluster == "local":
        for job in jobs:
            job.cancel()
        for job in jobs:
            job.wait()


def _explained(error: BaseException, job: Job, folder: Path) -> OncontourError:
    """What stopped a job."""
    told = job.folder / ERROR
    if told.exists():
        return TrainingError(**json.loads(told.read_text("utf-8")))
    found = f"a job that ended ({type(error).__name__})"
    return TrainingError(job.name, found, "a finished training", f"Read its log in {folder}, then --resume.")
