"""`oncontour review` and `oncontour account` on the command line: who may come in, and from where."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.data.database import open_database
from oncontour.web.accounts import METADATA, account_names

from ..certificates import certificate

PASSWORD = "correct horse battery"


def run(*arguments, given=None):
    return CliRunner().invoke(app, list(map(str, arguments)), input=given, env={"COLUMNS": "300"})


def test_accounts_are_made_and_removed(tmp_path):
    file = tmp_path / "accounts.sqlite"
    done = run("account", "Jane", "--accounts", file, given=f"{PASSWORD}\n{PASSWORD}\n")
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    assert account_names(open_database(f"sqlite:///{file}", METADATA)) == ("Jane",)
    assert run("account", "Jane", "--accounts", file, "--remove").exit_code == 0
    assert account_names(open_database(f"sqlite:///{file}", METADATA)) == ()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--host", "10.0.0.1"), "no certificate and key"),
        (("--host", "0.0.0.0"), "--name"),
        (("--certificate", "cert.pem"), "no certificate and key"),
    ],
)
def test_it_does_not_listen_elsewhere_in_the_clear(tmp_path, more, words):
    done = run("review", tmp_path, *more)
    assert done.exit_code == 2
    assert words in done.output


@pytest.mark.parametrize("there", [False, True])
def test_nor_without_accounts(tmp_path, there):
    cert, key = certificate(tmp_path, "own")
    file = tmp_path / "accounts.sqlite"
    if there:
        open_database(f"sqlite:///{file}", METADATA)
    given = ("--host", "10.0.0.1", "--certificate", cert, "--key", key, "--accounts", file)
    done = run("review", tmp_path, *given)
    assert done.exit_code == 2
    assert ("no accounts" if there else "no such file") in done.output
    assert "oncontour account NAME" in done.output


@pytest.mark.parametrize(
    "given", [(), ("results", "--node", "node.yaml"), ("--node", "node.yaml", "--studies", "study")]
)
def test_it_shows_results_or_a_node(given):
    done = run("review", *given)
    assert done.exit_code == 2
    assert "RESULTS, or --node NODE.yaml alone" in done.output
