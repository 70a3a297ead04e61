"""`oncontour node`: what a person does at the desk, on a ledger and a spool without a running node."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
import yaml
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import State
from oncontour.node.ledger.cases import claim, make_case, move


@pytest.fixture
def run(tmp_path):
    """Runs a command of `oncontour node` on a node with one delivered case."""
    config = tmp_path / "node.yaml"
    config.write_text(yaml.safe_dump({"name": "n", "place": "place"}))
    base = open_base(f"sqlite:///{tmp_path}/place/node.db")
    make_case(base, "n", "ab12", 1, ["a.dcm"], sender="MR1", complete_by="quiet", first_at=0.0, last_at=0.0)
    move(base, "n", claim(base, "n", "ab12-1"), State.DELIVERED)

    def invoke(command, *arguments):
        given = ["node", command, *arguments, "--config", str(config)]
        return CliRunner().invoke(app, given, env={"COLUMNS": "200"})

    return invoke


def test_marks_are_listed_and_given_as_csv(run):
    assert "No marks." in run("marks").output
    assert run("mark", "ab12", "poor", "--reason", "[too] small, left").exit_code == 0
    assert run("mark", "ab12", "useful").exit_code == 0
    assert "[too] small, left" in run("marks", "ab12").output
    head, first, second = csv.reader(StringIO(run("marks", "--csv").output))
    assert head == ["case", "at (UTC)", "verdict", "source", "reason"]
    assert (first[0], first[2:]) == ("ab12-1", ["poor", "command line", "[too] small, left"])
    assert second[2] == "useful"
    assert run("marks", "ffff").exit_code == 2


def test_a_case_without_its_images_is_not_done_again_and_not_explained(run):
    for command in ("retry", "explain"):
        done = run(command, "ab12")
        assert done.exit_code == 2
        assert "1 of 1 images were removed" in done.stderr


def test_a_purge_leaves_the_case_in_the_ledger(run):
    assert run("purge", "ab12", "--yes").exit_code == 0
    assert "purged" in run("status").output
    assert '"images removed"' not in run("audit", "ab12").output  # There were none.
