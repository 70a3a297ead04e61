"""Starts processes within milliseconds: it has imported what they need, and forks.

    python -m faults.nursery MODULE...

Lines of JSON on its input: {"name", "module", "args", "log"} starts a process that calls `MODULE.main(*args)`. Lines on
its output: {"name", "pid"}, and {"name", "pid", "code"} when it has ended (128 + n: by signal n). What it started dies
with it.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import sys
import traceback
from importlib import import_module
from typing import Any

PR_SET_PDEATHSIG = 1


def main(modules: list[str]) -> None:
    """Serve until the input closes."""
    for module in modules:
        import_module(module)
    gc.freeze()
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write)
    running: dict[int, str] = {}
    buffer = b""
    _say({"name": "nursery", "pid": os.getpid()})
    while True:
        ready, _, _ = select.select([0, read], [], [])
        if read in ready:
            os.read(read, 4096)
            while running:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                code = os.waitstatus_to_exitcode(status)
                _say({"name": running.pop(pid), "pid": pid, "code": code if code >= 0 else 128 - code})
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                return
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                order = json.loads(line)
                pid = _fork(order, (read, write))
                running[pid] = order["name"]
                _say({"name": order["name"], "pid": pid})


def _fork(order: dict[str, Any], pipes: tuple[int, int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for pipe in pipes:
        os.close(pipe)
    os.setsid()
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    code = 1
    try:
        import_module(order["module"]).main(*order["args"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    if code == 0:
        sys.exit(0)  # As a Python program ends: after its threads.
    os._exit(code)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
