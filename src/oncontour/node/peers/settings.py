"""How a peer is reached, as the node's configuration says it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from oncontour.node.receive.settings import AETitle
from oncontour.plans.fields import Frozen, Positive
from oncontour.web.tls import Tls

Port = Annotated[int, Field(ge=1, le=65535)]


class DimsePeer(Frozen):
    """A peer that speaks DICOM's own protocol.

    Args:
        title: its application entity title.
        tls: to encrypt; with a certificate of ours where the peer wants one.
        commitment: ask it to promise that it keeps what it was sent (Storage Commitment, PS3.4 annex J); its report
            comes to the port of any node, so it must know the node as a peer, and be among its callers.
        timeout_s: without an answer.
    """

    protocol: Literal["dimse"]
    title: AETitle
    host: str
    port: Port
    tls: Tls | None = None
    commitment: bool = False
    timeout_s: Positive = 30.0


class WebPeer(Frozen):
    """A peer that speaks DICOMweb.

    Args:
        url: where its services begin: /studies follows it.
        tls: for https, where the system's authorities are not those to trust, or the peer wants a certificate.
        token_file: a bearer token; never in the configuration itself.
    """

    protocol: Literal["dicomweb"]
    url: Annotated[str, Field(pattern=r"^https?://")]
    tls: Tls | None = None
    token_file: Path | None = None
    timeout_s: Positive = 30.0

    @model_validator(mode="after")
    def _tls_is_used(self) -> Self:
        if self.tls is not None and not self.url.startswith("https:"):
            raise ValueError("tls is given, but the url is not https")
        return self


PeerSettings = Annotated[DimsePeer | WebPeer, Field(discriminator="protocol")]
