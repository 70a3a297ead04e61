"""A PostgreSQL server of a test's own, on 127.0.0.1, from Debian's package (`scripts/test-tools.sh`)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

USER = "oncontour"


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return places[-1] if places else None


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """URL of an empty data base of the test's own, as SQLAlchemy has it."""
    from psycopg import connect

    name = f"test_{uuid4().hex}"
    with connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # pyright: ignore[reportArgumentType]
    return f"{postgres_server.replace('postgresql', 'postgresql+psycopg')}/{name}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server, without a data base."""
    pytest.importorskip("psycopg")
    bin_ = programs()
    if bin_ is None:
        pytest.skip("PostgreSQL is not here: nothing is tried on it")
    folder, as_user = Path(tempfile.mkdtemp(prefix="oncontour-postgres-")), {}  # Where another user may go, too.
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    if os.geteuid() == 0:  # PostgreSQL refuses root.
        as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(data, "nobody", "nogroup")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run = {"check": True, "cwd": data, "stdout": subprocess.DEVNULL, **as_user}
    subprocess.run([bin_ / "initdb", "-D", data, "-U", USER, "--auth=trust", "--no-sync"], **run)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = [bin_ / "pg_ctl", "-D", data, "-w", "-l", data / "log"]
    subprocess.run([*control, "-o", options, "start"], **run)
    try:
        yield f"postgresql://{USER}@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)
        shutil.rmtree(folder, ignore_errors=True)
