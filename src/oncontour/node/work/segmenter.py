"""How a study is segmented: by a process of its own, which cannot take the node down with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from oncontour.core import errors
from oncontour.core.errors import OncontourError

Segmenter = Callable[[Path, Path, str], None]
"""Segments the study in a folder into OUT/<name of that folder>, with a bundle; raises OncontourError."""


CHILD = (sys.executable, "-m", "oncontour.node.work.child")
"""Waits for a line of JSON on its standard input, [STUDY, OUT, BUNDLE], and ends when its standard input does."""


def in_own_process(limit_s: float, program: Sequence[str] = CHILD) -> Segmenter:
    """The real one. The process for a study begins when the one before ends, so that its modules are loaded by then;
    the first begins now.

    Args:
        limit_s: after which it is killed.
        program: what does the work.
    """
    waiting = deque([_begun(program)])

    def segment(study: Path, out: Path, bundle: str) -> None:
        with _told_of(study, out, bundle, waiting, program) as child:
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
        if not waiting:
            waiting.append(_begun(program))
        if done < 0:
            raise _failed(study, f"its process killed by signal {-done}", "a process that ends by itself")
        if done:
            raise _told(study, said[-1] if said else "", done)

    return segment


def _begun(program: Sequence[str]) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(program, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, bufsize=0)


def _told_of(
    study: Path, out: Path, bundle: str, waiting: deque[subprocess.Popen[bytes]], program: Sequence[str]
) -> subprocess.Popen[bytes]:
    """A process that was told what to do: one that waits and is alive still, else a new one."""
    line = json.dumps([str(study), str(out), bundle]).encode() + b"\n"
    while True:
        new = not waiting
        child = _begun(program) if new else waiting.popleft()
        assert child.stdin is not None
        try:
            if child.poll() is None:
                child.stdin.write(line)
                child.stdin.flush()
                return child
        except BrokenPipeError:
            pass
        if new:  # It has ended already; waiting for it says how.
            return child


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
