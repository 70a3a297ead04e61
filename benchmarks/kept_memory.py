"""What keeping freed memory between steps gives a training on a CPU: seconds a step, and time spent in the kernel.

    python benchmarks/kept_memory.py [--steps 20] [--recipe recipes/default.yaml]

Each way in a process of its own, in turn, on random images: the network, the patch and the loss of the recipe.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

from oncontour.networks import build_network
from oncontour.plans.file import load_plan
from oncontour.training.learner import Learner
from oncontour.training.memory import keep_freed_memory

WARM_UP = 3
"""Steps that are not counted."""


def timed_steps(recipe: Path, steps: int, keep: bool) -> str:
    """A line: seconds a step (median), share of the processor time spent in the kernel, peak memory."""
    plan = load_plan(recipe)
    if keep:
        keep_freed_memory()
    torch.manual_seed(0)
    learner = Learner(build_network(plan.network.name, plan.network.arguments), plan.training.loss)
    optimiser = torch.optim.AdamW(learner.parameters(), 1e-3)
    shape = (plan.training.batch, len(plan.channels), *plan.training.patch)
    image, target = torch.randn(shape), (torch.rand(shape[0], 3, *shape[2:]) > 0.9).float()
    seconds = []
    for _ in range(WARM_UP + steps):
        began = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16):
            loss = learner(image, target)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        seconds.append(time.perf_counter() - began)
    used = resource.getrusage(resource.RUSAGE_SELF)
    kernel = used.ru_stime / (used.ru_stime + used.ru_utime)
    step, peak = statistics.median(seconds[WARM_UP:]), used.ru_maxrss / 1e6
    return f"{step:.3f} s a step, {kernel:.0%} in the kernel, {peak:.2f} GB"


def main() -> None:
    """Run each way in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", type=Path, default=Path(__file__).parents[1] / "recipes" / "default.yaml")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--way", choices=["given back", "kept"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(f"{given.way}: {timed_steps(given.recipe, given.steps, given.way == 'kept')}", flush=True)
        return
    for way in ("given back", "kept", "given back", "kept"):
        subprocess.run([sys.executable, *sys.argv, "--way", way], check=True)


if __name__ == "__main__":
    main()
