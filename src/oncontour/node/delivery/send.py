"""One try to bring a case's results to their peers."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from sqlalchemy import Engine

from oncontour.node.ledger.deliveries import Delivery, list_deliveries, note_sent, note_there
from oncontour.node.peers.peer import Peer, PeerError, Reference, references_of

LOOK_S = 0.5


def send(
    base: Engine,
    case: str,
    files: Mapping[str, Path],
    peers: Mapping[str, Peer],
    seen_s: float,
    fence: Callable[[], None],
) -> dict[str, str]:
    """Send what the peers lack; success is that a peer is seen to have it, never that it says so.

    Args:
        files: of the result, by SOPInstanceUID; what an earlier result left undelivered is not sent any more.
        peers: by name.
        seen_s: for how long a peer is asked whether it has what it was sent.
        fence: called right before anything is sent; it does not return where the case is another node's by now.

    Returns:
        Why, of each peer that lacks something still.
    """
    waiting: dict[str, list[Delivery]] = {}
    for delivery in list_deliveries(base, case):
        if delivery.there_at is None and delivery.instance in files:
            waiting.setdefault(delivery.peer, []).append(delivery)
    left = {}
    for name, deliveries in waiting.items():
        if name not in peers:
            left[name] = "no peer of that name in the configuration"
            continue
        try:
            why = _send_to(base, case, peers[name], {files[one.instance] for one in deliveries}, seen_s, fence)
        except PeerError as error:
            why = str(error)
        if why:
            left[name] = why
    return left


def _send_to(
    base: Engine, case: str, peer: Peer, files: Collection[Path], seen_s: float, fence: Callable[[], None]
) -> str | None:
    references = references_of(sorted(files))
    missing = _missing(base, case, peer, references)
    if not missing:
        return None
    fence()
    note_sent(base, case, peer.name, [reference.instance for reference in missing.values()])
    refused = peer.store(list(missing))
    end = time.monotonic() + seen_s
    while missing := _missing(base, case, peer, missing):
        if missing.keys() <= refused.keys():
            return "; ".join(sorted(set(refused.values())))
        if time.monotonic() > end:
            return f"it took {len(missing)} objects that it does not have"
        time.sleep(LOOK_S)
    return None


def _missing(base: Engine, case: str, peer: Peer, files: Mapping[Path, Reference]) -> dict[Path, Reference]:
    """Those that the peer lacks; the others are noted."""
    there = peer.holds(files.values())
    if there:
        note_there(base, case, peer.name, there)
    return {file: reference for file, reference in files.items() if reference.instance not in there}
