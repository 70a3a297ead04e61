"""A peer's promise that it keeps what it was sent: asked for, waited for, and done without where it does not come."""

from __future__ import annotations

import time
from collections.abc import Collection
from functools import partial

from pydicom.uid import generate_uid
from sqlalchemy import Engine

from oncontour.node.commitment.messages import Report
from oncontour.node.delivery.sending import LOOK_S, Sending
from oncontour.node.ledger.commitments import (
    Outcome,
    Promise,
    note_accepted,
    note_asked,
    note_overdue,
    note_report,
    promises,
)
from oncontour.node.peers.peer import CommittingPeer, Reference

NEVER_ASKED = Promise(Outcome.FAILED)
"""What was never asked for is asked for as what has failed is."""

SETTLED = frozenset((Outcome.COMMITTED, Outcome.OVERDUE))


def take_report(base: Engine, node: str, report: Report) -> bool:
    """Keep a report, whichever node asked for it; False where none did."""
    return note_report(base, node, report.transaction, report.committed, report.failed)


def keep(sending: Sending, peer: CommittingPeer, seen: Collection[Reference]) -> tuple[frozenset[str], str | None]:
    """Ask a peer to keep what it is seen to have, and wait a moment for its report; later tries find what comes later.

    A report that has not come after `commitment_s` is waited for no longer: that the peer is seen to have the objects
    must do then, and the audit trail says so.

    Returns:
        SOPInstanceUIDs of what counts as delivered, and what is amiss with the rest.
    """
    case, settings = sending.case, sending.settings
    said = promises(sending.base, case, peer.name)
    new = [one for one in sorted(seen) if said.get(one.instance, NEVER_ASKED).outcome is Outcome.FAILED]
    if new:
        sending.fence()
        transaction = str(generate_uid(prefix=None))
        asked = [one.instance for one in new]
        note_asked(sending.base, case, peer.name, transaction, asked, settings.commitment_s)
        with peer.asked_to_keep(transaction, new, partial(take_report, sending.base, sending.node)):
            note_accepted(sending.base, sending.node, transaction)
            _wait(sending, peer, asked)
    there = [one.instance for one in seen]
    note_overdue(sending.base, sending.node, case, peer.name, there, settings.commitment_s)
    said = promises(sending.base, case, peer.name)
    mine = {one.instance: said.get(one.instance, NEVER_ASKED) for one in seen}
    return frozenset(uid for uid, promise in mine.items() if promise.outcome in SETTLED), _amiss(mine.values())


def _wait(sending: Sending, peer: CommittingPeer, asked: Collection[str]) -> None:
    end = time.monotonic() + sending.settings.seen_s
    while time.monotonic() < end:
        said = promises(sending.base, sending.case, peer.name)
        if all(said[instance].outcome for instance in asked):
            return
        time.sleep(LOOK_S)


def _amiss(said: Collection[Promise]) -> str | None:
    failed = [promise for promise in said if promise.outcome is Outcome.FAILED]
    waiting = sum(promise.outcome is None for promise in said)
    why = []
    if failed:
        reasons = ", ".join(sorted({f"0x{promise.failure or 0:04X}" for promise in failed}))
        why.append(f"it does not keep {len(failed)} objects (failure reason {reasons})")
    if waiting:
        why.append(f"its report on keeping {waiting} objects has not come")
    return "; ".join(why) or None
