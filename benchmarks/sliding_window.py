"""The same network, weights and tiles by several programs: nnU-Net's and MONAI's sliding windows beside ours.

    python benchmarks/sliding_window.py --work DIR [--only plain ...] [--rounds 2]

Run it in .venv-peers (`make peers`), on an otherwise idle machine. nnU-Net's networks are its own, trained for some
steps on a phantom, so that labels have edges, and imported; others are ours, as they begin. Raw figures go to
benchmarks/results/sliding-window-*.json; `benchmarks/performance.py` makes the page of them.
"""

from __future__ import annotations

from pathlib import Path

import windows.monai
import windows.nnunet
from beside.contest import Aim, Contest, entry
from beside.rival import Rival, child, options, serve, take_turns
from windows.agreement import least_dice
from windows.tasks import TASKS, Task, prepare

PROGRAMS = {**windows.nnunet.PROGRAMS, **windows.monai.PROGRAMS}
"""Name -> its title, and what makes it ready: a task and a folder to a round of work that leaves NAME.npy there."""


WEIGHTS = "Weights after {steps} steps on a phantom: the fewer, the less sure are edges, and rounding shows in Dice."


def main() -> None:
    """Time each task's programs, compare what they found, keep the figures."""
    parser = options(__doc__, PROGRAMS, 2)
    parser.add_argument("--work", type=Path, help="folder for networks and images; kept for the next time")
    parser.add_argument("--only", nargs="+", choices=tuple(TASKS), default=tuple(TASKS))
    given = parser.parse_args()
    if given.program:
        serve(PROGRAMS[given.program][1](TASKS[given.folder.name], given.folder))
        return
    if given.work is None:
        parser.error("give --work")
    for name in given.only:
        task = TASKS[name]
        folder = given.work / name
        prepare(task, folder)
        contest(task, folder, given.rounds).save(f"sliding-window-{name}")


def contest(task: Task, folder: Path, rounds: int) -> Contest:
    """One task by all of its programs."""
    rivals = [Rival(name, child(Path(__file__), name, folder)) for name in task.programs]
    take_turns(rivals, rounds)
    titles = {name: PROGRAMS[name][0]() for name in task.programs}
    entries = []
    for rival in rivals:
        rate = task.gflops / min(rival.seconds)
        figures = {
            f"Dice with {titles[task.peer]}, lowest of labels": f"{least_dice(folder, rival.name, task.peer):.4f}",
            "GFLOP/s": f"{rate:.0f}",
        }
        entries.append(entry(rival, titles[rival.name], **figures))
    aims = [Aim(titles[ours], titles[peer], least) for ours, peer, least in task.aims]
    work = f"{task.work} {WEIGHTS.format(steps=task.steps)}"
    return Contest(task.title, work, "python benchmarks/sliding_window.py --work DIR", entries, aims)


if __name__ == "__main__":
    main()
