"""A web application on an address of its own, in the background."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oncontour.core.errors import InputError

if TYPE_CHECKING:
    from starlette.applications import Starlette

MOST_CONNECTIONS = 64


@contextmanager
def serving(app: Starlette, host: str, port: int, name: str, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve until the end of the block; gives the port.

    Args:
        port: 0: any free one.
        name: of the thread.

    Raises:
        InputError: the address is taken.
    """
    import uvicorn

    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, limit_concurrency=MOST_CONNECTIONS, lifespan="off"
    )
    config.load()
    config.ssl = tls
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        remedy = "Choose another host or port, or end what listens there."
        raise InputError(f"{host}:{port}", f"{error.strerror}", "an address to listen at", remedy) from error
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name=name, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
