"""Tests that run other programs beside ours (`@pytest.mark.peers`): skipped, and said so, where those are missing."""

from importlib.util import find_spec

import pytest

PEERS = ("nnunetv2", "batchgeneratorsv2", "sklearn")


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
