"""TLS as the program speaks it, whether it listens or calls (PS3.15 annex B.9: 1.2 or later)."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from oncontour.core.errors import InputError
from oncontour.plans.fields import Frozen

_LAST_WORD_S = 1.0
"""How long a server has to say that our certificate does not please it: in TLS 1.3 it does so after the handshake."""


class Tls(Frozen):
    """Files in PEM.

    Args:
        certificate, key: ours, the key without a password; both, or none for who calls without.
        authorities: whose certificates we trust. None: who listens asks its callers for none, who calls trusts those
            that the system trusts.
    """

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate and its key belong together: give both, or none")
        return self


def _with_certificate(tls: Tls) -> Tls:
    if tls.certificate is None:
        raise ValueError("who listens needs a certificate and its key")
    return tls


ServerTls = Annotated[Tls, AfterValidator(_with_certificate)]
"""Of who listens. A caller's certificate is demanded where `authorities` says whose to trust (mutual TLS)."""


def server_context(tls: Tls) -> ssl.SSLContext:
    """For who listens.

    Raises:
        InputError: a file is missing, or is not what it should be.
    """
    context = _loaded(ssl.Purpose.CLIENT_AUTH, tls)
    if tls.authorities is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def caller_context(tls: Tls) -> ssl.SSLContext:
    """For who calls; the certificate of who listens must be for its host's name or address.

    Raises:
        InputError: a file is missing, or is not what it should be.
    """
    return _loaded(ssl.Purpose.SERVER_AUTH, tls)


def handshake_trouble(context: ssl.SSLContext, host: str, port: int, timeout_s: float) -> str | None:
    """Why who listens there and we do not agree on TLS, found by trying; None: it is not for TLS.

    Args:
        context: of who calls.
    """
    try:
        plain = socket.create_connection((host, port), timeout_s)
    except OSError:
        return None
    try:
        with plain, context.wrap_socket(plain, server_hostname=host) as encrypted:
            encrypted.settimeout(_LAST_WORD_S)
            encrypted.recv(1)
    except TimeoutError:  # It waits for what is said by TLS.
        return None
    except ssl.SSLCertVerificationError as error:
        return f"a certificate that we do not trust ({error.verify_message})"
    except OSError as error:
        why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        return f"a TLS handshake that failed ({why or type(error).__name__})"
    return None


def _loaded(purpose: ssl.Purpose, tls: Tls) -> ssl.SSLContext:
    file = tls.authorities
    try:
        context = ssl.create_default_context(purpose, cafile=file)
        file = tls.certificate
        if file is not None:
            context.load_cert_chain(file, tls.key)
    except OSError as error:  # ssl.SSLError is one.
        remedy = "Give the certificate, its key without a password, and the authorities, each in PEM."
        raise InputError(file or "tls", f"{error.strerror or error}", "usable TLS files", remedy) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
