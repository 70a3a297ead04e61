"""A PostgreSQL of the run's own, from Debian's package, that can be killed, frozen and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from local_port import free_port

USER = "oncontour"


class Postgres:
    """A server in a folder.

    Args:
        folder: another user must be able to enter it, since PostgreSQL refuses root.
        environment: of its processes.
    """

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        found = shutil.which("initdb")
        self._programs = Path(found).parent if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self._data, self.port = folder / "data", free_port()
        self._environment = {**os.environ, **(environment or {})}
        self._as_user: dict[str, Any] = {}
        self._data.mkdir(parents=True)
        if os.geteuid() == 0:
            self._as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            shutil.chown(self._data, "nobody", "nogroup")
        self._run("initdb", "-D", self._data, "-U", USER, "--auth=trust", "--no-sync")
        self.start()

    @property
    def url(self) -> str:
        """As SQLAlchemy has it."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start, or start again; what a killed one left may need a moment to go."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        options += " -c max_connections=300"
        for _ in range(20):
            try:
                self._run("pg_ctl", "-D", self._data, "-w", "-l", self._data / "log", "-o", options, "start")
                return
            except subprocess.CalledProcessError:
                time.sleep(0.5)
        raise SystemExit("PostgreSQL does not start again.")

    def kill(self) -> None:
        """All its processes, with -9."""
        for pid in self._processes():
            _send(pid, signal.SIGKILL)

    def freeze(self) -> None:
        """Stop all its processes where they are."""
        for pid in self._processes():
            _send(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        for pid in self._processes():
            _send(pid, signal.SIGCONT)

    def stop(self) -> None:
        """For good."""
        self.thaw()
        self.kill()

    def _processes(self) -> list[int]:
        try:
            main = int((self._data / "postmaster.pid").read_text().split()[0])
        except (OSError, IndexError, ValueError):
            return []
        children = Path(f"/proc/{main}/task/{main}/children")
        return [main, *map(int, children.read_text().split())] if children.exists() else []

    def _run(self, program: str, *arguments: object) -> None:
        subprocess.run(
            [self._programs / program, *map(str, arguments)],
            check=True,
            cwd=self._data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment,
            **self._as_user,
        )


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
