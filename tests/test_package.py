"""The package and the repository as a whole: quick to import, complete, free of traces of one machine."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import oncontour

ROOT = Path(__file__).parents[1]

IMPORT_SECONDS = 0.3
"""The promise of the design; the best of several runs is compared, so that a loaded machine does not break it."""

IMPORT_RUNS = 5

HEAVY = (
    "SimpleITK",
    "highdicom",
    "jinja2",
    "matplotlib",
    "nibabel",
    "nilearn",
    "pydicom",
    "reportlab",
    "scipy",
    "torch",
)
"""What loads only when it works: each takes longer to import than the package may."""

BUNDLE_BYTES = 60e6
"""What the shipped models may weigh together."""

HOSTS = ("pypi" + ".org", "python" + "hosted", "download." + "pytorch", "conda." + "anaconda", "npm" + "js")
"""Registries. Which one a machine installs from is its own business. Written so that this file does not match."""

LOCAL_PATH = re.compile(r"(?<![\w.~/-])/(?:work|root|home/\w|Users/\w|opt(?!/oncontour))/")
"""An absolute path of somebody's machine; /opt/oncontour is where deploy/ installs to."""

_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")
"""The target of a Markdown link or picture that is a file of ours."""


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def _tracked() -> list[str]:
    """Every file under version control, by its path."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout: no telling which files belong to the project")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _texts() -> dict[str, str]:
    """The text of every text file under version control, by its path."""
    contents = {name: (ROOT / name).read_bytes() for name in _tracked()}
    return {name: content.decode("utf-8") for name, content in contents.items() if b"\0" not in content}


def _locked(name: str) -> list[str]:
    """The lines of a lock, comments left out."""
    return [line for line in (ROOT / name).read_text("utf-8").splitlines() if line[:1] not in ("", "#")]


def _pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_import_is_quick():
    timed = "import time; began = time.perf_counter(); import oncontour; print(time.perf_counter() - began)"
    assert min(float(_run(timed)) for _ in range(IMPORT_RUNS)) < IMPORT_SECONDS


@pytest.mark.parametrize("module", ["oncontour", "oncontour.cli.main"])
def test_import_loads_nothing_heavy(module):
    loaded = set(_run(f"import sys, {module}; print(*sys.modules)").split())
    assert loaded & set(HEAVY) == set()


def test_every_exported_name_is_there():
    assert [name for name in oncontour.__all__ if not hasattr(oncontour, name)] == []


def test_command_line_prints_the_version():
    printed = _run("from oncontour.cli.main import app; app(['--version'])")
    assert printed.strip() == f"oncontour {oncontour.__version__}"
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", oncontour.__version__)


def test_wheel_holds_every_file_of_the_package(tmp_path):
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, check=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        packed = set(wheel.namelist())
    assert {name.removeprefix("src/") for name in _tracked() if name.startswith("src/")} - packed == set()
    assert sum(item.file_size for item in wheel.infolist() if "/bundles/" in item.filename) < BUNDLE_BYTES


def test_lock_pins_every_requirement_and_torch_without_a_build_label():
    lines = _locked("requirements.lock")
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*", line)] == []
    assert "torch==2.13.0" in lines


def test_the_peers_lock_stands_on_the_other_and_adds_what_it_lacks():
    first, *lines = _locked("requirements-peers.lock")
    assert first == "--requirement requirements.lock"
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*", line)] == []
    assert {line.split("==")[0] for line in lines} & {
        line.split("==")[0] for line in _locked("requirements.lock")
    } == set()


def test_docs_name_the_locked_version_of_every_direct_dependency():
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    named = {
        f"{name.lower()}=={version}"
        for names, versions in re.findall(r"^\| ([\w, -]+) \| (\d[\w., ]*) \|", page, re.MULTILINE)
        for name, version in zip(names.split(", "), versions.split(", "), strict=True)
    }
    assert named - {*_locked("requirements.lock"), *_locked("requirements-peers.lock")} == set()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    direct = {re.split(r"[<>=\[]", text)[0].lower() for group in groups for text in group}
    assert direct - {text.split("==")[0] for text in named} == set()


def test_every_picture_and_page_that_the_docs_name_exists():
    named = [(page, target) for page in _pages() for target in _LINK.findall(page.read_text("utf-8"))]
    assert len(named) > 10
    assert [f"{page.name}: {target}" for page, target in named if not (page.parent / target).exists()] == []


def test_no_file_names_a_registry():
    assert [f"{name}: {host}" for name, text in _texts().items() for host in HOSTS if host in text] == []


def test_no_file_names_a_path_of_somebodys_machine():
    assert [f"{name}: {hit}" for name, text in _texts().items() for hit in LOCAL_PATH.findall(text)] == []
