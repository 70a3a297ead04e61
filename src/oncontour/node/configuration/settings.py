"""node.yaml as data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from oncontour.node.completion.settings import CompletionSettings
from oncontour.node.delivery.settings import DeliverySettings
from oncontour.node.keep.settings import KeepSettings
from oncontour.node.peers.settings import DimsePeer, PeerSettings
from oncontour.node.receive.settings import ReceiveSettings
from oncontour.node.watch.settings import WatchSettings
from oncontour.node.work.settings import WorkSettings
from oncontour.plans.fields import Frozen

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]


class NodeSettings(Frozen):
    """A node.

    Args:
        name: of this node, unlike that of any other that shares its data base.
        place: folder of its spool, cases and results; several nodes of one data base share it.
        database: as SQLAlchemy has it; None: an SQLite file in `place`.
        receive: how studies come in.
        completion: when a study counts as complete.
        rules: a YAML file; None: the rules that come with the program.
        peers: PACS and archives, by name.
        delivery: where results go.
        work: how it is shared out.
        keep: what is removed when.
        watch: what is watched, and who is told.
    """

    name: Name
    place: Path
    database: str | None = None
    receive: ReceiveSettings = ReceiveSettings()
    completion: CompletionSettings = CompletionSettings()
    rules: Path | None = None
    peers: Mapping[Name, PeerSettings] = Field(default_factory=dict)
    delivery: DeliverySettings = DeliverySettings()
    work: WorkSettings = WorkSettings()
    keep: KeepSettings = KeepSettings()
    watch: WatchSettings = WatchSettings()

    @model_validator(mode="after")
    def _peers_are_there(self) -> Self:
        for what, names in (("completion.ask", self.completion.ask), ("delivery.to", self.delivery.to)):
            for name in names:
                if name not in self.peers:
                    raise ValueError(f"{what}: no peer {name!r} among {', '.join(self.peers) or 'none'}")
        return self

    @model_validator(mode="after")
    def _reports_may_come(self) -> Self:
        callers = {caller.ae_title for caller in self.receive.scp.callers}
        for name, peer in self.peers.items():
            if callers and isinstance(peer, DimsePeer) and peer.commitment and peer.title not in callers:
                raise ValueError(
                    f"peers.{name}.commitment: its reports come from {peer.title}, who is not in receive.scp.callers"
                )
        return self

    @model_validator(mode="after")
    def _room_is_made_in_time(self) -> Self:
        if self.keep.free_mb is not None and self.keep.free_mb <= self.receive.keep_free_mb:
            raise ValueError("keep.free_mb: more than receive.keep_free_mb, below which nothing is taken any more")
        return self

    @model_validator(mode="after")
    def _archive_is_elsewhere(self) -> Self:
        archive = self.keep.archive
        for own in (self.place / name for name in ("spool", "cases", "results")):
            if archive is not None and archive.resolve().is_relative_to(own.resolve()):
                raise ValueError(f"keep.archive: a folder outside the node's own {own.name}")
        return self

    @property
    def url(self) -> str:
        """Of the data base."""
        return self.database or f"sqlite:///{self.place / 'node.db'}"
