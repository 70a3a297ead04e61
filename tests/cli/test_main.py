"""The command line as a whole: quick, and every command in its table."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import oncontour
from oncontour.cli.main import COMMANDS, app

QUICK_SECONDS = 0.5
IMPORT_SECONDS = 0.3
HEAVY = ("torch", "SimpleITK", "scipy", "matplotlib", "pydicom", "highdicom", "nibabel", "rich")


def takes_less(program: str, seconds: float, compiled: Path) -> bool:
    """Whether one of ten runs takes less processor time: that other work keeps the machine busy is no fault.

    Args:
        compiled: an empty folder; modules are compiled once, as where they are installed.
    """
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(compiled)

    def run() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return any(run() < seconds for _ in range(10))


def test_help_is_quick(tmp_path):
    program = "import sys; sys.argv = ['oncontour', '--help']; from oncontour.cli.main import app; app()"
    assert takes_less(program, QUICK_SECONDS, tmp_path)


def test_import_is_quick_and_loads_nothing_heavy(tmp_path):
    assert takes_less("import oncontour", IMPORT_SECONDS, tmp_path)
    program = f"import sys, oncontour, oncontour.core.sequence; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_command_line_loads_nothing_heavy():
    program = f"import sys, oncontour.cli.main; print([m for m in {HEAVY[:-1]} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


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
