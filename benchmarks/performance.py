"""The page of all contests: what is aimed at, what was reached, each table, the machine.

    python benchmarks/performance.py --write docs/performance.md

Reads benchmarks/results; each table names the command that measured it. The machine's peaks are measured now.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from beside.contest import RESULTS, Contest, load, rows, verdicts
from registering.page import part as registration_part

from oncontour.pipeline.options import Options
from oncontour.pipeline.speed import Machine, measure_machine

CONTESTS = (
    "whole-case",
    "native-study",
    "sliding-window-plain",
    "sliding-window-mirrored",
    "sliding-window-resenc",
    "sliding-window-segresnet",
    "sliding-window-deepmedic",
    "sliding-window-ar-ca",
    "bias-field",
    "brain-speed",
    "native-export",
)
"""In the order of the page; those that were not measured yet are left out."""

PAGE = """# Performance

Every table is one run of several programs on the same work, in turns, each in a process of its own, two cores. Seconds
are medians (in brackets all rounds); memory is the largest resident size of the process. What was aimed at stands
below each table, reached or not.

{machine}

{parts}

## Elsewhere

- [Metrics](metric-speed.md): Dice, HD95 and ASSD beside MONAI, MedPy, surface-distance and SimpleITK.
- [Training steps](training-steps.md) beside nnU-Net's trainer and MONAI; [what steps teach](nnunet-benchmark.md).
- [Start times](start-times.md).
- [Where a network's time goes](network-profile.md): convolutions beside what the processor can do at best.
- [What each engine changes](engines.md) in masks of real scans.
- [Receiving](receive-rate.md) beside storescp and Orthanc; [an hour of a node](node-soak.md); [a ledger of
  many studies, and a plan for a million](many-studies.md).
- [A thousand cases in one run](cohort-run.md): is the last as fast as the first, does memory grow?

Prediction and training on a GPU were not measured: none was at hand.

*`python benchmarks/performance.py --write docs/performance.md`; raw figures in benchmarks/results.*
"""


def main() -> None:
    """Gather, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="MD")
    given = parser.parse_args()
    parts = [_part(load(name)) for name in CONTESTS if (RESULTS / f"{name}.json").exists()]
    if (RESULTS / "registration.json").exists():
        parts.append(f"## Rigid registration\n\n{registration_part(RESULTS / 'registration.json')}")
    page = PAGE.format(machine=_machine(measure_machine(Options())), parts="\n\n".join(parts))
    print(page)
    if given.write:
        given.write.write_text(page, "utf-8")


def _part(contest: Contest) -> str:
    lines = [f"## {contest.title}", "", contest.work, "", rows(contest), ""]
    lines += [f"- {line}" for line in verdicts(contest)]
    return "\n".join([*lines, "", "```", contest.command, "```"])


def _machine(machine: Machine) -> str:
    return (
        f"{machine.processor}, {machine.cores} cores, {machine.memory_gib:.0f} GiB; best matrix products "
        f"{machine.fp32_tflops:.2f} TFLOP/s in fp32 and {machine.bf16_tflops:.2f} in bf16 ({machine.units}), memory "
        f"copied at {machine.copied_gb_s:.0f} GB/s, read and written. It is a virtual machine: what others of its host "
        "take differs from hour to hour, so ratios within a table count, not seconds across tables."
    )


if __name__ == "__main__":
    main()
