"""What became of each study, as the ledger, the spool, the results and the peer's own books have it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import dcmread

from faults.arena import OUSTED, UNUSABLE, Arena, Row
from faults.kinds import Outcome
from faults.run import OUTCOMES, Trial
from faults.studies import NAME
from oncontour.node.spool.uids import token

SYSTEM_OUTAGE = frozenset((OUSTED, UNUSABLE))
"""Exit codes with which a node may end by itself: it was silent for so long that others may have its cases, or its data
base was away when it began. It is started anew."""


@dataclass
class Verdict:
    """Of a study.

    Args:
        outcomes: of its cases.
        lost: it has no end, or an image that was answered with success is not there.
        twice: the peer has more result sets than cases were delivered.
        half: a file is visible that is not whole.
        wrong: whatever else should not be.
    """

    trial: Trial
    outcomes: list[Outcome] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def troubles(self) -> list[str]:
        """All of them."""
        return [*self.lost, *self.twice, *self.half, *self.wrong]


@dataclass
class Books:
    """Of a world as a whole.

    Args:
        stores: C-STORE operations that the peer saw, and of how many objects.
        exits: of nodes by themselves, by exit code.
        parts: left in the spool's `incoming`, where nobody sees them, by nodes killed while they received.
        unfit: what is wrong with the world as a whole.
    """

    stores: int = 0
    objects: int = 0
    exits: dict[int, int] = field(default_factory=dict)
    parts: int = 0
    unfit: list[str] = field(default_factory=list)


def judge(arena: Arena, trial: Trial) -> Verdict:
    """Look at everything about a study."""
    verdict = Verdict(trial)
    rows = arena.rows.get(trial.study.token, [])
    if trial.trouble:
        verdict.wrong.append(trial.trouble)
    if trial.ended_at is None:
        states = ", ".join(row.state for row in rows) or "no case"
        verdict.lost.append(f"has no end ({states})")
    verdict.outcomes = [OUTCOMES[row.state] for row in rows if row.state in OUTCOMES]
    if not trial.ends & set(verdict.outcomes) or set(verdict.outcomes) - trial.ends - {"result", "held"}:
        reasons = "; ".join(row.reason for row in rows if row.reason)
        verdict.wrong.append(f"ended as {verdict.outcomes}, not as {sorted(trial.ends)}: {reasons}")
    _images(arena, trial, verdict)
    _results(arena, trial.study.uid, rows, verdict)
    return verdict


def _images(arena: Arena, trial: Trial, verdict: Verdict) -> None:
    folder = arena.place / "spool" / "studies" / trial.study.token
    files = {path: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}
    pixels = [image.PixelData for image in trial.sent]
    for image in trial.sent:
        name = token(image.SOPInstanceUID)
        if not any(path.name.startswith(name) and data.endswith(image.PixelData) for path, data in files.items()):
            verdict.lost.append("an image that was answered with success is not in the spool")
    for path, data in files.items():
        if not data.endswith(tuple(pixels)):
            verdict.half.append(f"{path.name} in the spool is not whole")


def _results(arena: Arena, uid: str, rows: list[Row], verdict: Verdict) -> None:
    there = {path.stem: path for path in (arena.folder / "peer" / "objects" / uid).glob("*.dcm")}
    expected: dict[str, Path] = {}
    for row in rows:
        if row.state != "delivered":
            continue
        folder = arena.place / "results" / row.result["folder"] / row.case
        files = sorted(folder.rglob("*.dcm"))
        if not files:
            verdict.lost.append("delivered, but there is no result")
        for file in files:
            expected[str(dcmread(file, stop_before_pixels=True).SOPInstanceUID)] = file
    if missing := expected.keys() - there.keys():
        verdict.lost.append(f"{len(missing)} of {len(expected)} objects that count as delivered are not at the peer")
    if any(row.state == "delivered" for row in rows) and (more := there.keys() - expected.keys()):
        verdict.twice.append(f"the peer has {len(more)} objects of another result")
    for instance in expected.keys() & there.keys():
        sent = expected[instance].read_bytes()
        if not sent.endswith(there[instance].read_bytes()[-10_000:]):
            verdict.half.append("an object at the peer is not the one that was sent")


def books(arena: Arena, verdicts: list[Verdict]) -> Books:
    """Look at everything about a world."""
    found = Books()
    journal = arena.folder / "peer" / "journal.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []
    found.stores, found.objects = len(lines), len({line["instance"] for line in lines})
    for end in arena.ended:
        if end.name == "peer" or end.code in (128 + 9, 0):
            continue
        found.exits[end.code] = found.exits.get(end.code, 0) + 1
        if end.code not in SYSTEM_OUTAGE and not arena.world.own_disk:
            found.unfit.append(f"{end.name} ended by itself with exit code {end.code}")
    incoming = [path.name for path in (arena.place / "spool" / "incoming").iterdir()]
    found.parts = sum(name.endswith(".part") for name in incoming)
    if whole := sum(name.endswith(".whole") for name in incoming):
        found.unfit.append(f"{whole} whole images have no name")
    quarantined = {row.case for rows in arena.rows.values() for row in rows if row.state == "quarantined"}
    for folder in ("cases", "results"):
        parts = [part for part in (arena.place / folder).rglob("*.part") if part.name.split(".")[0] not in quarantined]
        if parts:  # Those of a case that a person must look at go with its images: a read-only disk keeps all.
            found.unfit.append(f"{len(parts)} half folders in {folder}")
    known = {verdict.trial.study.token for verdict in verdicts}
    if strange := set(arena.rows) - known:
        found.unfit.append(f"{len(strange)} cases of no study")
    if Path("/tmp/oncontour-escaped").exists() or list(arena.folder.parent.rglob("oncontour-escaped*")):
        found.unfit.append("a file was written outside of the spool")
    for name in arena.ports:
        text = (arena.folder / f"{name}.log").read_text("utf-8", "replace")
        if NAME in text or any(verdict.trial.study.uid in text for verdict in verdicts):
            found.unfit.append(f"the log of {name} names a patient or a study")
        if "Traceback" in text:
            found.unfit.append(f"the log of {name} has a traceback")
        if not _healthy(arena, name):
            found.unfit.append(f"{name} is not healthy in the end")
    return found


def _healthy(arena: Arena, name: str) -> bool:
    for _ in range(40):
        if arena.healthy(name):
            return True
        time.sleep(0.5)
    return False
