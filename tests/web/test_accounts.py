"""Accounts: whose password it is, how it is kept, how many guesses anybody has."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select

from oncontour.core.errors import InputError
from oncontour.data.database import open_database
from oncontour.web import accounts
from oncontour.web.accounts import (
    ACCOUNTS,
    METADATA,
    MOST_OF_A_NAME,
    MOST_TRIES,
    TRIES,
    TooManyTriesError,
    account_names,
    remove_account,
    set_account,
    sign_in,
)
from oncontour.web.sessions import Person

PASSWORD = "correct horse battery"
HERE = "10.0.0.1"


@pytest.fixture
def engine(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path}/accounts.sqlite", METADATA)
    set_account(engine, "anna", "reader", PASSWORD)
    return engine


@pytest.fixture
def cheap(monkeypatch):
    """Guesses that cost nothing, where many are made."""
    monkeypatch.setattr(accounts, "_matches", lambda password, kept: False)


def test_a_password_opens_its_own_account_alone(engine):
    set_account(engine, "root", "admin", "another long password")
    assert sign_in(engine, "anna", PASSWORD, HERE) == Person("anna", "reader")
    assert sign_in(engine, "root", "another long password", HERE) == Person("root", "admin")
    for name, password in (("root", PASSWORD), ("anna", PASSWORD[:-1]), ("anna", ""), ("Anna", PASSWORD), ("x", "")):
        assert sign_in(engine, name, password, HERE) is None


def test_passwords_are_kept_as_salted_scrypt_alone(engine, tmp_path):
    set_account(engine, "ben", "reader", PASSWORD)
    with engine.connect() as connection:
        kept = list(connection.execute(select(ACCOUNTS.c.password)).scalars())
    assert len(set(kept)) == 2
    assert all(one.startswith("scrypt$32768$8$3$") for one in kept)
    engine.dispose()
    assert all(PASSWORD.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_scrypt_is_that_of_rfc_7914():
    """Its test vector, section 12, of N 1024, r 8, p 16."""
    found = accounts._digest("password", b"NaCl", 1024, 8, 16)
    assert found.hex() == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"


def test_composed_and_decomposed_letters_are_one_password(engine):
    set_account(engine, "zoe", "reader", "Zoë und der Kräuterquark")
    assert sign_in(engine, "zoe", "Zoe\u0308 und der Kra\u0308uterquark", HERE)


def test_the_sixth_wrong_try_is_not_looked_at(engine, monkeypatch):
    for _ in range(MOST_TRIES):
        assert sign_in(engine, "anna", "wrong", HERE) is None
    with pytest.raises(TooManyTriesError) as caught:
        sign_in(engine, "anna", PASSWORD, HERE)
    assert 0 < caught.value.wait_s <= accounts.WINDOW_S
    assert sign_in(engine, "anna", PASSWORD, "10.0.0.2")  # From elsewhere she comes in.
    with engine.begin() as connection:
        connection.execute(TRIES.update().values(at=TRIES.c.at - accounts.WINDOW_S))
    assert sign_in(engine, "anna", PASSWORD, HERE)


def test_a_name_is_not_guessed_at_from_many_addresses_either(engine, cheap):
    for n in range(MOST_OF_A_NAME):
        sign_in(engine, "anna", "wrong", f"10.0.1.{n}")
    with pytest.raises(TooManyTriesError):
        sign_in(engine, "anna", "wrong", "10.0.2.1")


def test_throttling_outlives_a_restart_and_keeps_no_names(engine, tmp_path, cheap):
    for _ in range(MOST_TRIES):
        sign_in(engine, "my password in the wrong field", "", HERE)
    engine.dispose()
    again = open_database(f"sqlite:///{tmp_path}/accounts.sqlite", METADATA)
    with pytest.raises(TooManyTriesError):
        sign_in(again, "my password in the wrong field", "", HERE)
    again.dispose()
    assert all(b"wrong field" not in path.read_bytes() for path in tmp_path.iterdir())


def test_an_unknown_name_costs_as_much_as_a_known_one(engine):
    def least(name: str) -> float:
        times = []
        for _ in range(3):
            began = time.process_time()
            sign_in(engine, name, "a wrong password", HERE)
            times.append(time.process_time() - began)
        return min(times)

    assert least("nobody") > least("anna") / 2


def test_accounts_are_changed_and_removed(engine):
    set_account(engine, "anna", "admin", "quite another password")
    assert sign_in(engine, "anna", PASSWORD, HERE) is None
    assert sign_in(engine, "anna", "quite another password", HERE) == Person("anna", "admin")
    remove_account(engine, "anna")
    assert account_names(engine) == ()
    assert sign_in(engine, "anna", "quite another password", HERE) is None
    with pytest.raises(InputError, match="anna"):
        remove_account(engine, "anna")


@pytest.mark.parametrize(
    ("name", "role", "password"),
    [("a", "reader", "short"), ("", "reader", PASSWORD), ("a\n", "reader", PASSWORD), ("a", "king", PASSWORD)],
)
def test_what_is_no_account_is_refused_without_telling_the_password(engine, name, role, password):
    with pytest.raises(InputError) as caught:
        set_account(engine, name, role, password)
    assert password not in str(caught.value)
