"""What tests of several rooms need."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The real scans, read only."""
    if not SHARED.is_dir():
        pytest.skip("the real scans of ../shared/data are not here")
    return SHARED
