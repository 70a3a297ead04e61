"""A program in a process of its own: one round whenever it is asked, so that several take turns."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from own_memory import peak_bytes

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")
"""What a child process reads; nothing is said to it where each program may choose."""

Figures = Mapping[str, Any]

Work = Callable[[], Figures | Callable[[], Figures]]
"""One round: does the work and gives figures about it, or what finds these when the clock has stopped."""


@dataclass
class Rival:
    """A program that runs.

    Args:
        name: of the program, for its process.
        command: that starts it: a script that calls `serve` in the end.
        threads: of each library; None: their own choice.
        seconds: of each round so far.
        figures: of the last round.
        before_bytes, peak_bytes: resident memory with program and input loaded, and the largest since.
    """

    name: str
    command: Sequence[str]
    threads: int | None = None
    seconds: list[float] = field(default_factory=list)
    figures: Figures = field(default_factory=dict)
    before_bytes: int = 0
    peak_bytes: int = 0

    def __enter__(self) -> Rival:
        environment = {name: text for name, text in os.environ.items() if name not in THREADS}
        if self.threads is not None:
            environment |= dict.fromkeys(THREADS, str(self.threads))
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=environment,
        )  # fmt: skip
        self.before_bytes = self._ask("")["bytes"]
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()

    def run(self) -> None:
        """One round."""
        found = self._ask("run\n")
        self.seconds.append(found["seconds"])
        self.figures, self.peak_bytes = found["figures"], found["bytes"]

    def _ask(self, text: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith('{"oncontour"'):  # Programs print this and that.
                return json.loads(line)["oncontour"]
        raise SystemExit(f"{self.name}: its process ended; to see why, run {' '.join(self.command)}")


def take_turns(rivals: Sequence[Rival], rounds: int) -> None:
    """Start all, and let each do one round after the other."""
    with ExitStack() as stack:
        started = [stack.enter_context(rival) for rival in rivals]
        for _ in range(rounds):
            for rival in started:
                rival.run()
                print(f"{rival.name}: {rival.seconds[-1]:.3g} s", file=sys.stderr, flush=True)


def serve(work: Work) -> None:
    """In the program's process, ready to work: a round at each line that comes."""
    _tell(seconds=0.0, figures={})
    for _ in sys.stdin:
        began = time.perf_counter()
        found = work()
        seconds = time.perf_counter() - began
        _tell(seconds=seconds, figures=found() if callable(found) else found)


def options(description: str | None, programs: Iterable[str], rounds: int) -> argparse.ArgumentParser:
    """The options that every script has; `child` gives the two that are not shown.

    Args:
        programs: that its child may be.
        rounds: unless told otherwise.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help="of each program")
    parser.add_argument("--program", choices=tuple(programs), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser


def child(script: Path, name: str, folder: Path) -> list[str]:
    """The command of a script's child: `--program NAME --folder FOLDER`."""
    return [sys.executable, str(script), "--program", name, "--folder", str(folder)]


def _tell(**found: object) -> None:
    print(json.dumps({"oncontour": {**found, "bytes": peak_bytes()}}), flush=True)
