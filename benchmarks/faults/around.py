"""Faults that befall all studies at work: a data base, a disk, a clock, a whole node."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

from sqlalchemy import create_engine, text

from faults import kinds
from faults.arena import SETTINGS, Arena, World

FEW_S, LONG_S = 2.0, SETTINGS["work"]["silent_s"] + 3.0


def possible(world: World) -> list[str]:
    """Kinds of fault that can befall a world."""
    if world.own_disk:
        return [kinds.READ_ONLY, kinds.READ_ONLY, kinds.FULL] if world.postgres else [kinds.FULL]
    if world.own_clock:
        return [kinds.HOUR_ON, kinds.HOUR_BACK, kinds.DAY_ON]
    found = [kinds.TOLD_TO_STOP, kinds.FROZEN, kinds.PEER_AWAY]
    if world.nodes > 1:
        found.append(kinds.FROZEN_LONG)
    if world.postgres:
        return [*found, kinds.KILLED_BASE, kinds.FROZEN_BASE, kinds.CUT_OFF_BASE]
    return [*found, kinds.LOCKED_BASE]


def befall(arena: Arena, kind: str, draw: Random) -> bool:
    """Let it happen, and end; False where it could not be made to happen."""
    return _MAKERS[kind](arena, draw) is not False


def _node(arena: Arena, draw: Random) -> str:
    return draw.choice(sorted(arena.ports))


def _stop(arena: Arena, draw: Random) -> None:
    arena.kill(_node(arena, draw), signal.SIGTERM)


def _freeze(arena: Arena, draw: Random, seconds: float = FEW_S) -> None:
    name = _node(arena, draw)
    arena.signal(name, signal.SIGSTOP)
    time.sleep(seconds)
    arena.signal(name, signal.SIGCONT)


def _peer_away(arena: Arena, _: Random) -> None:
    arena.kill("peer", away_s=3.0)


def _kill_base(arena: Arena, _: Random) -> None:
    assert arena.postgres is not None
    arena.postgres.kill()
    time.sleep(1.0)
    arena.postgres.start()


def _freeze_base(arena: Arena, _: Random) -> None:
    assert arena.postgres is not None
    arena.postgres.freeze()
    time.sleep(3.0)
    arena.postgres.thaw()


def _cut_off_base(arena: Arena, _: Random) -> None:
    base = create_engine(arena.url)
    with base.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND usename = current_user"
            )
        )
    base.dispose()


def _lock_base(arena: Arena, _: Random) -> None:
    connection = sqlite3.connect(arena.place / "node.db", timeout=30, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    time.sleep(4.0)
    connection.execute("ROLLBACK")
    connection.close()


def _fill(arena: Arena, _: Random) -> None:
    filler = arena.place / "filler"
    with filler.open("wb", buffering=0) as stream, suppress(OSError):
        while stream.write(bytes(1 << 16)):
            pass
    time.sleep(4.0)
    filler.unlink()


def _read_only(arena: Arena, _: Random) -> bool:
    end = time.monotonic() + 5.0
    while subprocess.run(["mount", "-o", "remount,ro", arena.place], capture_output=True).returncode:
        if time.monotonic() > end:  # A file is open for writing each time.
            return False
        time.sleep(0.02)
    time.sleep(4.0)
    subprocess.run(["mount", "-o", "remount,rw", arena.place], check=True)
    return True


def _jump(seconds: int) -> Callable[[Arena, Random], None]:
    def jump(arena: Arena, _: Random) -> None:
        part = Path(f"{arena.clock}.part")
        part.write_text(f"{int(arena.clock.read_text()) + seconds:+d}")
        os.chmod(part, 0o644)  # noqa: PTH101
        part.replace(arena.clock)

    return jump


_MAKERS: Mapping[str, Callable[[Arena, Random], object]] = {
    kinds.TOLD_TO_STOP: _stop,
    kinds.FROZEN: _freeze,
    kinds.FROZEN_LONG: lambda arena, draw: _freeze(arena, draw, LONG_S),
    kinds.PEER_AWAY: _peer_away,
    kinds.KILLED_BASE: _kill_base,
    kinds.FROZEN_BASE: _freeze_base,
    kinds.CUT_OFF_BASE: _cut_off_base,
    kinds.LOCKED_BASE: _lock_base,
    kinds.FULL: _fill,
    kinds.READ_ONLY: _read_only,
    kinds.HOUR_ON: _jump(3600),
    kinds.HOUR_BACK: _jump(-3600),
    kinds.DAY_ON: _jump(86400),
}
