"""Data bases of tables of ours, in SQLite or PostgreSQL: opened, their tables made, their clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from oncontour.core.errors import InputError

BUSY_SECONDS = 60
"""That one waits while another writes to SQLite."""

PATIENCE_S = 600.0
"""For a data base that is away: longer than a node may be silent, so that it comes back, or the node has ended."""

TABLES_LOCK = 0x6F6E636F
"""PostgreSQL's name, a number, of the lock of whoever makes the tables ("onco")."""

Given = ParamSpec("Given")
Found = TypeVar("Found")


def patient(
    work: Callable[Given, Found], patience_s: float = PATIENCE_S, pause_s: float = 2.0
) -> Callable[Given, Found]:
    """A function of one transaction that waits for a data base that restarts, rather than lose what it was to write.

    It may have been written when the connection broke: the function must stand being done twice.
    """

    @wraps(work)
    def again(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        end = time.monotonic() + patience_s
        while True:
            try:
                return work(*args, **kwargs)
            except OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(pause_s)

    return again


def open_database(url: str, tables: MetaData) -> Engine:
    """A data base; its tables are made where they are not there.

    Args:
        url: as SQLAlchemy has it: sqlite:///FILE, postgresql+psycopg://USER@HOST/NAME.
        tables: that it must have.

    Raises:
        InputError: no such data base, or it cannot be reached.
    """
    with reached(url):
        engine = create_engine(url, pool_pre_ping=True, **_settings(url))
        if engine.dialect.name == "sqlite":
            _one_writer(engine)
        _make_tables(engine, tables)
    return engine


@contextmanager
def reached(url: str) -> Iterator[None]:
    """Say it plainly where a data base goes away inside the block.

    Raises:
        InputError: no such data base, or it cannot be reached.
    """
    try:
        yield
    except (SQLAlchemyError, ImportError, OSError) as error:
        found = f"{shown(url)} ({type(error).__name__})"
        expected = "a data base that can be reached, such as sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
        raise InputError("database", found, expected, "Correct it, or start the data base.") from error


def _make_tables(engine: Engine, tables: MetaData) -> None:
    """Tables and indexes, by one program after the other: of two that find one missing, PostgreSQL fails the slower."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TABLES_LOCK})
        tables.create_all(connection)
        for table in tables.sorted_tables:  # Tables of an earlier version may lack one.
            for index in table.indexes:
                index.create(connection, checkfirst=True)


def shown(url: str) -> str:
    """A data base's URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "no URL"


def now(connection: Connection) -> float:
    """Seconds since 1970, by the data base's clock."""
    sqlite = connection.dialect.name == "sqlite"
    # julianday works in every SQLite; unixepoch('subsec') asks for 3.42.
    sentence = (
        "SELECT (julianday('now') - 2440587.5) * 86400.0" if sqlite else "SELECT extract(epoch FROM clock_timestamp())"
    )
    return float(connection.execute(text(sentence)).scalar_one())


def _settings(url: str) -> dict[str, Any]:
    parsed = make_url(url)
    try:
        parsed.get_dialect()
    except NoSuchModuleError as error:
        raise ImportError(str(error)) from error
    if parsed.get_backend_name() != "sqlite":
        return {}
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    return {"connect_args": {"timeout": BUSY_SECONDS}}


def _one_writer(engine: Engine) -> None:
    """Transactions that write from their beginning: two readers that both want to write would wait for each other."""

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
