"""What `oncontour doctor --speed` prints."""

from __future__ import annotations

from rich.console import Console
from rich.table import Column, Table

from oncontour.cli.console import counted
from oncontour.pipeline.speed import Speed

FEWEST_S = 0.1
"""Steps that take less are one row."""

SLOW_BF16 = 1.5
"""Below so many times the fp32 rate, bf16 gains next to nothing."""


def print_speed(speed: Speed, screen: Console) -> None:
    """The machine, the case, and what follows from them."""
    machine = speed.machine
    units = f", {machine.units}" if machine.units else ""
    screen.print(f"[bold]{machine.processor}[/bold]{units}; {machine.memory_gib:g} GiB of memory")
    screen.print(
        f"This process may use {counted(machine.cores, 'core')}, and a case uses at most {machine.used}. Products of "
        f"matrices: {machine.fp32_tflops:.2f} TFLOP/s in fp32, {machine.bf16_tflops:.2f} in bf16. Copying: "
        f"{machine.copied_gb_s:.0f} GB/s."
    )
    title = "A synthetic head: four sequences of 1 mm, with skull"
    table = Table("step", Column("s", justify="right"), "what", title=title, title_justify="left")
    small = [step for step in speed.steps if step.seconds < FEWEST_S]
    for step in sorted(set(speed.steps) - set(small), key=lambda step: -step.seconds):
        table.add_row(step.name, f"{step.seconds:.1f}", step.summary)
    if small:
        table.add_row(counted(len(small), "other step"), f"{sum(step.seconds for step in small):.1f}", "")
    screen.print(table)
    screen.print(
        f"[bold]{speed.next_s:.1f} s a case[/bold], {speed.first_s:.1f} s for the first, which loads the models; "
        f"{speed.busy:.1f} of {machine.used} cores were busy; {speed.peak_gib:.1f} GiB at most. Steps of several "
        "sequences run side by side: their sum is more than the time."
    )
    for line in advice(speed):
        screen.print(f"- {line}")


def advice(speed: Speed) -> list[str]:
    """What would change it."""
    machine, lines = speed.machine, []
    if speed.workers > 1:
        a_case = f"{speed.busy:.1f} busy cores and {speed.peak_gib:.1f} GiB a case"
        lines.append(f"Many studies: --workers {speed.workers} would keep this machine busy ({a_case}).")
    else:
        lines.append("Many studies: one at a time; a case keeps the cores busy, or fills the memory.")
    if machine.bf16_tflops >= SLOW_BF16 * machine.fp32_tflops:
        ratio = machine.bf16_tflops / machine.fp32_tflops
        lines.append(
            f"bf16 is {ratio:.1f} times as fast here: large networks gain by --engine torch-bf16 (docs: engines)."
        )
    else:
        lines.append("bf16 is no faster here: leave the engine as it is.")
    if machine.used < machine.cores:
        lines.append(f"OMP_NUM_THREADS, or a limit like it, leaves {machine.cores - machine.used} of the cores unused.")
    return lines
