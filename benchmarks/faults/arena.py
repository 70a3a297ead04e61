"""Nodes, their data base and their peer, started anew whenever they die."""

from __future__ import annotations

import itertools
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from local_port import free_port
from sqlalchemy import create_engine, select
from sqlalchemy.exc import SQLAlchemyError

from faults.database import Postgres
from faults.orders import FIRED
from faults.peer import TITLE
from oncontour.node.ledger.tables import CASES

HERE = Path(__file__).parents[1]
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
PLACE_MB = 96
KEEP_FREE_MB = 24
OUSTED, UNUSABLE = 75, 2
"""Exit codes of a node that lost its cases, and of one that says what it cannot begin without."""

SETTINGS: dict[str, Any] = {
    "completion": {
        "quiet_s": 6.0, "series_quiet_s": 1.0, "steady_s": 0.5, "ask_every_s": 2.0, "longest_s": 20.0, "ask": ["pacs"],
    },
    "delivery": {"to": ["pacs"], "back_off_s": 0.5, "longest_s": 2.0, "tries": 60, "seen_s": 2.0},
    "work": {"cases_at_once": 2, "back_off_s": 0.5, "limit_s": 4.0, "beat_s": 0.5, "silent_s": 5.0},
    "watch": {"every_s": 1.0},
}  # fmt: skip
"""Seconds where a hospital has minutes."""


@dataclass(frozen=True)
class World:
    """What nodes stand on.

    Args:
        name: in the table.
        nodes: how many, on one data base and one place.
        postgres: rather than SQLite.
        own_disk: a small file system of its own, which can fill and become read-only.
        own_clock: one that can jump.
    """

    name: str
    nodes: int = 1
    postgres: bool = False
    own_disk: bool = False
    own_clock: bool = False


@dataclass
class Ended:
    """A process that ended.

    Args:
        asked: whether the run wanted it to.
    """

    name: str
    code: int
    asked: bool


class Nursery:
    """Processes that begin within milliseconds (`faults.nursery`)."""

    def __init__(self, modules: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
        with log.open("ab") as told:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "faults.nursery", *modules],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, text=True,
                env={**os.environ, "PYTHONPATH": path, **environment},
            )  # fmt: skip
        self._pids: queue.Queue[int] = queue.Queue()
        self.ends: queue.Queue[tuple[int, str, int]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._pids.get(timeout=120)

    def start(self, name: str, module: str, args: Sequence[Any], log: Path) -> int:
        """A process; its id."""
        assert self._process.stdin is not None
        order = {"name": name, "module": module, "args": list(args), "log": str(log)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._pids.get(timeout=60)

    def close(self) -> None:
        """With all that it started."""
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "code" in told:
                self.ends.put((told["pid"], told["name"], told["code"]))
            else:
                self._pids.put(told["pid"])


@dataclass
class Member:
    """A process that is kept running.

    Args:
        again_at: when it is started anew, by `time.monotonic`; None: it runs.
        held: not to be started anew for now.
    """

    name: str
    pid: int = 0
    again_at: float | None = 0.0
    held: bool = False
    asked: bool = False


@dataclass(frozen=True)
class Row:
    """Of the ledger."""

    case: str
    state: str
    images: frozenset[str]
    reason: str | None
    result: Any
    sender: str = field(default="")


class Arena:
    """A world at work. `with Arena(...) as arena`."""

    def __init__(self, folder: Path, world: World, *, real: bool = False) -> None:
        self.folder, self.world, self._real = folder, world, real
        self.orders, self.place = folder / "orders", folder / "place"
        (self.orders / FIRED).mkdir(parents=True)
        self.place.mkdir()
        self.clock = folder / "clock"
        self.clock.write_text("+0")
        faked = {}
        if world.own_disk:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={PLACE_MB}m", "tmpfs", self.place], check=True)
        if world.own_clock:
            faked = {
                "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
            }  # fmt: skip
            self.clock.chmod(0o644)
        self.postgres = Postgres(folder / "postgres", faked) if world.postgres else None
        self.url = self.postgres.url if self.postgres else f"sqlite:///{self.place / 'node.db'}"
        self.peer_port = free_port()
        self.ports = {f"node-{n + 1}": (free_port(), free_port()) for n in range(world.nodes)}
        self._nodes = Nursery(["faults.node"], folder / "nursery.log", {})
        self._peers = Nursery(["faults.peer"], folder / "nursery.log", {})
        self.members = {name: Member(name) for name in (*self.ports, "peer")}
        self.ended: list[Ended] = []
        self.rows: dict[str, list[Row]] = {}
        self._base = create_engine(self.url, pool_pre_ping=True)
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._turn = itertools.count()
        self._write_settings()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._keep, self._read)]

    def __enter__(self) -> Arena:
        for thread in self._threads:
            thread.start()
        end = time.monotonic() + 120
        while not all(self.healthy(name) for name in self.ports):
            if time.monotonic() > end:
                raise SystemExit(f"{self.world.name}: the nodes do not start; see {self.folder}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._nodes.close()
        self._peers.close()
        self._base.dispose()
        if self.postgres:
            self.postgres.stop()
        if self.world.own_disk:
            for _try in range(20):
                if subprocess.run(["umount", self.place], capture_output=True).returncode == 0:
                    break
                time.sleep(0.25)

    def port(self) -> int:
        """Of one node after the other."""
        ports = [scp for scp, _ in self.ports.values()]
        return ports[next(self._turn) % len(ports)]

    def healthy(self, name: str) -> bool:
        """What a node says of itself."""
        with (
            suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name][1]}/healthz", timeout=5) as answer,
        ):
            return answer.status == 200
        return False

    def kill(self, name: str, number: int = signal.SIGKILL, away_s: float = 0.3) -> None:
        """Send a signal that ends a member, and start it anew later."""
        member = self.members[name]
        with self._lock:
            member.asked = True
            self._away_s = away_s
            if member.again_at is None:
                with suppress(ProcessLookupError):
                    os.kill(member.pid, number)

    def signal(self, name: str, number: int) -> None:
        """Send a signal that does not end it."""
        with suppress(ProcessLookupError):
            os.kill(self.members[name].pid, number)

    def _write_settings(self) -> None:
        pacs = {"protocol": "dimse", "title": TITLE, "host": "127.0.0.1", "port": self.peer_port, "timeout_s": 5}
        for name, (scp, watch) in self.ports.items():
            ear = {"port": scp, "network_timeout_s": 5.0, "request_timeout_s": 2.0}
            settings = {
                **SETTINGS, "name": name, "place": str(self.place), "database": self.url,
                "receive": {"keep_free_mb": KEEP_FREE_MB, "scp": ear},
                "peers": {"pacs": pacs}, "watch": {**SETTINGS["watch"], "port": watch},
            }  # fmt: skip
            if self._real:  # A head takes longer than 20 s to be sent twice by a busy machine.
                settings["completion"] = {**SETTINGS["completion"], "longest_s": 120.0}
                settings["work"] = {**SETTINGS["work"], "limit_s": 600.0, "cases_at_once": 1}
            (self.folder / f"{name}.yaml").write_text(yaml.safe_dump(settings))

    def _keep(self) -> None:
        """Start what has ended."""
        while not self._stop.wait(0.05):
            for nursery in (self._nodes, self._peers):
                with suppress(queue.Empty):
                    while True:
                        pid, name, code = nursery.ends.get_nowait()
                        self._has_ended(pid, name, code)
            for member in self.members.values():
                if member.again_at is not None and not member.held and time.monotonic() >= member.again_at:
                    self._begin(member)

    def _has_ended(self, pid: int, name: str, code: int) -> None:
        with self._lock:
            member = self.members[name]
            if member.pid != pid:
                return
            self.ended.append(Ended(name, code, member.asked))
            member.again_at = time.monotonic() + (getattr(self, "_away_s", 0.3) if member.asked else 0.3)
            member.asked = False

    def _begin(self, member: Member) -> None:
        log = self.folder / f"{member.name}.log"
        orders = str(self.orders)
        with self._lock:
            if member.name == "peer":
                args = [str(self.folder / "peer"), orders, self.peer_port]
                member.pid = self._peers.start("peer", "faults.peer", args, log)
            else:
                args = [
                    str(self.folder / f"{member.name}.yaml"),
                    orders,
                    self._real,
                    str(self.clock) if self.world.own_clock else None,
                ]
                member.pid = self._nodes.start(member.name, "faults.node", args, log)
            member.again_at = None

    def _read(self) -> None:
        """The ledger, again and again."""
        columns = (CASES.c.study, CASES.c.case, CASES.c.state, CASES.c.images, CASES.c.reason, CASES.c.result)
        while not self._stop.wait(0.3):
            found: dict[str, list[Row]] = {}
            try:
                with self._base.connect() as connection:
                    for study, case, state, images, reason, result in connection.execute(select(*columns)):
                        found.setdefault(study, []).append(Row(case, state, frozenset(images), reason, result))
            except SQLAlchemyError:
                continue
            self.rows = found

    def images_of(self, token: str) -> set[str]:
        """Names of a study's images in the spool."""
        return {path.name for path in (self.place / "spool" / "studies" / token).glob("*.dcm")}

    def remove(self) -> None:
        """The folder of the run."""
        shutil.rmtree(self.folder, ignore_errors=True)
