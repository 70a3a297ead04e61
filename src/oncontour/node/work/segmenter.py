"""How a study is segmented: by a process of its own, which cannot take the node down with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from oncontour.core import errors
from oncontour.core.errors import OncontourError

Segmenter = Callable[[Path, Path, str], None]
"""Segments the study in a folder into OUT/<name of that folder>, with a bundle; raises OncontourError."""


CHILD = (sys.executable, "-m", "oncontour.node.work.child")
"""Takes STUDY OUT BUNDLE, and ends when its standard input does."""


def in_own_process(limit_s: float, program: Sequence[str] = CHILD) -> Segmenter:
    """The real one.

    Args:
        limit_s: after which it is killed.
        program: what does the work.
    """

    def segment(study: Path, out: Path, bundle: str) -> None:
        command = [*program, str(study), str(out), bundle]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            assert child.stdout is not None
            try:
                # Not communicate(): it would close the child's input, by which the child knows that we are here.
                done = child.wait(limit_s)
            except subprocess.TimeoutExpired:
                child.kill()
                raise _failed(study, f"no end after {limit_s:g} s", "one within that time") from None
            except BaseException:
                child.kill()
                raise
            said = child.stdout.read().decode("utf-8", "replace").strip().splitlines()
        if done < 0:
            raise _failed(study, f"its process killed by signal {-done}", "a process that ends by itself")
        if done:
            raise _told(study, said[-1] if said else "", done)

    return segment


def _told(study: Path, line: str, code: int) -> OncontourError:
    try:
        parts = json.loads(line)
        kind = getattr(errors, parts.pop("kind"))
        return kind(*parts.values())
    except (ValueError, KeyError, TypeError, AttributeError):
        return _failed(study, f"exit code {code} of its process", "0")


def _failed(study: Path, found: str, expected: str) -> OncontourError:
    remedy = "Look at memory and at the log of the system; `oncontour node retry` tries again."
    return OncontourError(f"case {study.name}", found, expected, remedy)
