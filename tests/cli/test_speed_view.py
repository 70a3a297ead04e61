"""What `oncontour doctor --speed` prints."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.cli.speed_view import advice, print_speed
from oncontour.core.checks import Step
from oncontour.pipeline.speed import Machine, Speed

MACHINE = Machine("a processor", 16, 16, "AVX2", 64.0, 0.5, 1.5, 20.0)
SPEED = Speed(
    MACHINE, 20.0, 10.0, 2.0, 3.0, (Step("quick", 0.01, ""), Step("long", 7.0, "why"), Step("short", 2.0, ""))
)


def test_the_longest_step_stands_first():
    screen = Console(record=True, width=120)
    print_speed(SPEED, screen)
    text = screen.export_text()
    assert text.index("long") < text.index("short") < text.index("1 other step")
    assert "10.0 s a case, 20.0 s for the first" in text
    assert "quick" not in text


def test_advice_follows_from_what_was_measured():
    assert "--workers 8" in advice(SPEED)[0]
    assert "bf16 is 3.0 times as fast" in advice(SPEED)[1]
    assert "one at a time" in advice(replace(SPEED, busy=16.0))[0]
    slow = replace(SPEED, machine=replace(MACHINE, bf16_tflops=0.5, used=4))
    assert "bf16 is no faster" in advice(slow)[1]
    assert "12 of the cores unused" in advice(slow)[2]


@pytest.mark.parametrize("arguments", [[], ["somewhere", "--speed"]])
def test_either_a_data_set_or_speed(arguments):
    done = CliRunner().invoke(app, ["doctor", *arguments])
    assert done.exit_code == 2
    assert "either a data set or --speed" in done.output


def test_json_is_all_that_is_printed(monkeypatch):
    monkeypatch.setattr("oncontour.pipeline.speed.measure_speed", lambda options, progress: SPEED)
    done = CliRunner().invoke(app, ["doctor", "--speed", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["workers"] == 8
