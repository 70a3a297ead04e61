"""A contender in a process of its own: one run whenever it is asked, so that several take turns."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np

SCRIPT = Path(__file__).parents[1] / "metric_speed.py"

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")
"""What a child process reads; nothing is said to it where each program may choose."""


@dataclass
class Rival:
    """A contender that runs.

    Args:
        name: of `CONTENDERS`.
        masks: file of regions.
        threads: of each library; None: their own choice.
        seconds: of each round so far.
        figures: of the last, (regions, 3).
        before_bytes, peak_bytes: resident memory with program and masks loaded, and the largest since.
    """

    name: str
    masks: Path
    threads: int | None
    seconds: list[float] = field(default_factory=list)
    figures: list[list[float]] = field(default_factory=list)
    before_bytes: int = 0
    peak_bytes: int = 0

    def __enter__(self) -> Rival:
        environment = {name: text for name, text in os.environ.items() if name not in THREADS}
        if self.threads is not None:
            environment |= dict.fromkeys(THREADS, str(self.threads))
        command = [sys.executable, str(SCRIPT), "--contender", self.name, "--masks", str(self.masks)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
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

    def _ask(self, text: str) -> dict:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("{"):  # Some programs greet.
                return json.loads(line)
        raise SystemExit(f"{self.name}: its process ended; run {SCRIPT.name} --contender to see why.")


def serve(name: str, masks: Path) -> None:
    """In the contender's process: load, warm up on a corner of the masks, then run at each line that comes."""
    from speed.contenders import CONTENDERS

    score = CONTENDERS[name][1]()
    with np.load(masks) as stored:
        pred, ref = stored["pred"], stored["ref"]
    block = np.zeros((len(pred), 12, 12, 12), bool)
    block[:, 3:9, 3:9, 3:9] = True
    score(block, block, (1.0, 1.0, 1.0))
    _tell(seconds=0.0, figures=[])
    for _ in sys.stdin:
        began = time.perf_counter()
        figures = score(pred, ref, (1.0, 1.0, 1.0))
        _tell(seconds=time.perf_counter() - began, figures=figures)


def _tell(**found: object) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**found, "bytes": peak}), flush=True)
