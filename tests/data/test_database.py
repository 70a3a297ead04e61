"""Data bases: what cannot be opened is told, one that restarts is waited for, and all have one clock."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select
from sqlalchemy.exc import OperationalError

from oncontour.core.errors import InputError
from oncontour.data.database import now, open_database, patient, shown

TABLES = MetaData()
NUMBERS = Table("numbers", TABLES, Column("number", Integer, primary_key=True))


@pytest.mark.parametrize("url", ["", "nothing", "sqlite:////proc/none/node.db", "mysterysql://host/name"])
def test_no_data_base(url):
    with pytest.raises(InputError, match="database: found"):
        open_database(url, TABLES)


def test_a_password_is_never_shown():
    with pytest.raises(InputError) as caught:
        open_database("postgresql+psycopg://me:secret@127.0.0.1:1/none", TABLES)
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    assert shown("nothing") == "no URL"


def test_a_data_base_that_comes_back_is_waited_for():
    tried = []

    def later():
        tried.append(1)
        if len(tried) < 3:
            raise OperationalError("SELECT", {}, ConnectionError("the server is starting"))
        return len(tried)

    assert patient(later, patience_s=60.0, pause_s=0.01)() == 3


def test_one_that_stays_away_is_told():
    def never():
        raise OperationalError("SELECT", {}, ConnectionError("no server"))

    with pytest.raises(OperationalError):
        patient(never, patience_s=0.05, pause_s=0.01)()


def test_tables_are_made_once_and_keep_what_they_hold(tmp_path):
    url = f"sqlite:///{tmp_path}/new/numbers.db"
    for number in (1, 2):
        engine = open_database(url, TABLES)
        with engine.begin() as connection:
            connection.execute(NUMBERS.insert(), {"number": number})
            assert abs(now(connection) - time.time()) < 60
            assert list(connection.execute(select(NUMBERS.c.number)).scalars()) == list(range(1, number + 1))
        engine.dispose()
