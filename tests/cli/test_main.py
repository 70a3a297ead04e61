"""The command line as a whole: quick, and every command in its table."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

import oncontour
from oncontour.cli.main import COMMANDS, app

HEAVY = ("torch", "SimpleITK", "scipy", "matplotlib", "pydicom", "highdicom", "nibabel", "rich")


def loaded(program: str) -> set[str]:
    """Of the heavy packages, which make a start slow, those that a program has loaded at its end.

    Seconds are measured by benchmarks/start_times.py.
    """
    told = f"import atexit, sys; atexit.register(lambda: print(*[m for m in {HEAVY} if m in sys.modules])); {program}"
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy_but_what_draws_it():
    assert loaded("sys.argv = ['oncontour', '--help']; from oncontour.cli.main import app; app()") <= {"rich"}


def test_import_loads_nothing_heavy():
    assert loaded("import oncontour, oncontour.core.sequence") == set()


def test_the_command_line_loads_nothing_heavy():
    assert loaded("import oncontour.cli.main") <= {"rich"}


def test_exported_names_are_there():
    for name in oncontour.__all__:
        assert getattr(oncontour, name) is not None
    assert not hasattr(oncontour, "nothing")


def test_version():
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout.strip()) == (0, f"oncontour {oncontour.__version__}")


@pytest.mark.parametrize("module", COMMANDS)
def test_every_command_has_help(module):
    name = module.rsplit(".", 1)[-1]
    done = CliRunner().invoke(app, [name, "--help"])
    assert done.exit_code == 0
    assert name in CliRunner().invoke(app, ["--help"]).stdout


def test_an_unknown_command_is_unusable():
    assert CliRunner().invoke(app, ["sgement"]).exit_code == 2
