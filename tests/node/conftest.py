"""Nodes that end with the test."""

import os
import signal

import pytest


@pytest.fixture
def nodes():
    started = []
    yield started
    for node in started:
        if node.process.poll() is None:
            os.kill(node.process.pid, signal.SIGCONT)
            node.kill()
