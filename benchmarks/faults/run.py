"""Drives a world: studies side by side, each with its faults, and faults that befall them all."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random

import numpy as np
from pydicom.dataset import FileDataset

from faults import kinds
from faults.arena import Arena
from faults.around import befall, possible
from faults.kinds import OF_STUDIES, RESULT, Group, Kind, Outcome
from faults.orders import fired_at, give, withdraw
from faults.sender import ATTACKS, NotTakenError, send, send_at_once
from faults.studies import Study, make_study
from oncontour.node.ledger.case import ENDS

AT_ONCE = 12
"""Studies on their way side by side."""

SHARES: dict[Group, float] = {"sender": 0.85, "node": 0.5, "worker": 0.25, "peer": 0.7}
"""Of studies that meet a fault of each group."""

PATIENCE_S = 150.0
"""After which a study that has not ended is lost."""

OUTCOMES: dict[str, Outcome] = {
    "delivered": "result",
    "quarantined": "quarantine",
    "held": "held",
    "ignored": "ignored",
}


@dataclass
class Fault:
    """One that was injected, or was to be.

    Args:
        at: when it happened, by `time.time`; None: it has not.
        recovered_s: from then until what it befell has ended.
    """

    kind: Kind
    world: str
    at: float | None = None
    recovered_s: float | None = None
    studies: list[Trial] = field(default_factory=list, repr=False)


@dataclass
class Trial:
    """A study and what becomes of it.

    Args:
        ends: how it may end.
        sent: all that was sent and answered with success.
        ended_at: by `time.time`; None: it has not.
    """

    study: Study
    faults: list[Fault]
    ends: frozenset[Outcome] = RESULT
    sent: list[FileDataset] = field(default_factory=list)
    sent_at: float = 0.0
    ended_at: float | None = None
    trouble: str | None = None


class Run:
    """A world's run.

    Args:
        faults: as many are injected, about.
        told: called with how many more have been.
        heads: studies for the real pipeline, rather than small ones.
    """

    def __init__(
        self, arena: Arena, faults: int, seed: int, told: Callable[[int], None], heads: Sequence[Study] = ()
    ) -> None:
        self._arena, self._wanted, self._told, self._heads = arena, faults, told, heads
        self._patience_s = PATIENCE_S * (20 if heads else 1)
        self._draw, self._seed = Random(seed), seed
        self._number = 0
        self._decks: dict[str, list[Kind]] = {}
        self._lock = threading.Lock()
        self._working: list[Trial] = []
        self._over = threading.Event()
        self.trials: list[Trial] = []
        self.around: list[Fault] = []

    def drive(self, around: int) -> None:
        """Until all studies have ended.

        Args:
            around: how many of the faults befall all studies at work.
        """
        trials, number = [self._with_head(head) for head in self._heads], 0
        while not self._heads and number < self._wanted - around:
            trial = self._drawn(len(trials))
            number += len(trial.faults)
            trials.append(trial)
        self.trials = trials
        weather = threading.Thread(target=self._weather, args=(around,), daemon=True)
        weather.start()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._go, trials))
        self._over.set()
        weather.join()

    def _dealt(self, group: Group) -> Kind:
        """Each kind once before any comes again."""
        deck = self._decks.setdefault(group, [])
        if not deck:
            deck += self._draw.sample(OF_STUDIES[group], len(OF_STUDIES[group]))
        return deck.pop()

    def _drawn(self, number: int) -> Trial:
        """A study with faults of several groups, which do not keep each other from happening."""
        draw = self._draw
        chosen: list[Kind] = []
        for group, share in SHARES.items():
            if draw.random() < share:
                chosen.append(self._dealt(group))
        early = {kind.name for kind in chosen} & {kinds.OTHER_PIXELS}
        if early or any(kind.ends for kind in chosen if kind.group == "worker"):  # It ends before the later stages.
            last = 2 if early else 4
            stages = ("receive", "complete", "route", "segment", "build", "deliver")[:last]
            chosen = [kind for kind in chosen if kind.stage in stages and (not early or kind.group != "worker")]
        counted = [kind.counted for kind in chosen if kind.counted is not None]
        if len(set(counted)) > 1:
            chosen = [kind for kind in chosen if not (kind.group == "peer" and kind.counted)]
            counted = [kind.counted for kind in chosen if kind.counted is not None]
        control = draw.random() if not chosen else 1.0
        folder = self._arena.folder / "made"
        if control < 0.3:
            study, ends = make_study(folder, number, self._seed, age="009Y"), frozenset(("held",))
        elif control < 0.6:
            study, ends = make_study(folder, number, self._seed, modality="CT"), frozenset(("ignored",))
        else:
            study, ends = make_study(folder, number, self._seed), RESULT
        ends = next((kind.ends for kind in chosen if kind.ends), ends)
        if self._arena.world.own_disk:
            ends = ends | {"quarantine"}
        if counted[0] if counted else draw.random() < 0.5:
            more = any(kind.name == kinds.TOO_MANY for kind in chosen)
            counts = {uid: count + more for uid, count in study.counts.items()}
            known = self._arena.folder / "peer" / "known"
            known.mkdir(parents=True, exist_ok=True)
            (known / f"{study.uid}.json").write_text(json.dumps(counts))
        return Trial(study, [Fault(kind, self._arena.world.name) for kind in chosen], ends)

    def _with_head(self, head: Study) -> Trial:
        """Its node is killed at one place, and its peer or its sender fails."""
        some = [self._draw.choice(kinds.KILLED), self._draw.choice([*kinds.SENDER[:3], *kinds.PEER[:6]])]
        return Trial(head, [Fault(kind, self._arena.world.name) for kind in some])

    def _go(self, trial: Trial) -> None:
        orders = self._arena.orders
        given: list[tuple[str, int, Fault]] = []
        for fault in trial.faults:
            for point in fault.kind.points:
                for _ in range(fault.kind.times):
                    with self._lock:
                        self._number += 1
                        number = self._number
                    place = point.format(study=trial.study.uid, token=trial.study.token)
                    give(orders, place, number)
                    given.append((place, number, fault))
        with self._lock:
            self._working.append(trial)
        try:
            self._send(trial)
            self._wait(trial)
        except NotTakenError as error:
            trial.trouble = f"not taken: {error}"
        except Exception as error:
            trial.trouble = f"the sender failed: {type(error).__name__}: {error}"
        for place, number, fault in given:
            withdraw(orders, place, number)
            at = fired_at(orders, number)
            if at is not None:
                fault.at = min(at, fault.at or at)
        for fault in trial.faults:
            fault.studies = [trial]
            if fault.at is not None and trial.ended_at is not None:
                fault.recovered_s = max(trial.ended_at - fault.at, 0.0)
        with self._lock:
            self._working.remove(trial)
        self._told(sum(fault.at is not None for fault in trial.faults))

    def _send(self, trial: Trial) -> None:
        arena, study = self._arena, trial.study
        fault = next((fault for fault in trial.faults if fault.kind.group == "sender"), None)
        kind = fault.kind.name if fault else ""
        images = list(study.images)
        if kind == kinds.LATE:
            images = images[:-1]
        elif kind == kinds.MISSING:
            images = images[:1] + images[2:]
        elif kind == kinds.REVERSED:
            images = images[::-1]
        elif kind == kinds.MIRRORED:
            images = [_mirrored(image) for image in images]
        elif kind == kinds.BAD_TEXT:
            images = [_in_no_character_set(image) for image in images]
        if fault is not None:
            fault.at = time.time()
        if kind in ATTACKS and fault is not None:
            half = len(images) // 2
            send(arena.port, images[:half])
            if not self._attack(kind, images[0]):
                trial.trouble = f"{kind}: not refused"
            images_left = images[half:]
            send(arena.port, images_left)
        elif kind == kinds.AT_ONCE:
            send_at_once(arena.port, images, 3)
        else:
            send(arena.port, images, breaks_off=kind == kinds.BREAKS_OFF)
        trial.sent = images
        if kind == kinds.TWICE:
            send(arena.port, images)
        if kind == kinds.OTHER_PIXELS:
            changed = deepcopy(images[0])
            changed.PixelData = bytes(len(changed.PixelData))
            send(arena.port, [changed])
            trial.sent = [*images, changed]
        if kind == kinds.LATE and fault is not None:
            self._wait(trial)
            fault.at = time.time()
            send(arena.port, study.images[-1:])
            trial.sent, trial.ended_at = list(study.images), None
        trial.sent_at = time.time()

    def _attack(self, kind: str, image: FileDataset) -> bool:
        """Whether it was refused; a node that is being started anew is attacked again."""
        for _ in range(100):
            try:
                return ATTACKS[kind](self._arena.port(), image)
            except OSError:
                time.sleep(0.3)
        return False

    def _wait(self, trial: Trial) -> None:
        end = time.monotonic() + self._patience_s
        while time.monotonic() < end:
            if self._ended(trial):
                trial.ended_at = time.time()
                return
            time.sleep(0.2)

    def _ended(self, trial: Trial) -> bool:
        rows = self._arena.rows.get(trial.study.token, [])
        if not rows or any(row.state not in ENDS for row in rows):
            return False
        taken = frozenset().union(*(row.images for row in rows))
        return self._arena.images_of(trial.study.token) <= taken

    def _weather(self, number: int) -> None:
        """One after the other, with a pause in which things recover a little."""
        possible_kinds = possible(self._arena.world)
        stages = {kind.name: kind for kind in kinds.AROUND}
        for n in range(number):
            if self._over.wait(1.0 + 2.0 * self._draw.random()):
                return
            name = possible_kinds[n % len(possible_kinds)]
            with self._lock:
                working = list(self._working)
            fault = Fault(stages[name], self._arena.world.name, studies=working)
            at = time.time()
            if not befall(self._arena, name, self._draw):
                continue
            fault.at = at
            self.around.append(fault)
            self._told(1)

    def settle(self) -> None:
        """How long what befell all took to recover: until the last study then at work had ended."""
        for fault in self.around:
            ends = [trial.ended_at for trial in fault.studies if trial.ended_at is not None]
            if fault.at is not None and ends:
                fault.recovered_s = max(max(ends) - fault.at, 0.0)


def _mirrored(image: FileDataset) -> FileDataset:
    mirrored = deepcopy(image)
    pixels = np.frombuffer(image.PixelData, "<u2").reshape(image.Rows, image.Columns)
    mirrored.PixelData = pixels[:, ::-1].tobytes()
    return mirrored


def _in_no_character_set(image: FileDataset) -> FileDataset:
    bad = deepcopy(image)
    bad.SpecificCharacterSet = "ISO_IR 666"
    bad.StudyDescription = b"\xff\xfe\x80\x1b$)C\xb5\x00".decode("latin-1")
    return bad
