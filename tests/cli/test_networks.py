"""`oncontour networks`: the table, that of the documentation too, and JSON."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.networks.facts import facts
from oncontour.networks.standard import STANDARD

PAGE = Path(__file__).parents[2] / "docs/networks.md"


@pytest.fixture(scope="module", autouse=True)
def _counted_once():
    """Counting takes a quarter of a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("oncontour.networks.facts.facts", cache(facts))
        yield


@pytest.fixture(scope="module")
def table() -> list[str]:
    done = CliRunner().invoke(app, ["networks"])
    assert done.exit_code == 0, done.output
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def test_the_documentation_holds_the_table_that_is_printed(table):
    printed = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    assert [[cell.strip() for cell in line.split("|")] for line in table if "---" not in line] == [
        [cell.strip() for cell in line.split("|")] for line in printed[: len(table)] if "---" not in line
    ]


def test_the_documentation_says_something_of_every_network():
    text = PAGE.read_text("utf-8")
    assert all(f"**`{standard.network}`**" in text for standard in STANDARD.values())


def test_every_network_has_a_row(table):
    names = [line.split("|")[1].strip() for line in table[2:]]
    assert names == list(STANDARD)


def test_json_holds_the_same(table):
    done = CliRunner().invoke(app, ["networks", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [network["name"] for network in found] == list(STANDARD)
    assert [f"{network['parameters']:,}" for network in found] == [line.split("|")[3].strip() for line in table[2:]]
    assert set(found[0]) == {
        "name", "paper", "parameters", "trainable", "receptive_field", "patch", "predicted", "inputs", "outputs",
        "gflops", "stride", "margin",
    }  # fmt: skip
