"""How the node listens."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, IPvAnyNetwork, SecretStr, model_validator

from oncontour.plans.fields import Count, Frozen, Positive
from oncontour.web.tls import ServerTls


def _ae_title(text: str) -> str:
    stripped = text.strip(" ")
    if not 1 <= len(stripped) <= 16 or not stripped.isascii() or not stripped.isprintable() or "\\" in stripped:
        raise ValueError("an AE title has 1 to 16 ASCII characters, without backslash (PS3.5 6.2)")
    return stripped


AETitle = Annotated[str, AfterValidator(_ae_title)]
Port = Annotated[int, Field(ge=0, le=65535)]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Caller(Frozen):
    """Who may send.

    Args:
        ae_title: its calling AE title.
        address: an address or network that it must call from; None: from anywhere.
    """

    ae_title: AETitle
    address: IPvAnyNetwork | None = None


class ScpSettings(Frozen):
    """The DICOM ear.

    Args:
        port: 0: any free one.
        callers: who may send; empty: anyone, which only this machine's own address or mutual TLS allows.
        maximum_pdu: bytes of a P-DATA PDU that peers are told; longer ones end the association.
        network_timeout_s: an association that is silent for so long ends, one whose PDU takes longer, too.
        request_timeout_s: TLS handshake and association request, each, must be here by then.
        biggest_object_mb: data sets above it are refused.
    """

    ae_title: AETitle = "ONCONTOUR"
    host: str = "127.0.0.1"
    port: Port = 11112
    callers: tuple[Caller, ...] = ()
    tls: ServerTls | None = None
    maximum_pdu: Annotated[int, Field(ge=4096, le=16_777_216)] = 262_144
    maximum_associations: Count = 16
    network_timeout_s: Positive = 60.0
    request_timeout_s: Positive = 10.0
    biggest_object_mb: Positive = 2048.0

    @model_validator(mode="after")
    def _not_open_to_all(self) -> Self:
        mutual = self.tls is not None and self.tls.authorities is not None
        if not (self.callers or mutual or is_loopback(self.host)):
            raise ValueError(f"host {self.host} can be reached from outside: list the callers, or demand certificates")
        return self


class WebSettings(Frozen):
    """The STOW-RS ear.

    Args:
        token: what clients must present as `Authorization: Bearer`; only this machine's own address may do without.
        biggest_object_mb, biggest_request_mb: above them, an instance is refused, a request cut off.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    token: SecretStr | None = None
    tls: ServerTls | None = None
    biggest_object_mb: Positive = 2048.0
    biggest_request_mb: Positive = 16_384.0

    @model_validator(mode="after")
    def _not_open_to_all(self) -> Self:
        if self.token is None and not is_loopback(self.host):
            raise ValueError(f"host {self.host} can be reached from outside: set a token")
        return self


class FolderSettings(Frozen):
    """A folder that others drop files into.

    Args:
        still_s: a file is taken when it has not changed for so long.
        look_every_s: between two looks.
    """

    folder: Path
    still_s: Positive = 10.0
    look_every_s: Positive = 2.0
    biggest_object_mb: Positive = 2048.0


class ReceiveSettings(Frozen):
    """All ears.

    Args:
        keep_free_mb: where the spool's disk has less left, nothing more is taken.
    """

    scp: ScpSettings = ScpSettings()
    web: WebSettings | None = None
    folder: FolderSettings | None = None
    keep_free_mb: Positive = 5000.0
