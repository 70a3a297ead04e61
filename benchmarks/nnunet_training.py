"""Training against nnU-Net v2 itself: the same plan, cases and steps, seconds a step and Dice, in one run on one CPU.

    python benchmarks/nnunet_training.py --work DIR [--seeds 3] [--iterations 250] [--write docs/nnunet-benchmark.md]
    python benchmarks/nnunet_training.py --work DIR --steps-only 20

Run it in .venv-peers (`make peers`), on an otherwise idle machine. A phantom cohort of one scanner is made, planned and
preprocessed by nnU-Net; its plan is edited to a small patch and a small U-Net, and read by ours. First both take some
steps on the same batches. Then both train from the same first weights with their own loops, loss (Dice and
cross-entropy of regions, deeply supervised), SGD, augmentation of nnU-Net's set and one process that draws batches;
both predict the held-out cases without mirrored views, and one function scores both. Runs that are done are kept in
--work. Seconds a step come from rounds that take turns, nothing else running: from one batch asked for to the next.
"""

from __future__ import annotations

from contenders.command import compare, options
from contenders.runs import Contender
from contenders.tables import processor

NNUNET = Contender("nnU-Net v2", "nnunet")
OURS = Contender("Oncontour, bf16 (its default)", "ours")
OURS_FP32 = Contender("Oncontour, fp32", "ours", "run_fp32")


def main() -> None:
    """Prepare, time, train, tell."""
    parser = options(__doc__)
    parser.add_argument("--steps-only", type=int, metavar="N", help="time N steps of each, twice; train nothing")
    parser.set_defaults(
        seeds=3,
        iterations=250,
        timed_steps=16,
        same_steps=25,
        cases=(24, 8),
        spacing=2.0,
        edge=64,
        features=(16, 32, 64, 128),
        workers=1,
    )
    given = parser.parse_args()
    if given.steps_only:
        given.timed_steps, given.same_steps, given.seeds = given.steps_only, 0, 0
    compare("Training beside nnU-Net", given, "cpu", processor(), (NNUNET, OURS, OURS_FP32), (NNUNET, OURS))


if __name__ == "__main__":
    main()
