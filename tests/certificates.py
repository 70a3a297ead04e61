"""Certificates of a test's own, by openssl, and a server that asks for them."""

from __future__ import annotations

import select
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


def certificate(folder: Path, name: str, issuer: str | None = None) -> tuple[Path, Path]:
    """A certificate for this machine, and its key; self-signed, or by an issuer in the same folder."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is missing: TLS is not tested")
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    by = ["-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key"] if issuer else []
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", cert, *by], check=True, capture_output=True)
    return cert, key


@contextmanager
def encrypted(port: int, certificate: Path, key: Path, authority: Path) -> Iterator[int]:
    """In front of a port, another one that speaks TLS and demands certificates, as an archive's reverse proxy does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED

    def serve(plain: socket.socket) -> None:
        with (
            suppress(OSError),
            plain,
            context.wrap_socket(plain, server_side=True) as caller,
            socket.create_connection(("127.0.0.1", port)) as there,
        ):
            other = {caller: there, there: caller}
            while ready := [caller] if caller.pending() else select.select([caller, there], [], [], 60)[0]:
                for one in ready:
                    if not (data := one.recv(65536)):
                        return
                    other[one].sendall(data)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
