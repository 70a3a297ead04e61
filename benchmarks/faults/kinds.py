"""Every kind of fault: at which stage, how it is ordered, and how a study may end that meets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from faults.fuses import FUSES
from faults.sender import ATTACKS

Outcome = Literal["result", "quarantine", "held", "ignored", "refused"]
Group = Literal["node", "worker", "peer", "sender", "around"]

RESULT: frozenset[Outcome] = frozenset(("result",))


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Args:
        name, stage: in the table.
        group: a study meets one of each group at most; "around" befalls all studies at work.
        points: of its orders; {study} and {token} are filled in.
        times: that each order is given.
        ends: how the study may end; None: as without it.
        counted: whether the peer must know how many images the study has (True), must not (False), or either (None).
    """

    name: str
    stage: str
    group: Group
    points: tuple[str, ...] = ()
    times: int = 1
    ends: frozenset[Outcome] | None = None
    counted: bool | None = None


def _killed() -> tuple[Kind, ...]:
    kinds = [Kind(f"node killed: {fuse.where}", fuse.stage, "node", (fuse.point,)) for fuse in FUSES]
    kinds.append(Kind("node killed: worker half done", "segment", "node", ("node-killed-while-segmenting",)))
    return tuple(kinds)


KILLED = _killed()

WORKER = (
    Kind("worker killed", "segment", "worker", ("worker-killed-{token}",)),
    Kind("worker hangs", "segment", "worker", ("worker-hangs-{token}",)),
    Kind("worker ends with nonsense", "segment", "worker", ("worker-babbles-{token}",)),
    Kind("worker fails each time", "segment", "worker", ("worker-babbles-{token}",), 60, frozenset(("quarantine",))),
    Kind("worker leaves half", "build", "worker", ("worker-leaves-half-{token}",), 1, frozenset(("quarantine",))),
)  # fmt: skip

PEER = (
    Kind("peer refuses objects", "deliver", "peer", ("peer-refuses-{study}",), 3),
    Kind("peer says success, stores nothing", "deliver", "peer", ("peer-lies-{study}",), 3),
    Kind("peer killed after storing, before answering", "deliver", "peer", ("peer-dies-{study}",)),
    Kind("peer shows objects late", "deliver", "peer", ("peer-is-slow-{study}",)),
    Kind("peer refuses associations", "deliver", "peer", ("peer-rejects",), 2),
    Kind("peer drops the connection mid-transfer", "deliver", "peer", ("peer-drops",)),
    Kind("peer fails when asked for counts", "complete", "peer", ("peer-cannot-count-{study}",), 3, counted=True),
    Kind("peer answers nonsense for counts", "complete", "peer", ("peer-counts-nonsense-{study}",), 2, counted=True),
)

LATE, MISSING, OTHER_PIXELS = "late slices", "a slice missing", "same UID, other pixels"
BREAKS_OFF, TWICE, AT_ONCE = "sender breaks off mid-image", "study sent twice", "three senders at once"
REVERSED, MIRRORED, BAD_TEXT = "slices in reverse order", "slices mirrored", "text in no character set"
TOO_MANY = "peer knows more slices than come"

SENDER = (
    Kind(BREAKS_OFF, "receive", "sender"),
    Kind(TWICE, "receive", "sender"),
    Kind(AT_ONCE, "receive", "sender"),
    Kind(OTHER_PIXELS, "receive", "sender", ends=frozenset(("held",))),
    Kind(LATE, "complete", "sender", counted=False),
    Kind(MISSING, "complete", "sender", counted=False),
    Kind(TOO_MANY, "complete", "sender", counted=True),
    Kind(REVERSED, "receive", "sender"),
    Kind(MIRRORED, "receive", "sender"),
    Kind(BAD_TEXT, "receive", "sender"),
    *(Kind(name, "receive", "sender") for name in ATTACKS),
)
"""An attack befalls the ear while a study is sent, which must go through."""

OF_STUDIES: Mapping[Group, tuple[Kind, ...]] = {"sender": SENDER, "node": KILLED, "worker": WORKER, "peer": PEER}

TOLD_TO_STOP, FROZEN, FROZEN_LONG = (
    "node stopped (SIGTERM)",
    "node frozen for 2 s",
    "node frozen until others took over",
)
PEER_AWAY = "peer killed, away for 3 s"
KILLED_BASE, FROZEN_BASE, CUT_OFF_BASE = (
    "data base killed",
    "data base frozen for 3 s",
    "data base ends all connections",
)
LOCKED_BASE = "data base locked for 4 s"
FULL, READ_ONLY = "disk full for 4 s", "place read-only for 4 s"
HOUR_ON, HOUR_BACK, DAY_ON = "clock an hour ahead", "clock an hour back", "clock a day ahead"

AROUND = tuple(
    Kind(name, stage, "around")
    for name, stage in (
        (TOLD_TO_STOP, "any"), (FROZEN, "any"), (FROZEN_LONG, "any"), (PEER_AWAY, "deliver"), (KILLED_BASE, "any"),
        (FROZEN_BASE, "any"), (CUT_OFF_BASE, "any"), (LOCKED_BASE, "any"), (FULL, "any"), (READ_ONLY, "any"),
        (HOUR_ON, "any"), (HOUR_BACK, "any"), (DAY_ON, "any"),
    )
)  # fmt: skip
