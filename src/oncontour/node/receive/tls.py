"""TLS of a server (PS3.15 B.9: TLS 1.2 or later)."""

from __future__ import annotations

import ssl

from oncontour.core.errors import InputError
from oncontour.node.receive.settings import Tls


def server_context(tls: Tls) -> ssl.SSLContext:
    """Certificate and key of ours, and whose certificates we demand of peers.

    Raises:
        InputError: a file is missing or is none of these.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        if tls.authorities is not None:
            context.load_verify_locations(tls.authorities)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:  # ssl.SSLError is one.
        remedy = "Give the certificate, its key without a password, and the authorities, each in PEM."
        raise InputError(tls.certificate, f"{error.strerror or error}", "usable TLS files", remedy) from error
    return context
