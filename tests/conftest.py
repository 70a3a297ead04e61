"""What tests of several rooms need; and tests that run other programs beside ours (`@pytest.mark.peers`).

Those are skipped, and it is said so, where the other programs are missing.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from .chromium import chromium as chromium
from .orthanc import orthanc as orthanc
from .postgres import postgres as postgres
from .postgres import postgres_server as postgres_server

settings.register_profile("oncontour", deadline=None)  # How long an example takes says how busy the machine is.
settings.load_profile("oncontour")

SHARED = Path(__file__).parents[2] / "shared" / "data"
PEERS = ("nnunetv2", "batchgeneratorsv2", "sklearn", "medpy", "pingouin", "statsmodels")


def pytest_addoption(parser):
    parser.addoption("--peers", action="store_true", help="fail where a peer is missing, rather than skip")


def pytest_collection_modifyitems(config, items):
    missing = [name for name in PEERS if find_spec(name) is None]
    if not missing or config.getoption("--peers"):
        return
    skip = pytest.mark.skip(reason=f"{', '.join(missing)} not installed: nothing is compared (make test-peers does)")
    for item in items:
        if item.get_closest_marker("peers"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The real scans, read only."""
    if not SHARED.is_dir():
        pytest.skip("the real scans of ../shared/data are not here")
    return SHARED
