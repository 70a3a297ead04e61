"""Training against nnU-Net v2 itself: the same plan, cases and steps, seconds a step and Dice, in one run on one CPU.

    python benchmarks/nnunet_training.py --work DIR [--seeds 3] [--iterations 250] [--write docs/nnunet-benchmark.md]
    python benchmarks/nnunet_training.py --work DIR --steps-only 20

Run it in .venv-peers (`make peers`), on an otherwise idle machine. A phantom cohort at 2 mm is made, planned and
preprocessed by nnU-Net; its plan is edited to a small patch and a small U-Net, and read by ours. Both train with their
own loops, loss (Dice and cross-entropy of regions, deeply supervised), SGD, augmentation of nnU-Net's set and one
process that draws batches; both predict the held-out cases without mirrored views; one function scores both. Runs that
are done are kept in --work. Seconds a step come from rounds that take turns, nothing else running: from one batch
asked for to the next.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from contenders.runs import Contender, prepare, time_steps, train
from contenders.tables import processor, write_report
from contenders.task import Task, make_data

NNUNET = Contender("nnU-Net v2", "nnunet")
OURS = Contender("Oncontour, bf16 (its default)", "ours")
OURS_FP32 = Contender("Oncontour, fp32", "ours", "run_fp32")

SPACING_MM = 2.0

EPOCHS = 10
"""In which the iterations are done: nnU-Net lowers its learning rate once an epoch."""

ROUNDS = 2
"""How often each contender has its turn at the timing."""


def main() -> None:
    """Prepare, time, train, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for data, trainings and results")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each")
    parser.add_argument("--iterations", type=int, default=250, help="steps of a training, a multiple of 10")
    parser.add_argument("--steps-only", type=int, metavar="N", help="time N steps of each, twice; train nothing")
    parser.add_argument("--timed-steps", type=int, default=16, help="steps of each turn at the timing")
    parser.add_argument("--cases", type=int, nargs=2, default=(24, 8), help="to train on, and held out")
    parser.add_argument("--edge", type=int, default=64, help="voxels along each axis of a patch")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--features", type=int, nargs="+", default=(16, 32, 64, 128), help="of each stage")
    parser.add_argument("--write", type=Path, metavar="FILE.md", help="write the tables there, numbers to results/")
    given = parser.parse_args()
    training, held_out = given.cases
    task = Task(
        given.work.resolve(), training, held_out, SPACING_MM, given.edge, given.batch, tuple(given.features),
        EPOCHS, given.iterations // EPOCHS, workers=1, device="cpu",
    )  # fmt: skip
    make_data(task)
    for contender in (NNUNET, OURS):
        prepare(contender, task)
    timed = time_steps(task, (NNUNET, OURS, OURS_FP32), given.steps_only or given.timed_steps, ROUNDS)
    trained = {} if given.steps_only else train(task, (NNUNET, OURS), given.seeds)
    write_report("Training beside nnU-Net", task, timed, trained, processor(), given.write)


if __name__ == "__main__":
    main()
