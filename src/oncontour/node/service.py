"""A node at work: its ears, its watch over the spool, its queues and its heart, until it is told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from oncontour.data.database import reached
from oncontour.data.files import explained
from oncontour.node.completion.watch import Watch
from oncontour.node.configuration.settings import NodeSettings
from oncontour.node.delivery.keep import take_report
from oncontour.node.keep.keeper import Keeper, keeping
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.nodes import Listener
from oncontour.node.marks.key_object import KEY_OBJECT, take_note
from oncontour.node.peers.dimse import Dimse
from oncontour.node.peers.peer import Peer
from oncontour.node.peers.settings import DimsePeer
from oncontour.node.peers.web import Web
from oncontour.node.receive.receiver import Receiver, receiving
from oncontour.node.routing.rules import RuleSet
from oncontour.node.spool.store import Spool
from oncontour.node.spool.studies import StoredImage
from oncontour.node.watch.app import watch_app
from oncontour.node.watch.health import check_health
from oncontour.node.watch.metrics import metrics_text
from oncontour.node.watch.watching import watching
from oncontour.node.work.heartbeat import beating
from oncontour.node.work.router import router
from oncontour.node.work.segmenter import Segmenter, in_own_process
from oncontour.node.work.site import Site
from oncontour.node.work.workflow import Work, start
from oncontour.web.serve import serving

_log = logging.getLogger(__name__)

LOOK_S = 1.0


def peers_of(settings: NodeSettings) -> dict[str, Peer]:
    """The peers of a configuration, by name."""
    calling = settings.receive.scp.ae_title
    return {
        name: Dimse(name, peer, calling) if isinstance(peer, DimsePeer) else Web(name, peer)
        for name, peer in settings.peers.items()
    }


def site_of(settings: NodeSettings, rules: RuleSet, spool: Spool, segmenter: Segmenter | None = None) -> Site:
    """What the steps of a node's cases work with; its folders and tables are made where they are not there."""
    inputs, results = settings.place / "cases", settings.place / "results"
    with explained(settings.place):
        inputs.mkdir(parents=True, exist_ok=True)
        results.mkdir(exist_ok=True)
    base = open_base(settings.url)
    return Site(
        node=settings.name,
        base=base,
        images=spool.studies,
        inputs=inputs,
        results=results,
        peers=peers_of(settings),
        segmenter=segmenter or in_own_process(settings.work.limit_s),
        route=router(rules, base),
        work=settings.work,
        delivery=settings.delivery,
    )


def run_node(
    settings: NodeSettings,
    rules: RuleSet,
    stop: threading.Event,
    *,
    segmenter: Segmenter | None = None,
    ready: Callable[[Receiver], None] = lambda receiver: None,
) -> None:
    """Run a node until `stop` is set.

    Args:
        rules: which study goes where.
        segmenter: None: the pipeline, each case in a process of its own.
        ready: told where it listens.

    Raises:
        InputError: an address is taken, no data base, and the like.
    """
    spool = Spool(settings.place / "spool")
    site = site_of(settings, rules, spool, segmenter)
    with ExitStack() as stack:
        listener = Listener(settings.work.silent_s)
        with reached(settings.url):
            work = start(site, settings.url)
            stack.enter_context(beating(site.base, site.node, settings.work, listener, work.take_over, site.lost))
        stack.callback(work.stop)  # Before the others hear that this node leaves, and take over.
        asked = [site.peers[name] for name in settings.completion.ask]
        watch = Watch(spool, site.base, site.node, asked, settings.completion, partial(_note, site))
        stack.callback(watch.close)
        committing = any(peer.committing for peer in site.peers.values())
        take = partial(take_report, site.base, site.node) if committing else None
        receiver = stack.enter_context(receiving(settings.receive, spool, lambda arrival: None, take))
        keeper = Keeper(site.base, site.node, settings.place, spool, settings.keep)
        stack.enter_context(keeping(keeper, settings.keep.look_every_s))
        health = partial(
            check_health,
            site.base,
            site.node,
            settings.place,
            receiver.disk,
            listener,
            watch.unseen,
            lambda: keeper.trouble,
        )
        app = watch_app(health, partial(metrics_text, site.base, settings.place))
        stack.enter_context(serving(app, settings.watch.host, settings.watch.port, "watch"))
        stack.enter_context(watching(site.base, site.node, settings.watch, health))
        ready(receiver)
        while not stop.wait(LOOK_S):
            _look(watch, work)


def _look(watch: Watch, work: Work) -> None:
    """What fails now, for want of room or of a data base, is done at the next look; meanwhile senders are answered."""
    try:
        watch.look()
        work.begin()
        work.mend()
    except Exception as error:
        _log.error("the spool cannot be looked at, or no work begun: %s", type(error).__name__)


def _note(site: Site, file: Path, image: StoredImage) -> None:
    """What is no image of a patient may be a reader's note."""
    if image.sop_class == KEY_OBJECT:
        take_note(site.base, site.node, file)
