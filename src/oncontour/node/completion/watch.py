"""Looks at the studies of the spool again and again, and writes down those that are complete."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from oncontour.node.completion.decide import Expected, complete_by
from oncontour.node.completion.inventory import Inventory, of_no_patient, series_of
from oncontour.node.completion.settings import CompletionSettings
from oncontour.node.ledger.case import present
from oncontour.node.ledger.cases import make_case, parts_of
from oncontour.node.peers.peer import Peer, PeerError
from oncontour.node.spool.store import Spool
from oncontour.node.spool.studies import StoredImage, study_tokens

_log = logging.getLogger(__name__)

REOPENED = 2
"""Part of a study that holds its late images; what comes after that waits for a person."""

TWICE = "an image came twice, with different content: look at both, then `oncontour node retry`"
GONE = "earlier images of it were removed: `oncontour node purge`, then have the whole study sent again"
TOO_LATE = "images came after the study had been opened again once: `oncontour node retry` takes them all"


@dataclass
class _Open:
    """A study of which images have come that no case has.

    Args:
        since: by a clock that nobody sets, as all times here but the next.
        came: the first of them, by the file system's clock.
        asked: when a peer was asked last.
        answer: what it is going to say.
        expected, steady_since: what it said last, and since when.
    """

    since: float
    came: float
    asked: float = float("-inf")
    answer: Future[Mapping[str, int] | None] | None = None
    expected: Mapping[str, int] = field(default_factory=dict)
    steady_since: float = 0.0


@dataclass(frozen=True)
class _Part:
    """A part of a study that is complete.

    Args:
        held: why it must wait for a person.
    """

    number: int
    held: str | None


class Watch:
    """Which studies of a spool are complete.

    Args:
        peers: asked in turn for how many images a study has.
        other: told of each object that is no image of a patient, after a restart again.
    """

    def __init__(
        self,
        spool: Spool,
        base: Engine,
        node: str,
        peers: list[Peer],
        settings: CompletionSettings,
        other: Callable[[Path, StoredImage], None] = lambda file, image: None,
    ) -> None:
        self._spool, self._base, self._node = spool, base, node
        self._peers, self._settings, self._other = peers, settings, other
        self._inventories: dict[str, Inventory] = {}
        self._known: dict[str, frozenset[str]] = {}  # what cases have
        self._images: dict[str, Set[str]] = {}  # what a scanner made
        self._others: dict[str, set[str]] = {}
        self._open: dict[str, _Open] = {}
        self._unseen: set[str] = set()
        self._asking = ThreadPoolExecutor(4, thread_name_prefix="asking")

    def look(self) -> int:
        """One look at every study; how many are open."""
        tokens = study_tokens(self._spool)
        for gone in self._inventories.keys() - set(tokens):
            for memory in (self._inventories, self._known, self._images, self._others, self._open):
                memory.pop(gone, None)
        unseen = set()
        for study in tokens:
            try:
                self._look_at(study)
            except Exception as error:  # One study must not hold up the others.
                unseen.add(study)
                if study not in self._unseen:
                    _log.error("study %s cannot be looked at: %s", study, type(error).__name__)
        self._unseen = unseen
        return len(self._open)

    def unseen(self) -> int:
        """How many studies could not be looked at the last time; they wait until they can be."""
        return len(self._unseen)

    def _look_at(self, study: str) -> None:
        inventory = self._inventories.setdefault(study, Inventory(self._spool, study))
        images = self._of_patients(study, inventory.refresh())
        if not images.keys() - self._known.get(study, frozenset()):
            self._open.pop(study, None)
            return
        if study not in self._open:
            if not self._new(study, images):
                return
            known = self._known[study]
            came = min(image.at for name, image in images.items() if name not in known)
            self._open[study] = _Open(time.monotonic(), came)
        now, state = time.monotonic(), self._open[study]
        series = series_of(images, now)
        uid = next(iter(images.values())).study
        age_s = time.time() - state.came
        by = complete_by(series, now - state.since, age_s, self._expected(uid, state, now), self._settings)
        if by:
            del self._open[study]
            self._complete(study, images, by)

    def _of_patients(self, study: str, there: Mapping[str, StoredImage]) -> dict[str, StoredImage]:
        """What a scanner made; everything else opens no study."""
        others = self._others.setdefault(study, set())
        unknown = there.keys() - others - self._known.get(study, frozenset()) - self._images.get(study, frozenset())
        if unknown:
            for name in of_no_patient(self._base, {name: there[name] for name in unknown}):
                others.add(name)
                self._other(self._spool.studies / study / name, there[name])
        self._images[study] = there.keys() - others
        return {name: image for name, image in there.items() if name not in others}

    def _new(self, study: str, images: Mapping[str, StoredImage]) -> _Part | None:
        """The part that these images make; None where cases have them all, perhaps another node's.

        What was purged counts as never having come.
        """
        parts = parts_of(self._base, study)
        there = present(parts)
        known = self._known[study] = frozenset(name for part in there for name in part.images)
        if not images.keys() - known:
            return None
        held = None
        if any(image.conflict for image in images.values()):
            held = TWICE
        elif known - images.keys():
            held = GONE
        elif len(there) + 1 > REOPENED:
            held = TOO_LATE
        return _Part(len(parts) + 1, held)

    def _expected(self, uid: str, state: _Open, now: float) -> Expected | None:
        """What a peer said last; it is asked in the background."""
        if state.answer is not None and state.answer.done():
            answer, state.answer = state.answer, None  # First, so that one that raises is not asked for again.
            said = answer.result()
            if said is not None and said != state.expected:
                state.expected, state.steady_since = said, now
        if self._peers and state.answer is None and now - state.asked >= self._settings.ask_every_s:
            state.asked, state.answer = now, self._asking.submit(self._ask, uid)
        return Expected(state.expected, now - state.steady_since) if state.expected else None

    def _ask(self, uid: str) -> Mapping[str, int] | None:
        """What the first peer says that knows the study; None where one failed and no other knows it."""
        failed = False
        for peer in self._peers:
            try:
                found = peer.counts(uid)
            except PeerError as error:
                _log.warning("%s", error)
                failed = True
                continue
            if found:
                return found
        return None if failed else {}

    def _complete(self, study: str, images: Mapping[str, StoredImage], by: str) -> None:
        part = self._new(study, images)
        if part is None:
            return
        times = [image.at for image in images.values()]
        sender = max(images.values(), key=lambda image: image.at).sender
        case = make_case(
            self._base,
            self._node,
            study,
            part.number,
            images,
            sender=sender,
            complete_by=by,
            first_at=min(times),
            last_at=max(times),
            held=part.held,
        )
        if case is not None:  # Else another node was faster this very moment; the next look sees what it took.
            self._known[study] = frozenset(images)

    def close(self) -> None:
        """Ask no more."""
        self._asking.shutdown(wait=False, cancel_futures=True)
