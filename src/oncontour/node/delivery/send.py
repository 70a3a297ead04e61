"""One try to bring a case's results to their peers."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from pathlib import Path

from oncontour.node.delivery.keep import keep
from oncontour.node.delivery.sending import LOOK_S, Sending
from oncontour.node.ledger.commitments import Outcome, promises
from oncontour.node.ledger.deliveries import Delivery, list_deliveries, note_sent, note_there
from oncontour.node.peers.peer import Peer, PeerError, Reference, references_of


def send(sending: Sending, peers: Mapping[str, Peer]) -> dict[str, str]:
    """Send what the peers lack; success is that a peer is seen to have it, never that it says so.

    Where a peer commits, it must say as well that it keeps it; see `keep`.

    Args:
        peers: by name.

    Returns:
        Why, of each peer that lacks something still.
    """
    waiting: dict[str, list[Delivery]] = {}
    for delivery in list_deliveries(sending.base, sending.case):
        if delivery.there_at is None and delivery.instance in sending.files:
            waiting.setdefault(delivery.peer, []).append(delivery)
    left = {}
    for name, deliveries in waiting.items():
        if name not in peers:
            left[name] = "no peer of that name in the configuration"
            continue
        try:
            why = _send_to(sending, peers[name], {sending.files[one.instance] for one in deliveries})
        except PeerError as error:
            why = str(error)
        if why:
            left[name] = why
    return left


def _send_to(sending: Sending, peer: Peer, files: Collection[Path]) -> str | None:
    references = references_of(sorted(files))
    missing, why = _bring(sending, peer, references)
    seen = {reference for file, reference in references.items() if file not in missing}
    if peer.committing:
        kept, unkept = keep(sending, peer.committing, seen)
        why = "; ".join(filter(None, (why, unkept))) or None
    else:
        kept = {reference.instance for reference in seen}
    if kept:
        note_there(sending.base, sending.case, peer.name, kept)
    return why


def _bring(
    sending: Sending, peer: Peer, files: Mapping[Path, Reference]
) -> tuple[Mapping[Path, Reference], str | None]:
    """Send what a peer lacks, or has but does not keep; what it lacks after that, and why."""
    missing = {**_lacking(peer, files), **_unkept(sending, peer, files)}
    if not missing:
        return missing, None
    sending.fence()
    note_sent(sending.base, sending.case, peer.name, [reference.instance for reference in missing.values()])
    refused = peer.store(list(missing))
    end = time.monotonic() + sending.settings.seen_s
    while missing := _lacking(peer, missing):
        if missing.keys() <= refused.keys():
            return missing, "; ".join(sorted(set(refused.values())))
        if time.monotonic() > end:
            return missing, f"it took {len(missing)} objects that it does not have"
        time.sleep(LOOK_S)
    return missing, None


def _lacking(peer: Peer, files: Mapping[Path, Reference]) -> dict[Path, Reference]:
    there = peer.holds(files.values())
    return {file: reference for file, reference in files.items() if reference.instance not in there}


def _unkept(sending: Sending, peer: Peer, files: Mapping[Path, Reference]) -> dict[Path, Reference]:
    if not peer.committing:
        return {}
    said = promises(sending.base, sending.case, peer.name)
    failed = {instance for instance, promise in said.items() if promise.outcome is Outcome.FAILED}
    return {file: reference for file, reference in files.items() if reference.instance in failed}
