"""Training on a GPU: ours against nnU-Net v2 and MONAI, the same U-Net, patch, batch and cases, in one run.

    python benchmarks/gpu_training.py --work DIR [--seeds 1] [--iterations 1000] [--write docs/gpu-benchmark.md]
    python benchmarks/gpu_training.py --work DIR --device cpu --cases 3 2 --spacing 2 --edge 32 --features 8 16 32 64 \
        --iterations 20 --timed-steps 4 --workers 1

Run it in .venv-peers with a CUDA build of torch. Ours is compiled, bf16 and channels-last; nnU-Net is compiled, fp16;
MONAI bf16: each as it trains by default, or as its tutorials do. The second command shows on a CPU that everything
runs; its figures mean nothing. Runs that are done are kept in --work.
"""

from __future__ import annotations

import os

from contenders.command import compare, options
from contenders.runs import Contender
from contenders.tables import processor

CONTENDERS = (
    Contender("nnU-Net v2", "nnunet"),
    Contender("MONAI", "monai"),
    Contender("Oncontour", "ours"),
)

MOST_WORKERS = 12
"""nnU-Net's default."""


def main() -> None:
    """Prepare, time, train, tell."""
    parser = options(__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.set_defaults(
        seeds=1, iterations=1000, timed_steps=50, same_steps=0, cases=(16, 8), spacing=1.0, edge=128,
        features=(32, 64, 128, 256, 320, 320), workers=min(MOST_WORKERS, os.cpu_count() or 1),
    )  # fmt: skip
    given = parser.parse_args()
    import torch

    if given.device == "cuda" and not torch.cuda.is_available():
        print("No GPU that torch can use: nothing was measured. (--device cpu runs the same code.)")
        return
    machine = torch.cuda.get_device_name() if given.device == "cuda" else processor()
    compare("Training on a GPU", given, given.device, machine, CONTENDERS, CONTENDERS)


if __name__ == "__main__":
    main()
