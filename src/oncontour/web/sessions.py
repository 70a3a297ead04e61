"""Who is signed in, for a while. It is kept in memory: after a restart people sign in again, and lose nothing else."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["reader", "admin"]

IDLE_S = 3600.0
"""Without a request: a session ends, as somebody may have gone and left the page open."""

LONGEST_S = 12 * 3600.0
"""However busy it is."""

BYTES = 32
"""Of a session's key."""


@dataclass(frozen=True)
class Person:
    """One who may ask.

    Args:
        name: of the account, or of whom the link was made for.
        role: what a page shows to whom is the page's own matter.
    """

    name: str
    role: Role


@dataclass(frozen=True)
class Session:
    """A person who came in.

    Args:
        person: who.
        token: a secret that every request that changes something carries in a header; other pages do not know it.
    """

    person: Person
    token: str = field(default_factory=lambda: secrets.token_urlsafe(BYTES))


@dataclass
class _Times:
    session: Session
    began: float
    asked: float


class Sessions:
    """All who are signed in; keys are kept as digests alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._open: dict[bytes, _Times] = {}

    def open(self, person: Person) -> str:
        """A new session's key, for a cookie."""
        key, now = secrets.token_urlsafe(BYTES), self._clock()
        with self._lock:
            self._open = {one: times for one, times in self._open.items() if _lasts(times, now)}
            self._open[_digest(key)] = _Times(Session(person), now, now)
        return key

    def find(self, key: str, *, by_itself: bool = False) -> Session | None:
        """The session of a key; None where there is none, or it has ended.

        Args:
            by_itself: the page asks, not who sits before it: the session is not made longer.
        """
        now = self._clock()
        with self._lock:
            times = self._open.get(_digest(key))
            if times is None or not _lasts(times, now):
                return None
            if not by_itself:
                times.asked = now
            return times.session

    def close(self, key: str) -> None:
        """Sign out."""
        with self._lock:
            self._open.pop(_digest(key), None)


def _lasts(times: _Times, now: float) -> bool:
    return now - times.asked < IDLE_S and now - times.began < LONGEST_S


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
