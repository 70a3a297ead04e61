"""Training on a GPU: ours against nnU-Net v2 and MONAI, the same U-Net, patch, batch and cases, in one run.

    python benchmarks/gpu_training.py --work DIR [--seeds 1] [--iterations 1000] [--write docs/gpu-benchmark.md]
    python benchmarks/gpu_training.py --work DIR --device cpu --cases 3 2 --spacing 2 --edge 32 --features 8 16 32 64 \
        --iterations 20 --timed-steps 4 --workers 1

Run it in .venv-peers with a CUDA build of torch. Ours is compiled, bf16 and channels-last; nnU-Net is compiled, fp16;
MONAI bf16: each as it trains by default, or as its tutorials do. The second command shows on a CPU that everything
runs; its figures mean nothing. Runs that are done are kept in --work.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from contenders.runs import Contender, prepare, time_steps, train
from contenders.tables import processor, write_report
from contenders.task import Task, make_data

CONTENDERS = (
    Contender("nnU-Net v2", "nnunet"),
    Contender("MONAI", "monai"),
    Contender("Oncontour", "ours"),
)

EPOCHS = 10
ROUNDS = 2
MOST_WORKERS = 12
"""nnU-Net's default."""


def main() -> None:
    """Prepare, time, train, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for data, trainings and results")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each; 0: steps are timed alone")
    parser.add_argument("--iterations", type=int, default=1000, help="steps of a training, a multiple of 10")
    parser.add_argument("--timed-steps", type=int, default=50, help="steps of each turn at the timing")
    parser.add_argument("--cases", type=int, nargs=2, default=(16, 8), help="to train on, and held out")
    parser.add_argument("--spacing", type=float, default=1.0, help="mm of the phantom")
    parser.add_argument("--edge", type=int, default=128, help="voxels along each axis of a patch")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--features", type=int, nargs="+", default=(32, 64, 128, 256, 320, 320), help="of each stage")
    parser.add_argument("--workers", type=int, default=min(MOST_WORKERS, os.cpu_count() or 1), help="drawing batches")
    parser.add_argument("--write", type=Path, metavar="FILE.md", help="write the tables there, numbers to results/")
    given = parser.parse_args()
    import torch

    if given.device == "cuda" and not torch.cuda.is_available():
        print("No GPU that torch can use: nothing was measured. (--device cpu runs the same code.)")
        return
    device = torch.cuda.get_device_name() if given.device == "cuda" else processor()
    training, held_out = given.cases
    task = Task(
        given.work.resolve(), training, held_out, given.spacing, given.edge, given.batch, tuple(given.features),
        EPOCHS, given.iterations // EPOCHS, given.workers, given.device,
    )  # fmt: skip
    make_data(task)
    for contender in CONTENDERS:
        prepare(contender, task)
    timed = time_steps(task, CONTENDERS, given.timed_steps, ROUNDS)
    trained = train(task, CONTENDERS, given.seeds)
    write_report("Training on a GPU", task, timed, trained, device, given.write)


if __name__ == "__main__":
    main()
