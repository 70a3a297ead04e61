"""How a peer is reached, as the node's configuration says it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from oncontour.node.receive.settings import AETitle
from oncontour.plans.fields import Frozen, Positive

Port = Annotated[int, Field(ge=1, le=65535)]


class TlsSettings(Frozen):
    """Encryption, mutual: both sides show a certificate of an authority that the other trusts.

    Args:
        certificate, key: PEM files of ours.
        authority: PEM file of those whose certificates are trusted.
    """

    certificate: Path
    key: Path
    authority: Path


class DimsePeer(Frozen):
    """A peer that speaks DICOM's own protocol.

    Args:
        title: its application entity title.
        commitment: ask it to promise that it keeps what it was sent (Storage Commitment, PS3.4 annex J); its report
            comes to the node's own port, so it must know the node as a peer.
        timeout_s: without an answer.
    """

    protocol: Literal["dimse"]
    title: AETitle
    host: str
    port: Port
    tls: TlsSettings | None = None
    commitment: bool = False
    timeout_s: Positive = 30.0


class WebPeer(Frozen):
    """A peer that speaks DICOMweb.

    Args:
        url: where its services begin: /studies follows it.
        token_file: a bearer token; never in the configuration itself.
    """

    protocol: Literal["dicomweb"]
    url: Annotated[str, Field(pattern=r"^https?://")]
    token_file: Path | None = None
    timeout_s: Positive = 30.0


PeerSettings = Annotated[DimsePeer | WebPeer, Field(discriminator="protocol")]
