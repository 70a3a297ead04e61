"""What is wrong with a node's settings, before it runs: files, bundles, and who can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydicom.uid import generate_uid

from oncontour.core.errors import OncontourError
from oncontour.data.database import shown
from oncontour.inference.bundle import load_bundle
from oncontour.node.configuration.settings import NodeSettings
from oncontour.node.ledger.base import open_base
from oncontour.node.peers.peer import Peer
from oncontour.node.receive.disk import free_bytes
from oncontour.node.routing.rules import RuleSet, default_rules, read_rules
from oncontour.node.service import peers_of
from oncontour.node.spool.store import Spool
from oncontour.web.tls import server_context

_MB = 1_000_000


@dataclass(frozen=True)
class Checked:
    """One thing that was looked at.

    Args:
        what: "rules", "peer pacs", ...
        trouble: what is wrong; None: nothing.
        told: what was found.
    """

    what: str
    trouble: OncontourError | None
    told: str = ""


def rules_of(settings: NodeSettings) -> RuleSet:
    """The rules of a node.

    Raises:
        InputError: they cannot be read.
    """
    return read_rules(settings.rules) if settings.rules else default_rules()


def check_node(settings: NodeSettings) -> Iterator[Checked]:
    """Look at everything in turn; nothing is changed but that folders and tables are made."""
    yield _tried("place", lambda: _place(settings))
    yield _tried("data base", lambda: _base(settings))
    yield _tried("rules", lambda: _rules(settings))
    if settings.receive.scp.tls:
        tls = settings.receive.scp.tls
        yield _tried("TLS", lambda: "usable" if server_context(tls) else "")
    for name, peer in peers_of(settings).items():
        yield _tried(f"peer {name}", lambda peer=peer: _asked(peer))


def _tried(what: str, look: Callable[[], str]) -> Checked:
    try:
        return Checked(what, None, look())
    except OncontourError as error:
        return Checked(what, error)


def _place(settings: NodeSettings) -> str:
    spool = Spool(settings.place / "spool")
    free = free_bytes(spool.folder) // _MB
    return f"{settings.place}: {free} MB free, {settings.receive.keep_free_mb:g} MB are kept free"


def _base(settings: NodeSettings) -> str:
    open_base(settings.url).dispose()
    return shown(settings.url)


def _rules(settings: NodeSettings) -> str:
    rules = rules_of(settings)
    bundles = sorted({rule.then.process.bundle for rule in rules.rules if rule.then.process})
    for bundle in bundles:
        load_bundle(bundle)
    return f"{len(rules.rules)} rules, bundles {', '.join(bundles) or 'none'}"


def _asked(peer: Peer) -> str:
    peer.counts(generate_uid())
    if peer.committing:
        peer.committing.check_commitment()
        return "answers, and takes requests for storage commitment"
    return "answers"
